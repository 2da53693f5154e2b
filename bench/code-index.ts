/**
 * The code index on a project of many files: cold, warm from its cache, and after one file changed; with the memory it takes.
 * Usage: npm run bench:code-index -- [FILES]. The project is made for the run, from sources of this one, under the system's temporary folder.
 * The floor is bare Node doing what no index can do without: looking at every file, and reading all of them when it knows none.
 */
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodeIndex } from '#shared/code-index/code-index'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'
import { quantile, table } from './gates/support'

const wanted = Number(process.argv[2] ?? 10_000)
const runs = wanted > 20_000 ? 1 : 5
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
const open = (cache: string) => new CodeIndex({ root, files: nodeFiles(), languages, cacheFolder: join(folder, cache) })
let last = open('cache-0')
let memory = ''
const cold = await measured(runs, async run => {
  last = open(`cache-${run}`)
  await last.refresh()
  if (run === 0)
    memory = `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB, ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`
})
const warm = await measured(runs, async () => {
  last = open('cache-0')
  await last.refresh()
})
const changed = await measured(4 * runs, async run => {
  appendFileSync(join(root, 'part-0/file-0.ts'), `\nexport const changed${run} = 1\n`)
  await last.update(['part-0/file-0.ts'])
})
const users = await measured(4 * runs, () => last.filesWith('runGates'))
const importers = await measured(1, () => last.importsNaming(['result']))
const looked = await measured(runs, () => walk(lstatSync))
const read = await measured(runs, () => walk(readFileSync))

console.log(`${last.size} files; memory after reading all of them: ${memory}`)
console.log(
  table([
    [`index (median of ${runs})`, 'whole', 'CPU', 'floor, CPU', 'ratio'],
    row('cold', cold, read),
    row('warm, from its cache', warm, looked),
    row('one changed file', changed),
    row('files that use a name', users),
    row('importers by word, first time', importers),
  ]),
)
rmSync(folder, { recursive: true })

interface Cost {
  wallMs: number
  /** What is left of the time on a busy machine. */
  cpuMs: number
}

async function measured(times: number, work: (run: number) => unknown): Promise<Cost> {
  const costs: Cost[] = []
  for (let run = 0; run < times; run++) {
    const [start, cpuStart] = [performance.now(), process.cpuUsage()]
    await work(run)
    const { user, system } = process.cpuUsage(cpuStart)
    costs.push({ wallMs: performance.now() - start, cpuMs: (user + system) / 1000 })
  }
  const median = (part: keyof Cost) =>
    quantile(
      costs.map(cost => cost[part]),
      0.5,
    )
  return { wallMs: median('wallMs'), cpuMs: median('cpuMs') }
}

function row(title: string, { wallMs, cpuMs }: Cost, floor?: Cost): string[] {
  const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`
  return [title, ms(wallMs), ms(cpuMs), floor ? ms(floor.cpuMs) : '', floor ? (cpuMs / floor.cpuMs).toFixed(1) : '']
}

function walk(each: (path: string) => unknown): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) each(`${entry.parentPath}/${entry.name}`)
}
