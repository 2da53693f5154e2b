import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of the model SDKs that build requests. */
const FILES = /node_modules[\\/](openai|@anthropic-ai[\\/]sdk)[\\/](client|internal[\\/](headers|utils[\\/]log))\.mjs$/

/** For esbuild: these files get `Headers` of ours, and no `FormData`: what kode sends is JSON. */
export function sdkGlobals(root) {
  const headers = JSON.stringify(join(root, 'shared/providers/support/sdk-headers.ts'))
  const globals = `import { Headers } from ${headers}\nclass FormData {}\n`
  return {
    name: 'sdk-globals',
    setup(build) {
      build.onLoad({ filter: FILES }, async ({ path }) => ({ contents: globals + (await readFile(path, 'utf8')) }))
    },
  }
}
