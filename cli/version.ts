import manifest from '../package.json' with { type: 'json' }

/** From package.json, put in by the bundler. */
export const VERSION: string = manifest.version
