/**
 * How much of what a commit touched `kode plan` finds, told only the commit's subject and one of its files:
 * `npm run bench:plan -- [REPOSITORY | npm:PACKAGE[:FOLDER]]…`. A package's history is its last versions, each a commit whose
 * subject is what the newest change log says of it; one of which it says nothing is left out. Compared with plain ripgrep on the
 * subject's words, in the same 8,000 tokens.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { countTokens } from '#shared/base/tokens'
import { CodeIndex } from '#shared/code-index/code-index'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { Languages } from '#shared/languages/registry'
import { planTask } from '#shared/pipelines/plan'
import { planSource } from '#shared/pipelines/support/plan-source'

const BUDGET_TOKENS = 8_000
const MOST_COMMITS = 60
const VERSIONS = 30
/** One file leaves nothing to find; sweeping changes follow no task. */
const [FEWEST_FILES, MOST_FILES] = [2, 15]
const NOT_SOUGHT = /(?:^|\/)(?:package(?:-lock)?\.json|CHANGELOG\.md|README\.md|yarn\.lock)$/

/** This repository, and packages that ship their sources and a change log. */
const USUAL_SUBJECTS = ['.', 'npm:ai:src', 'npm:knex:lib', 'npm:axios:lib', 'npm:mobx:src', 'npm:rxjs:src']

const files = nodeFiles()
const work = mkdtempSync(join(tmpdir(), 'kode-bench-plan-'))
try {
  const subjects = process.argv.slice(2)
  const rows = []
  for (const subject of subjects.length > 0 ? subjects : USUAL_SUBJECTS) rows.push(await measure(subject))
  console.table(rows)
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function measure(subject: string) {
  const repository = subject.startsWith('npm:') ? historyOfPackage(subject.slice(4)) : subject
  const clone = join(work, 'clone')
  rmSync(clone, { recursive: true, force: true })
  execFileSync('git', ['clone', '--quiet', '--shared', '--no-checkout', repository, clone])
  const commits = commitsOf(clone).slice(0, MOST_COMMITS)
  const sums = { plan: 0, rgBudget: 0, rgFiles: 0, files: 0, ms: [] as number[] }
  for (const commit of commits) {
    git(clone, 'checkout', '--quiet', '--force', `${commit.id}^`)
    const started = performance.now()
    const planned = await plan(clone, `${commit.subject} (${commit.entry})`)
    sums.ms.push(performance.now() - started)
    const byCount = ripgrep(clone, commit.subject).filter(path => path !== commit.entry)
    sums.plan += recall(planned, commit.others)
    sums.rgBudget += recall(withinBudget(clone, byCount, commit.entry), commit.others)
    sums.rgFiles += recall(byCount.slice(0, planned.length - 1), commit.others)
    sums.files += planned.length
  }
  const share = (sum: number) => `${((100 * sum) / commits.length).toFixed(1)} %`
  return {
    history: subject,
    commits: commits.length,
    'files in project': git(clone, 'ls-files').split('\n').length,
    'recall, kode plan': share(sums.plan),
    'ripgrep, whole files in 8,000 tokens': share(sums.rgBudget),
    'ripgrep, as many file names as the packet': share(sums.rgFiles),
    'files in packet': (sums.files / commits.length).toFixed(1),
    'median ms': Math.round(sums.ms.sort((a, b) => a - b)[sums.ms.length >> 1] ?? 0),
  }
}

interface Commit {
  id: string
  subject: string
  entry: string
  others: string[]
}

function commitsOf(repository: string): Commit[] {
  const ids = git(repository, 'log', '--no-merges', '--min-parents=1', '--format=%H').trim().split('\n').filter(Boolean)
  return ids.flatMap(id => {
    const subject = git(repository, 'log', '-1', '--format=%s', id).trim()
    // Only what was there before can be found.
    const changed = git(repository, 'diff-tree', '-r', '--no-commit-id', '--name-only', '--diff-filter=MDT', id)
      .split('\n')
      .filter(path => path !== '' && !NOT_SOUGHT.test(path))
    if (subject === '' || changed.length < FEWEST_FILES || changed.length > MOST_FILES) return []
    // The same choice in every run.
    const at = createHash('sha256').update(id).digest().readUInt32LE() % changed.length
    return [{ id, subject, entry: changed[at]!, others: changed.filter((_, index) => index !== at) }]
  })
}

async function plan(root: string, task: string): Promise<string[]> {
  const languages = new Languages(readAsset)
  const index = new CodeIndex({ root, files, languages })
  await index.refresh()
  const around = { root, files, processes: nodeProcesses(), env: process.env, signal: new AbortController().signal }
  const open = () => Promise.resolve({ index, languages, project: projectViewOf(files, root) })
  const planned = await planTask(task, planSource(around, open))
  return [...new Set(planned.packet(BUDGET_TOKENS).files.map(entry => entry.path))]
}

/** Files by how many lines hold a word of the subject, most first. */
function ripgrep(root: string, subject: string): string[] {
  const words = [...new Set(subject.match(/[\p{L}\p{N}_$-]{3,}/gu) ?? [])]
  if (words.length === 0) return []
  const args = ['--count', '--ignore-case', '--fixed-strings', '--null', ...words.flatMap(word => ['-e', word]), './']
  let output = ''
  try {
    output = execFileSync('rg', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  } catch {
    return []
  }
  return output
    .trim()
    .split('\n')
    .map(line => line.split('\0'))
    .sort((a, b) => Number(b[1]) - Number(a[1]) || (a[0]! < b[0]! ? -1 : 1))
    .map(([path]) => path!.slice(2))
}

function withinBudget(root: string, paths: readonly string[], entry: string): string[] {
  let left = BUDGET_TOKENS - tokensOf(root, entry)
  return paths.filter(path => {
    const cost = tokensOf(root, path)
    if (cost > left) return false
    left -= cost
    return true
  })
}

function tokensOf(root: string, path: string): number {
  return existsSync(join(root, path)) ? countTokens(readFileSync(join(root, path), 'utf8')) : 0
}

function recall(found: readonly string[], sought: readonly string[]): number {
  return sought.filter(path => found.includes(path)).length / sought.length
}

/** A repository with one commit per version. */
function historyOfPackage(spec: string): string {
  const [name = '', folder = '.'] = spec.split(':')
  const repository = join(work, `npm-${basename(name)}`)
  mkdirSync(repository)
  git(repository, 'init', '--quiet')
  const listed: unknown = JSON.parse(execFileSync('npm', ['view', name, 'versions', '--json'], { encoding: 'utf8' }))
  const versions = (Array.isArray(listed) ? listed : [])
    .filter(version => /^\d+\.\d+\.\d+$/.test(String(version)))
    .sort(byVersion)
  const newest = pack(name, String(versions.at(-1)))
  const log = execFileSync('tar', ['-xzOf', newest, 'package/CHANGELOG.md'], { encoding: 'utf8' }).split('\n')
  for (const version of versions.slice(-VERSIONS).map(String)) {
    for (const entry of readdirSync(repository))
      if (entry !== '.git') rmSync(join(repository, entry), { recursive: true })
    execFileSync('tar', ['-xzf', pack(name, version), '--strip-components=1', '-C', repository])
    git(repository, 'add', '--all', '--force', folder, 'package.json')
    const author = ['-c', 'user.name=b', '-c', 'user.email=b@localhost']
    const options = ['--quiet', '--allow-empty', '--allow-empty-message']
    git(repository, ...author, 'commit', ...options, '-m', saidOf(version, log))
  }
  return repository
}

/** @returns the path of the tarball */
function pack(name: string, version: string): string {
  const args = ['pack', '--silent', '--prefer-offline', `${name}@${version}`]
  return join(work, execFileSync('npm', args, { cwd: work, encoding: 'utf8' }).trim())
}

function byVersion(a: unknown, b: unknown): number {
  const [left, right] = [String(a).split('.').map(Number), String(b).split('.').map(Number)]
  return left[0]! - right[0]! || left[1]! - right[1]! || left[2]! - right[2]!
}

/** What a change log says of a version, in one line, without authors, links and numbers of commits and issues. */
function saidOf(version: string, log: readonly string[]): string {
  const versionIn = (line: string) => /^(?:#{1,3} .*?|v)?(?<![\d.])(\d+\.\d+\.\d+)/.exec(line)?.[1]
  const start = log.findIndex(line => versionIn(line) === version)
  if (start === -1) return ''
  const end = log.findIndex((line, at) => at > start && versionIn(line) !== undefined)
  return log
    .slice(start + 1, end === -1 ? undefined : end)
    .filter(line => /^\s*[*-] /.test(line) && !/Updated dependencies/.test(line))
    .map(line => line.replace(/^\s*[*-] +(?:[0-9a-f]{7,}: )?|\(.*?\)|\[.*?\]|https?:\S+|Thanks .*? - |[`*#_]/g, ' '))
    .join('; ')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
    .trim()
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 })
}
