/**
 * The gates on real code: how long they take, how often they are wrong about it, and which injected faults they find.
 * Usage: npm run bench:gates -- [latency|cold|index|alarms|secrets|detection|deep …] [--language NAME] [--files N] [--faults N] [--misses N] [--packages N] [--changes N]
 * The corpus is fetched once, into the cache folder: versions of npm packages, and sources that Debian ships.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { typeScriptChecker } from '#shared/gates/support/typescript-project-checker'
import { TypeScriptThread } from '#shared/host/node/typescript-checker'
import { measureCold } from './gates/cold'
import { buildCorpus, type Project } from './gates/corpus'
import { detectionTable, type FaultSource, measureDetection } from './gates/detection'
import { ALARM_COLUMNS, type Alarms, alarmsOnFiles, alarmsOnHistories, alarmsRow } from './gates/false-alarms'
import { measureLatency } from './gates/latency'
import { measureSecrets } from './gates/secrets'
import { table } from './gates/support'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    language: { type: 'string' },
    /** Valid files of each supply; the default makes more than 20,000. */
    files: { type: 'string', default: '4500' },
    /** Faults of each kind and language. */
    faults: { type: 'string', default: '300' },
    /** How many misses and alarms are shown of each kind. */
    misses: { type: 'string', default: '5' },
    seed: { type: 'string', default: '7' },
    /** How many files of each step from version to version are also judged alone. */
    changes: { type: 'string', default: '20' },
    /** How many packages are followed from version to version; all by default. */
    packages: { type: 'string', default: '1000' },
  },
})
const isWanted = (part: string) => positionals.length === 0 || positionals.includes(part)
const isLanguage = (name: string) =>
  values.language === undefined || values.language.toLowerCase() === name.toLowerCase()
const [most, each, shown] = [Number(values.files), Number(values.faults), Number(values.misses)]

const kode: Project = { name: 'kode', root: resolve('.'), isWhole: true }
const corpus = await buildCorpus()
const newest = corpus.histories.flatMap(({ versions }) => versions.slice(-1))
const scripted = newest.filter(({ root }) => existsSync(join(root, 'src')) || existsSync(join(root, 'lib')))
console.log(`corpus: ${corpus.folder}`)
console.log(
  `  npm: ${corpus.histories.length} packages, ${corpus.histories.reduce((sum, { versions }) => sum + versions.length, 0)} versions; ` +
    `Debian: ${corpus.python.length} Python, ${corpus.go.length} Go, ${corpus.rust.length} Rust projects; kode itself with its node_modules`,
)
if (corpus.missing.length > 0) console.log(`  not to be had: ${corpus.missing.join(', ')}`)
console.log(
  `  load ${loadavg()
    .map(each => each.toFixed(1))
    .join(' ')}, Node ${process.version}`,
)

if (isWanted('latency')) {
  console.log('\nLATENCY: all fast gates, kode’s own sources')
  console.log(await measureLatency(kode, /\.ts$/))
}

if (isWanted('cold')) {
  console.log('\nCOLD: a whole process on a repository of 2,000 files, made for this run')
  console.log(measureCold(join(kode.root, 'dist/cli/kode.mjs'), 2_000))
}

if (isWanted('index')) {
  // In processes of their own: their memory is measured too.
  for (const count of [10_000, 100_000]) {
    console.log(`\nINDEX: ${count} TypeScript files, made for this run`)
    spawnSync(process.execPath, ['scripts/bench.mjs', 'code-index', `${count}`], { stdio: 'inherit' })
  }
}

if (isWanted('secrets')) {
  console.log('\nSECRETS: made up from the forms of their issuers; ordinary source of the corpus outside of tests')
  const ordinary = {
    'npm packages': newest,
    'Python packages': corpus.python,
    'Go modules': corpus.go,
    'Rust crates': corpus.rust,
  }
  console.log(await measureSecrets(ordinary, 50e6))
}

if (isWanted('alarms')) {
  const modules: Project = { name: 'node_modules', root: join(kode.root, 'node_modules') }
  const script = /\.(?:[mc]?[jt]s|[jt]sx)$/
  const rows: Alarms[] = []
  if (isLanguage('TypeScript')) {
    rows.push(await alarmsOnFiles('files of kode', [kode], /\.tsx?$/, most))
    rows.push(await alarmsOnFiles('files of installed packages', [modules], script, 2 * most, true))
    rows.push(await alarmsOnFiles('files of npm packages', newest, script, most))
    rows.push(...(await alarmsOnHistories(corpus.histories.slice(0, Number(values.packages)), Number(values.changes))))
  }
  if (isLanguage('Python')) rows.push(await alarmsOnFiles('files of Python packages', corpus.python, /\.pyi?$/, most))
  if (isLanguage('Go')) rows.push(await alarmsOnFiles('files of Go modules', corpus.go, /\.go$/, most))
  if (isLanguage('Rust')) rows.push(await alarmsOnFiles('files of Rust crates', corpus.rust, /\.rs$/, most))
  console.log('\nFALSE ALARMS: syntax, imports, calls, security; every text is right')
  console.log(table([ALARM_COLUMNS, ...rows.map(alarmsRow)]))
  console.log('right: for faults that are really there, listed with the reason in bench/gates/right-findings.data.json')
  const alarms = rows.flatMap(({ lines }) => lines)
  console.log(
    alarms
      .slice(0, shown * 20)
      .map(line => `  ${line}`)
      .join('\n'),
  )
}

if (isWanted('detection')) {
  const sources: FaultSource[] = [
    { language: 'TypeScript', projects: [kode, ...scripted], extension: /\.tsx?$/ },
    { language: 'JavaScript', projects: scripted, extension: /\.[mc]?jsx?$/ },
    { language: 'Python', projects: corpus.python, extension: /\.py$/, grammar: 'python' },
    { language: 'Go', projects: corpus.go, extension: /\.go$/, grammar: 'go' },
    { language: 'Rust', projects: corpus.rust, extension: /\.rs$/, grammar: 'rust' },
  ]
  const tallies = await measureDetection(
    sources.filter(each => isLanguage(each.language)),
    each,
    Number(values.seed),
  )
  console.log(`\nDETECTION: seeded faults (seed ${values.seed}) in files without any, fast gates; the share that fails`)
  console.log(detectionTable(tallies))
  for (const [language, rows] of tallies)
    for (const [row, { missed }] of rows)
      for (const line of missed.slice(0, shown)) console.log(`  ${language}, ${row}, missed: ${line.slice(0, 220)}`)
}

if (isWanted('deep')) {
  const thread = new TypeScriptThread()
  const deep = { checkers: [typeScriptChecker(kode.root, thread)], rows: ['misspelt method', 'wrong arity'] as const }
  const source = { language: 'TypeScript with its own checker', projects: [kode], extension: /\.ts$/, deep }
  const tallies = await measureDetection([source], each, Number(values.seed))
  thread.close()
  console.log(`\nDEEP: seeded faults (seed ${values.seed}) in kode’s own sources, the compiler asked as well`)
  console.log(detectionTable(tallies))
  for (const [language, rows] of tallies)
    for (const [row, { missed }] of rows)
      for (const line of missed.slice(0, shown)) console.log(`  ${language}, ${row}, missed: ${line.slice(0, 220)}`)
}
