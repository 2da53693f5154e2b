import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
    const place = join(root, `part-${Math.floor(at / samples.length)}`, samples[at % samples.length]!)
    mkdirSync(dirname(place), { recursive: true })
    cpSync(join('shared', samples[at % samples.length]!), place)
  }
  // Each copy is a package of its own in one repository.
  for (const part of readdirSync(root)) {
    const manifest = { name: part, type: 'module', imports: { '#shared/*': './*.ts' } }
    writeFileSync(join(root, part, 'package.json'), JSON.stringify(manifest))
  }
  const path = 'part-0/base/cut.ts'
  const before = readFileSync(join(root, path), 'utf8')
  const inputOf = (name: string, text: string) => {
    const input = join(folder, name)
    writeFileSync(input, JSON.stringify({ files: { [path]: text } }))
    return input
  }
  const added = inputOf('added.json', `${before}\nexport const added = 1\n`)
  const altered = inputOf('altered.json', before.replace('cutMiddle(', 'cutMiddle(why: string, '))

  const env = { ...process.env, HOME: join(folder, 'home'), XDG_CACHE_HOME: join(folder, 'home/cache') }
  const history = withTenChanges(root, join(folder, 'history'))
  const verify = (input: string, place: string) =>
    timeOf([cli, 'verify', '--input', input, '--log-dir', folder], place, env)
  // The first run of all compiles the program itself, as after an installation.
  verify(altered, root)
  const rows: [title: string, costs: Cost[], run: (unseen: string) => Cost][] = [
    ['node -e 0', [], () => timeOf(['-e', '0'], root, process.env)],
    ['node that reads and hashes the files', [], () => timeOf(['-e', READ_AND_HASH], root, process.env)],
    ['kode verify, an addition', [], () => verify(added, root)],
    ['kode verify, another signature, index in the cache', [], () => verify(altered, root)],
    [
      'kode verify, another signature, project never seen',
      [],
      unseen => inPlace(unseen, () => verify(altered, unseen)),
    ],
    [
      'kode verify --base, ten files, index in the cache',
      [],
      () => timeOf([cli, 'verify', '--base', 'HEAD'], history, env),
    ],
    ['kode plan, index in the cache', [], () => timeOf([cli, 'plan', TASK], root, env)],
    ['kode plan, project never seen', [], unseen => inPlace(unseen, () => timeOf([cli, 'plan', TASK], unseen, env))],
  ]
  /** Under another name it is another project. */
  const inPlace = (unseen: string, work: () => Cost) => {
    renameSync(root, unseen)
    const cost = work()
    renameSync(unseen, root)
    return cost
  }
  for (let run = 0; run < RUNS; run++)
    for (const [, costs, measure] of rows) costs.push(measure(join(folder, `project-${run}`)))
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

const TASK = 'cut texts in the middle at a character, never inside of one'

/** A copy of the project as a git repository, in which ten files are changed and not committed. */
function withTenChanges(root: string, copy: string): string {
  cpSync(root, copy, { recursive: true })
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@localhost', ...args], { cwd: copy })
  git('init', '--quiet')
  git('add', '-A')
  git('commit', '--quiet', '-m', 'start')
  const names = readdirSync(join(copy, 'part-1/edits')).filter(name => name.endsWith('.ts'))
  for (const name of names.slice(0, 10)) {
    const path = join(copy, 'part-1/edits', name)
    writeFileSync(path, `${readFileSync(path, 'utf8')}\nexport const added = 1\n`)
  }
  return copy
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
