import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { nodeWeb } from '#shared/host/node/web'
import { createKode } from '#shared/kode'
import { type CliEnd, runCli } from '../support/run-cli'
import { type RecordedRequest, type ScriptedReply, startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

const PROMPTS = ['first', 'second', 'third']

test('two windows and three runs work on one project at once: each session has one owner, the others read along', async () => {
  const { root, env } = await projectWith(request => ({ text: `answer to ${promptOf(request)}`, delayBetweenMs: 5 }))
  const windows = [await openWindow(root, env), await openWindow(root, env)] as const
  const [one, two] = windows
  await one.session.prompt([{ type: 'text', text: 'zeroth' }])
  const along = runCli(['sessions', 'show', one.session.id, '--follow'], { cwd: root, env })

  const refusals: CliEnd[] = []
  await Promise.all([
    ...windows.map(async ({ session }) => {
      for (const prompt of PROMPTS) await session.prompt([{ type: 'text', text: prompt }])
    }),
    ...['run-a', 'run-b', 'run-c'].map(async id => {
      for (const [turn, prompt] of PROMPTS.entries()) {
        const end = await runCli([turn === 0 ? '--session-id' : '--resume', id, prompt], { cwd: root, env })
        expect(end, end.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`answer to ${prompt}`) })
      }
    }),
    ...windows.map(async ({ session }) => {
      refusals.push(await runCli(['--resume', session.id, 'mine'], { cwd: root, env }))
    }),
  ])

  for (const end of refusals) {
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toContain(`is running in process ${process.pid}`)
  }
  expect(await two.kode.openSession({ resume: one.session.id })).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('End it there first') },
  })
  const listed = await sessionsIn(root, env)
  expect(listed).toEqual({
    [one.session.id]: { messages: 8, running: true },
    [two.session.id]: { messages: 6, running: true },
    'run-a': { messages: 6, running: false },
    'run-b': { messages: 6, running: false },
    'run-c': { messages: 6, running: false },
  })

  for (const { session } of windows) await session.close()
  const followed = await along
  expect(followed.code).toBe(0)
  for (const prompt of ['zeroth', ...PROMPTS])
    expect(followed.stdout).toMatch(new RegExp(`\\[user\\]\n${prompt}[^]*\\[assistant\\]\nanswer to ${prompt}\n`))
  expect(await runCli(['--resume', one.session.id, 'mine'], { cwd: root, env })).toMatchObject({ code: 0 })
  expect(readdirSync(join(kodePaths(env).db, 'leases'))).toEqual([])
})

test('a run that is killed in the middle of a reply leaves its text, and the next run takes the session over', async () => {
  const half = 'This is the first half of the answer'
  const { root, env, requests } = await projectWith((_, index) =>
    index === 0 ? { text: `${half} and this is the other one`, pieceLength: half.length, stall: 2 } : { text: 'done' },
  )
  const journal = () => readFileSync(join(kodePaths(env).db, 'sessions', 'killed.1.log'), 'utf8')
  let hasSeenText = false
  const killed = await runCli(['--session-id', 'killed', '--output-format', 'stream-json', 'hello'], {
    cwd: root,
    env,
    onStdout: (text, kill) => {
      if (hasSeenText || !text.includes(half)) return
      hasSeenText = true
      const timer = setInterval(() => {
        if (!journal().includes(half)) return
        clearInterval(timer)
        kill('SIGKILL')
      }, 20)
    },
  })
  expect(killed.code).toBeNull()
  expect((await runCli(['sessions', 'show', 'killed'], { cwd: root, env })).stdout).toContain(half)
  const end = await runCli(['--resume', 'killed', 'go on'], { cwd: root, env })
  expect(end).toMatchObject({ code: 0, stdout: 'done\n' })
  expect(requests.at(-1)?.body.messages).toMatchObject([
    { role: 'system' },
    { role: 'user' },
    { role: 'assistant', content: half },
    { role: 'user' },
  ])
})

async function projectWith(script: (request: RecordedRequest, index: number) => ScriptedReply) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject()
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: dirname(root),
    KODE_LLM_ENDPOINT: model.url,
    KODE_LLM_API_KEY: 'k',
    KODE_LLM_MODEL: 'm',
  }
  return { root, env, requests: model.requests }
}

/** The core as an editor's window has it. */
async function openWindow(root: string, env: Record<string, string>) {
  const host = {
    files: nodeFiles(),
    processes: nodeProcesses(),
    web: nodeWeb(),
    log: { write: () => undefined },
    now: () => Date.now(),
    approve: async () => ({ kind: 'unavailable' as const }),
    ask: async () => '',
  }
  const kode = await createKode(host, { root, env, settings: {}, version: 'test', isInteractive: true })
  if (!kode.ok) throw new Error(kode.error.message)
  const session = await kode.value.openSession()
  if (!session.ok) throw new Error(session.error.message)
  onTestFinished(async () => {
    await session.value.close()
    await kode.value.close()
  })
  return { kode: kode.value, session: session.value }
}

async function sessionsIn(root: string, env: Record<string, string>) {
  const { stdout } = await runCli(['sessions', 'list', '--json'], { cwd: root, env })
  const sessions: { id: string; messages: number; running: boolean }[] = JSON.parse(stdout).sessions
  return Object.fromEntries(sessions.map(({ id, messages, running }) => [id, { messages, running }]))
}

/** The first line of what the user said last. */
function promptOf({ body }: RecordedRequest): string {
  const said = JSON.stringify(body.messages.filter(message => message.role === 'user').at(-1))
  return ['zeroth', ...PROMPTS, 'mine'].find(prompt => said.includes(prompt)) ?? 'nothing'
}
