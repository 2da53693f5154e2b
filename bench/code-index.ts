/**
 * The code index on a project of many files: cold, warm from its cache, and after one file changed.
 * Usage: npm run bench:code-index -- [FILES]. The project is made for the run, from sources of this one, under the system's temporary folder.
 */
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodeIndex } from '#shared/code-index/code-index'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'

const wanted = Number(process.argv[2] ?? 10_000)
const folder = mkdtempSync(join(tmpdir(), 'kode-index-bench-'))
const root = join(folder, 'project')
const samples = readdirSync('shared', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join('shared', name)))
for (let count = 0; count < wanted; count++) {
  const place = join(root, `part-${Math.floor(count / 100)}`)
  if (count % 100 === 0) mkdirSync(place, { recursive: true })
  writeFileSync(join(place, `file-${count}.ts`), samples[count % samples.length]!)
}

const languages = new Languages(readAsset)
const open = () => new CodeIndex({ root, files: nodeFiles(), languages, cacheFolder: join(folder, 'cache') })
await timed('cold', () => open().refresh())
const warm = open()
await timed('warm, from its cache', () => warm.refresh())
appendFileSync(join(root, 'part-0/file-0.ts'), '\nexport const changed = 1\n')
await timed('one changed file, told', () => warm.update(['part-0/file-0.ts']))
await timed('files that use a name', () => warm.filesWith('runGates'))
await timed('importers by word, first time', () => warm.importersNaming(['result']))
console.log(`${warm.size} files, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident`)
rmSync(folder, { recursive: true })

async function timed(title: string, work: () => unknown): Promise<void> {
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(cpuStart)
  console.log(
    `${title}: ${(performance.now() - start).toFixed(0)} ms, of the processor ${((user + system) / 1000).toFixed(0)} ms`,
  )
}
