import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile, table } from './support'

const RUNS = 9

/**
 * `kode verify` as a process of its own, from start to exit: on a project it has never seen, and on one whose index is in the cache.
 * The floor is bare Node that reads and hashes the same files.
 */
export function measureCold(cli: string, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'kode-cold-'))
  const root = join(folder, 'project')
  const samples = readdirSync('shared', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  for (let at = 0; at < count; at++) {
    const place = join(root, `part-${Math.floor(at / 100)}`)
    if (at % 100 === 0) mkdirSync(place, { recursive: true })
    cpSync(join('shared', samples[at % samples.length]!), join(place, `file-${at}.ts`))
  }
  writeFileSync(join(root, 'package.json'), '{ "name": "cold", "type": "module" }\n')
  const changed = `${readFileSync(join(root, 'part-0/file-0.ts'), 'utf8')}\nexport const added = 1\n`
  const input = join(folder, 'input.json')
  writeFileSync(input, JSON.stringify({ files: { 'part-0/file-0.ts': changed } }))

  const env = { ...process.env, HOME: join(folder, 'home'), XDG_CACHE_HOME: join(folder, 'home/cache') }
  const verify = (place: string) => timeOf([cli, 'verify', '--input', input, '--log-dir', folder], place, env)
  // The first run of all compiles the program itself, as after an installation.
  verify(root)
  const rows: [string, Cost[]][] = [
    ['node -e 0', []],
    ['node that reads and hashes the files', []],
    ['kode verify, project never seen', []],
    ['kode verify, index in the cache', []],
  ]
  for (let run = 0; run < RUNS; run++) {
    rows[0]![1].push(timeOf(['-e', '0'], root, process.env))
    rows[1]![1].push(timeOf(['-e', READ_AND_HASH], root, process.env))
    rows[3]![1].push(verify(root))
    // Under another name it is another project.
    const unseen = join(folder, `project-${run}`)
    renameSync(root, unseen)
    rows[2]![1].push(verify(unseen))
    renameSync(unseen, root)
  }
  rmSync(folder, { recursive: true })
  const median = (costs: readonly Cost[], part: keyof Cost) =>
    quantile(
      costs.map(cost => cost[part]),
      0.5,
    )
  const floor = median(rows[1]![1], 'cpuMs')
  return table([
    [`process (median of ${RUNS})`, 'whole', 'CPU', 'ratio'],
    ...rows.map(([title, costs]) => [
      title,
      `${median(costs, 'wallMs').toFixed(0)} ms`,
      `${median(costs, 'cpuMs').toFixed(0)} ms`,
      (median(costs, 'cpuMs') / floor).toFixed(2),
    ]),
  ])
}

interface Cost {
  wallMs: number
  /** What is left of the time on a busy machine. */
  cpuMs: number
}

const READ_AND_HASH = `
const { createHash } = require('node:crypto'), fs = require('node:fs')
const hash = createHash('sha1')
for (const entry of fs.readdirSync('.', { recursive: true, withFileTypes: true }))
  if (entry.isFile()) hash.update(fs.readFileSync(entry.parentPath + '/' + entry.name))
`

const TELL_COST = `process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  process._rawDebug('cost ' + (user + system))
})`

function timeOf(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Cost {
  const start = performance.now()
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(TELL_COST)}`, ...args],
    { cwd, env, encoding: 'utf8' },
  )
  const wallMs = performance.now() - start
  return { wallMs, cpuMs: Number(/^cost (\d+)$/m.exec(stderr)?.[1]) / 1000 }
}
