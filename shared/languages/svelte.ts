import { withScriptBlocks } from './support/script-blocks'

/** Svelte components: their script blocks. */
export const svelte = withScriptBlocks('svelte', 'Svelte')
