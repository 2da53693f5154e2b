import { version } from '../package.json'

/** From package.json, put in by the bundler. */
export const VERSION: string = version
