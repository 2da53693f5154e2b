import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLI } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { treeHash } from '../support/temp-project'

export interface KillReport {
  kills: number
  /** The tree was as before the loop. */
  old: number
  /** The tree was as after it. */
  new: number
  /** It was neither before the next start of kode, which repaired it. */
  repaired: number
  /** What must not happen: neither, after the next start. */
  others: string[]
}

const FILES = {
  'a.js': 'export const a = 1\n',
  'c.js': 'export const c = 1\n',
  'snapshot.txt': 'as it was\n',
  // What tests do to a project: they rewrite tracked files and leave new ones.
  'test.sh': `echo one > snapshot.txt; mkdir -p out; echo report > out/report.txt; sleep 0.3; echo two > snapshot.txt; rm -f gone.txt\n`,
  'gone.txt': 'removed by the tests\n',
}
const PATCH = [
  { id: 'hunk-1', file_path: 'a.js', action: 'MODIFY', anchor_text: '1', new_text: '2' },
  { id: 'hunk-2', file_path: 'b/b.js', action: 'CREATE', new_text: 'export const b = 1\n' },
  { id: 'hunk-3', file_path: 'c.js', action: 'DELETE_FILE' },
]

/** Ends a loop at random moments, one after the other, and looks at what is left of the project. */
export async function killLoops(kills: number, random: () => number): Promise<KillReport> {
  const model = await startScriptedProvider(() => ({ text: JSON.stringify(PATCH), delayMs: 50 }))
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-kill-loop-')))
  const report: KillReport = { kills, old: 0, new: 0, repaired: 0, others: [] }
  const loop = (root: string, exitCode: number) =>
    start(['loop', '--test-command', `sh test.sh; exit ${exitCode}`, 'change a.js'], root, model.url)
  try {
    const done = makeProject(folder, 'whole')
    const before = treeHash(done)
    const startedAt = performance.now()
    await loop(done, 0).ended
    const durationMs = performance.now() - startedAt
    const after = treeHash(done)
    if (after === before) throw new Error('the loop did nothing')

    for (let number = 1; number <= kills; number++) {
      const root = makeProject(folder, `run-${number}`)
      const [isGreen, signal] = [random() < 0.5, random() < 0.5 ? 'SIGKILL' : 'SIGINT'] as const
      const waitMs = random() * durationMs * 1.1
      const run = loop(root, isGreen ? 0 : 1)
      await new Promise(resolve => setTimeout(resolve, waitMs))
      run.kill(signal)
      await run.ended
      const left = treeHash(root)
      // Whatever starts next repairs.
      await start(['undo', '--dry-run'], root, model.url).ended
      const repaired = treeHash(root)
      if (left !== before && left !== after && repaired === before) report.repaired++
      if (repaired === before) report.old++
      else if (repaired === after && isGreen) report.new++
      else report.others.push(`${number}: ${signal} after ${Math.round(waitMs)} ms, tests ${isGreen ? 'green' : 'red'}`)
    }
    return report
  } finally {
    await model.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function makeProject(folder: string, name: string): string {
  const root = join(folder, name, 'project')
  mkdirSync(root, { recursive: true })
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(root, path), text)
  return root
}

function start(args: readonly string[], cwd: string, url: string) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: join(cwd, '..'),
    KODE_LLM_ENDPOINT: url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
  }
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: 'ignore' })
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()))
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
