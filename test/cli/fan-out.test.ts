import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { agentFile } from '../support/cast'
import { runCli } from '../support/run-cli'
import { type RecordedRequest, type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject } from '../support/temp-project'

const AGENTS = 12
const LINES = Array.from({ length: 60 }, (_, n) => `line ${n}\n`).join('')

describe.each([true, false])('twelve agents that change overlapping files (git: %s)', hasGit => {
  test('every change lands or is kept and told; no copy is left', async () => {
    const project = await start(hasGit, () => ({ text: 'done' }))
    const end = await runCli(['--output-format', 'json', 'go'], { cwd: project.root, env: project.env })
    const result = JSON.parse(end.stdout)
    expect(result.changes.map((change: { path: string }) => change.path).sort()).toEqual([
      'part-0.txt',
      'part-1.txt',
      'part-2.txt',
      'part-3.txt',
      'shared.txt',
    ])
    for (let n = 0; n < AGENTS; n++) {
      expect(read(project.root, fileOf(n))).toContain(`own of ${n}\n`)
      // Of the line that all of them changed, one change landed and the others are kept.
      const isHere = read(project.root, 'shared.txt').includes(`shared by ${n}\n`)
      expect([isHere, project.kept().includes(`+shared by ${n}\n`)].filter(Boolean)).toHaveLength(1)
    }
    const told = JSON.stringify(project.requests.at(-1)?.body.messages)
    expect(told.match(/others changed the same lines meanwhile: 31/g)).toHaveLength(AGENTS - 1)
    project.expectNothingLeft()
  })

  test.each([
    ['before any came home', 0],
    ['while they come home', 6],
  ])('killed %s: whoever starts next keeps what did not land, and says so', async (_, answers) => {
    let kill = () => {}
    const worked = new Set<number>()
    const project = await start(hasGit, async n => {
      worked.add(n)
      while (worked.size < AGENTS) await pause()
      if (n >= answers) {
        // Some of the others are on their way home by now.
        if (n === AGENTS - 1) setTimeout(() => kill(), answers * 20)
        await pause(60_000)
      }
      return { text: 'done' }
    })
    await runCli(['--output-format', 'stream-json', 'go'], {
      cwd: project.root,
      env: project.env,
      onStdout: (_text, signal) => {
        kill = () => signal('SIGKILL')
      },
    })
    expect(worked.size).toBe(AGENTS)
    const next = await runCli(['hello'], { cwd: project.root, env: project.env })
    expect(next.stderr).toContain('Work of an agent that was cut off (clerk: part ')
    for (let n = 0; n < AGENTS; n++) {
      const everywhere = read(project.root, fileOf(n)) + project.kept()
      expect(everywhere).toContain(`own of ${n}\n`)
      expect(read(project.root, 'shared.txt') + project.kept()).toContain(`shared by ${n}\n`)
    }
    project.expectNothingLeft()
  })
})

/** @param afterWork what an agent says once it has changed its files */
async function start(hasGit: boolean, afterWork: (n: number) => ScriptedReply | Promise<ScriptedReply>) {
  const files = Object.fromEntries([0, 1, 2, 3].map(n => [`part-${n}.txt`, LINES]))
  const root = tempProject({
    ...files,
    'shared.txt': LINES,
    '.gitignore': 'logs\n',
    '.kode/agents/clerk.json': agentFile({ name: 'clerk', trust: 'safe' }),
  })
  if (hasGit) gitInit(root)
  const model = await startScriptedProvider(request => replyTo(request, afterWork))
  onTestFinished(() => model.close())
  const patches = join(root, '..', '.config', 'kode', 'patches')
  return {
    root,
    requests: model.requests,
    env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_MODEL: 'm', KODE_API_KEY: 'k' },
    kept: () => (existsSync(patches) ? patchesIn(patches) : ''),
    expectNothingLeft() {
      const cache = join(root, '..', '.cache', 'kode', 'agents')
      expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([])
      if (!hasGit) return
      const listed = execFileSync('git', ['worktree', 'list', '--porcelain'], { cwd: root, encoding: 'utf8' })
      expect(listed.match(/^worktree /gm)).toHaveLength(1)
    },
  }
}

function replyTo(
  { body }: RecordedRequest,
  afterWork: (n: number) => ScriptedReply | Promise<ScriptedReply>,
): ScriptedReply | Promise<ScriptedReply> {
  const isClerk = JSON.stringify(body.messages[0]).includes('I am clerk')
  const isFirst = body.messages.every(message => message.role !== 'tool')
  if (!isClerk) {
    const isFanOut = isFirst && JSON.stringify(body.messages.at(-1)).includes('go')
    if (!isFanOut) return { text: 'good' }
    const parts = Array.from({ length: AGENTS }, (_, n) => ({ agent_name: 'clerk', prompt: `part ${n}.` }))
    return { toolCalls: parts.map(part => ({ name: 'InvokeAgent', arguments: part })) }
  }
  const n = Number(/part (\d+)\./.exec(JSON.stringify(body.messages))?.[1])
  if (!isFirst) return afterWork(n)
  const own = `line ${10 * Math.floor(n / 4) + 5}\n`
  return { toolCalls: [edit(fileOf(n), own, `own of ${n}\n`), edit('shared.txt', 'line 30\n', `shared by ${n}\n`)] }
}

function edit(file_path: string, old_str: string, new_str: string) {
  return { name: 'Edit', arguments: { file_path, replacements: [{ old_str, new_str }] } }
}

function fileOf(n: number): string {
  return `part-${n % 4}.txt`
}

function patchesIn(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter(name => name.endsWith('change.patch'))
    .map(name => read(folder, name))
    .join('')
}

function pause(ms = 20): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
}

function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}
