import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const SDKS = 'node_modules[\\\\/](openai|@anthropic-ai[\\\\/]sdk)[\\\\/]'
const CLIENTS = new RegExp(`${SDKS}client\\.mjs$`)
const BUILDERS = new RegExp(`${SDKS}internal[\\\\/](headers|utils[\\\\/]log)\\.mjs$`)
const RESOURCE_IMPORT = /^import (?:\{([^}]*)\}|\* as API) from "\.\/resources\/[^"]+";$/gm

/**
 * For esbuild: what the model SDKs load to build a request. kode posts JSON to paths: the clients come without their resources
 * (of openai, two thirds of its code), without `FormData`, and with `Headers` of ours.
 */
export function sdkParts(root) {
  const headers = JSON.stringify(join(root, 'shared/providers/support/sdk-headers.ts'))
  const globals = `import { Headers } from ${headers}\nclass FormData {}\n`
  return {
    name: 'sdk-parts',
    setup(build) {
      build.onLoad({ filter: BUILDERS }, async ({ path }) => ({ contents: globals + (await readFile(path, 'utf8')) }))
      build.onLoad({ filter: CLIENTS }, async ({ path }) => ({
        contents: globals + withoutResources(await readFile(path, 'utf8')),
      }))
    },
  }
}

/** Resources are classes that the client makes one of each; empty ones do. */
function withoutResources(client) {
  const imported = [...client.matchAll(RESOURCE_IMPORT)].flatMap(([, names = '']) => names.split(','))
  const classes = imported.map(name => name.trim().split(' as ')).filter(([name]) => name !== '')
  if (classes.length === 0) throw new Error('the clients of the model SDKs import their resources in another way now')
  const members = classes.map(([name, alias = name]) => `${name}: ${alias}`)
  const empty = classes.map(([name, alias = name]) => `class ${alias} {}`)
  return `${empty.join('\n')}\nconst API = { ${members.join(', ')} }\n${client.replace(RESOURCE_IMPORT, '')}`
}
