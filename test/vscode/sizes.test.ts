import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const DIST = join(import.meta.dirname, '../../dist')

test.each([
  ['the package', () => statSync(join(DIST, 'kode.vsix')).size, 5_000_000],
  ["the chat page's script, zipped", () => gzipSync(readFileSync(join(DIST, 'webview/chat.js'))).length, 250_000],
  ['what activate() loads', () => statSync(join(DIST, 'extension/extension.mjs')).size, 200_000],
])('%s stays below its limit', (name, size, limitBytes) => {
  console.log(`${name}: ${(size() / 1000).toFixed(0)} kB of ${limitBytes / 1000} kB`)
  expect(size()).toBeLessThan(limitBytes)
})
