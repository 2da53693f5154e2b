/**
 * How fast the blindfold is: all code of a project masked, looked through for what would leak, and restored. Exit code 1 when something
 * leaks, or comes back different. Usage: `npm run bench:blindfold -- [PROJECT]`
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ProjectBlindfold } from '#shared/agent/project-blindfold'
import { CodeIndex } from '#shared/code-index/code-index'
import type { BlindfoldMode } from '#shared/context/blindfold/blindfold'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'

const root = resolve(process.argv[2] ?? '.')
const files = nodeFiles()
const languages = new Languages(readAsset)
const index = new CodeIndex({ root, files, languages })
await index.refresh()
const texts = [...index.paths]
  .filter(path => /\.(?:[mc]?[jt]sx?|py|go|rs)$/.test(path))
  .map(path => readFileSync(join(root, path), 'utf8'))
const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6

const rows = []
for (const mode of ['identifiers', 'strict'] satisfies BlindfoldMode[]) {
  const project = new ProjectBlindfold(mode, () => [], {
    root,
    files,
    editorFiles: files,
    languages,
    uncommitted: async () => '',
  })
  const [opening, opened] = await timed(() => project.open())
  if (!opened.ok) throw new Error(opened.error)
  const blindfold = opened.value
  const [masking, masked] = await timed(() => texts.map(text => blindfold.maskCode(text)))
  const [auditing, leaks] = await timed(() => masked.flatMap(text => blindfold.leaks(text)))
  const [restoring, restored] = await timed(() => masked.map(text => blindfold.unmask(text)))
  const different = restored.filter((text, at) => text !== texts[at]).length
  if (leaks.length > 0 || different > 0) process.exitCode = 1
  for (const leak of leaks.slice(0, 20)) console.error(`leaks: ${JSON.stringify(leak)}`)
  const speed = (ms: number) => `${((megabytes / ms) * 1000).toFixed(1)} MB/s`
  rows.push({
    mode,
    'reading the names': `${opening.toFixed(0)} ms`,
    masking: speed(masking),
    'looking for leaks': speed(auditing),
    restoring: speed(restoring),
    leaks: leaks.length,
    'restored differently': different,
  })
}
console.log(`${root}: ${texts.length} files, ${megabytes.toFixed(1)} MB`)
console.table(rows)

async function timed<T>(work: () => T | Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now()
  const result = await work()
  return [performance.now() - start, result]
}
