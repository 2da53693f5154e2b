// Copies of a project for agents, beside what git takes for the same: `node scripts/bench.mjs copies [COPIES] [FILES] [ROUNDS]`.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { WorkingCopies } from '#shared/tasks/working-copies'

const [count = 30, files = 2_000, rounds = 3] = process.argv.slice(2).map(Number)

const run = promisify(execFile)
const base = realpathSync(mkdtempSync(join(homedir(), 'kode-bench-')))
const root = join(base, 'project')
for (let index = 0; index < files; index++) {
  const folder = join(root, 'src', String(index % 50))
  if (index < 50) mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${index}.ts`), `export const value${index} = ${index}\n`.repeat(100))
}
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
git('init', '--quiet')
git('add', '-A')
git('-c', 'user.name=b', '-c', 'user.email=b@localhost', 'commit', '--quiet', '-m', 'start')
// What a plain worktree leaves behind.
writeFileSync(join(root, 'src', '0', '0.ts'), 'export const changed = true\n')
writeFileSync(join(root, 'new.ts'), 'export const fresh = true\n')

/** At the end: some file systems look for places a hundred times longer where much was just deleted. */
const cleanUps: (() => Promise<void>)[] = []
const ours: number[] = []
const gits: number[] = []
for (let round = 0; round < rounds; round++) {
  ours.push(await timed(copies))
  console.log(`kode: ${Math.round(ours.at(-1) ?? 0)} ms`)
  gits.push(await timed(worktrees))
  console.log(`git worktree add: ${Math.round(gits.at(-1) ?? 0)} ms`)
}
console.log(`${count} copies of ${files} files, ms: kode ${middle(ours)}, git worktree add ${middle(gits)}`)
for (const cleanUp of cleanUps) await cleanUp()
rmSync(base, { recursive: true, force: true })

async function copies(): Promise<() => Promise<void>> {
  const made = new WorkingCopies(root, {
    files: nodeFiles(),
    processes: nodeProcesses(),
    env: process.env,
    cacheFolder: join(base, 'cache'),
    patchFolder: join(base, 'patches'),
  })
  const results = await Promise.all(Array.from({ length: count }, (_, n) => made.make(root, `agent ${n}`)))
  for (const result of results) if (!result.ok) throw new Error(result.error)
  return () => made.close()
}

/** As one would do it by hand, nothing uncommitted in them: one after the other, since several at once make git fail. */
async function worktrees(): Promise<() => Promise<void>> {
  const folder = join(base, `worktrees-${cleanUps.length}`)
  const paths = Array.from({ length: count }, (_, n) => join(folder, String(n)))
  for (const path of paths) await run('git', ['worktree', 'add', '--quiet', '--detach', path], { cwd: root })
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    git('worktree', 'prune')
  }
}

async function timed(work: () => Promise<() => Promise<void>>): Promise<number> {
  const startedAt = performance.now()
  cleanUps.push(await work())
  return performance.now() - startedAt
}

function middle(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN)
}
