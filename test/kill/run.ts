import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { treeOf } from '../shared/edits/support/project'
import { CLI } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'

export interface RunKillReport {
  kills: number
  /** As before the change set, or as after it, when it was killed. */
  old: number
  new: number
  /** Neither, until the next start of kode repaired it. */
  repaired: number
  /** What must not happen: neither after the next start, or a reported change set that is gone. */
  mixed: string[]
}

/** What change set number `version` leaves: files that change, come, go and move. */
function filesAt(version: number): Record<string, string> {
  const files: Record<string, string> = {
    [`only-${version % 2}.txt`]: `only ${version % 2}\n`,
    [`moving/${version % 3}/deep/m.txt`]: 'moves\n',
  }
  for (let index = 0; index < 8; index++) files[`part${index % 3}/f${index}.txt`] = `version ${version} of ${index}\n`
  return files
}

function hunksTo(version: number): object[] {
  const changed = Array.from({ length: 8 }, (_, index) => ({
    file_path: `part${index % 3}/f${index}.txt`,
    action: 'MODIFY',
    anchor_text: `version ${version - 1} of`,
    new_text: `version ${version} of`,
  }))
  const [from, to] = [version - 1, version].map(each => `moving/${each % 3}/deep/m.txt`)
  return [
    ...changed,
    { file_path: `only-${(version - 1) % 2}.txt`, action: 'DELETE_FILE' },
    { file_path: `only-${version % 2}.txt`, action: 'CREATE', new_text: `only ${version % 2}\n` },
    { file_path: from, action: 'RENAME', new_path: to },
  ]
}

/** Kills `kode run` with SIGKILL at random moments after the model has answered, and looks what the next start makes of it. */
export async function killRuns(kills: number, random: () => number): Promise<RunKillReport> {
  let version = 0
  let answeredAt = 0
  let onAnswer = () => undefined as unknown
  const model = await startScriptedProvider(() => {
    answeredAt = performance.now()
    onAnswer()
    return { text: JSON.stringify(hunksTo(version + 1)) }
  })
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-kill-run-')))
  const root = join(folder, 'project')
  for (const [path, text] of Object.entries(filesAt(0))) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const report: RunKillReport = { kills, old: 0, new: 0, repaired: 0, mixed: [] }
  const kode = (...args: string[]) => start([...args, '--log-dir', join(folder, 'logs')], root, model.url)
  const states = () => [filesAt(version), filesAt(version + 1)].map(files => treeLike(files))
  const standing = () => states().findIndex(state => isDeepStrictEqual(treeOf(root), state))
  try {
    await kode('run', '--max-rounds', '1', 'go').ended
    const durationMs = performance.now() - answeredAt
    if (standing() !== 1) throw new Error('the run did nothing')
    version++

    for (let number = 1; number <= kills; number++) {
      const run = kode('run', '--max-rounds', '1', 'go')
      onAnswer = () => setTimeout(() => run.kill('SIGKILL'), random() * durationMs)
      const said = await run.ended
      const left = standing()
      await start(['undo', '--dry-run'], root, model.url).ended
      const found = standing()
      if (found === -1) report.mixed.push(`${number}: neither old nor new`)
      else if (found === 0 && said.includes('"PASS"')) report.mixed.push(`${number}: reported, but gone`)
      if (left === -1 && found !== -1) report.repaired++
      if (found === 0) report.old++
      if (found === 1) report.new++
      if (found === -1) break
      version += found
    }
    return report
  } finally {
    await model.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What `treeOf` gives for files with the usual permissions. */
function treeLike(files: Record<string, string>): Record<string, string> {
  const tree: Record<string, string> = {}
  for (const [path, text] of Object.entries(files)) {
    tree[path] = `file 644 ${text}`
    for (let end = path.lastIndexOf('/'); end !== -1; end = path.lastIndexOf('/', end - 1)) {
      tree[path.slice(0, end)] = 'folder 755'
    }
  }
  return tree
}

function start(args: readonly string[], cwd: string, url: string) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: join(cwd, '..'),
    KODE_LLM_ENDPOINT: url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
  }
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let printed = ''
  child.stdout.on('data', piece => {
    printed += piece
  })
  const ended = new Promise<string>(resolve => child.on('close', () => resolve(printed)))
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}
