import type * as Http from 'node:http'
import { createRequire } from 'node:module'
import type * as Util from 'node:util'

// As ES modules they are read export by export, and some exports load what nobody asked for: `node:http` the built-in
// fetch (17 ms, nodejs/node lib/http.js `lazyUndici`), `node:util` worker threads (2 ms).
const require = createRequire(import.meta.url)

/** `node:http`, without the built-in fetch. Take functions from it when they are called: editors and test tools replace them. */
export function nodeHttp(): typeof Http {
  return require('node:http')
}

/** `node:util`, without worker threads. */
export function nodeUtil(): typeof Util {
  return require('node:util')
}
