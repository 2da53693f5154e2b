import { withScriptBlocks } from './support/script-blocks'

/** Vue components: their script blocks. */
export const vue = withScriptBlocks('vue', 'Vue')
