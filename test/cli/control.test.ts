import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CLI, runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { shippedSchema } from '../support/shipped-schema'
import { tempProject } from '../support/temp-project'

const deleteReadme = { toolCalls: [{ name: 'Delete', arguments: { file_path: 'README.md' } }] }

describe('a conversation over stdin', () => {
  const flags = ['--input-format', 'stream-json', '--output-format', 'stream-json']
  const user = (text: string, more = {}) => JSON.stringify({ type: 'user', text, ...more })

  test('each prompt is a run of its own, in one session, with a result line each', async () => {
    const usage = { input: 10, output: 2 }
    const { root, env, model } = await projectWith([
      { text: 'first', usage },
      { text: 'second', usage },
    ])
    const end = await runCli(flags, { cwd: root, env, input: `${user('one')}\n\n${user('two')}\n` })
    const results = linesOf(end.stdout).filter(line => line.type === 'result')
    expect(results).toMatchObject([
      { response: 'first', exit_code: 0, turns: 1 },
      { response: 'second', exit_code: 0, turns: 1 },
    ])
    // Each result tells its own run, so that they can be added up.
    expect(results.map(result => result.usage)).toMatchObject([usage, usage])
    expect(results[0]?.session_id).toBe(results[1]?.session_id)
    expect(linesOf(end.stdout).at(-1)?.type).toBe('result')
    expect(JSON.stringify(model.requests[1]?.body.messages)).toMatch(/one.*first.*two/s)
    expect(end.code).toBe(0)
  })

  test('steering is heard before the next request, an interrupt ends the run, approvals are answered', async () => {
    const { root, env, model } = await projectWith([
      { toolCalls: [{ name: 'Bash', arguments: { command: 'echo begun; sleep 1' } }] },
      deleteReadme,
      { text: 'gone' },
      { text: 'x'.repeat(400), pieceLength: 4, delayBetweenMs: 50 },
    ])
    const talk = converse([...flags, '--answer-on-stdin', '--allow-denied'], root, env)
    talk.say(user('go'))
    await talk.until(line => line.type === 'tool_output_delta')
    talk.say(user('and be quick', { lane: 'next' }))
    const asked = await talk.until(line => line.type === 'approval_requested')
    talk.say(JSON.stringify({ type: 'approval', id: 'another', answer: 'reject' }))
    talk.say(JSON.stringify({ type: 'approval', id: asked.request.id, answer: 'approve' }))
    await talk.until(line => line.type === 'result')
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('and be quick')
    talk.say(user('talk for long'))
    await talk.until(line => line.type === 'text_delta' && line.text.startsWith('x'))
    talk.say('{"type":"interrupt"}')
    const interrupted = await talk.until(line => line.type === 'result' && line.stop_reason === 'cancelled')
    expect(interrupted.exit_code).toBe(130)
    talk.hangUp()
    expect(await talk.exitCode).toBe(130)
  })

  test.each([
    ['a line that is no JSON', 'hello', /stdin: not JSON/],
    ['an unknown kind of line', '{"type":"shout"}', /stdin: type/],
    ['nothing', '', /no prompt came on stdin/],
  ])('%s: 2, with what was wrong', async (_, input, message) => {
    const { root, env } = await projectWith([])
    const end = await runCli(flags, { cwd: root, env, input })
    expect(end).toMatchObject({ code: 2, stderr: expect.stringMatching(message) })
    const [session, ...rest] = linesOf(end.stdout)
    const error = expect.stringMatching(message)
    expect(rest).toMatchObject([{ type: 'result', exit_code: 2, session_id: session.session_id, error }])
  })

  test('a line that is no JSON behind a prompt: the last line is the result of all', async () => {
    const { root, env } = await projectWith([{ text: 'first' }])
    const end = await runCli(flags, { cwd: root, env, input: `${user('one')}\nhello\n` })
    const results = linesOf(end.stdout).filter(line => line.type === 'result')
    expect([end.code, ...results.map(result => result.exit_code)]).toEqual([2, 0, 2])
    expect(linesOf(end.stdout).at(-1)?.type).toBe('result')
  })

  test.each([
    [['--input-format', 'xml', 'go'], /not one of text, stream-json/],
    [['--input-format', 'stream-json'], /needs --output-format stream-json/],
    [[...flags, 'words'], /prompts come on stdin/],
    [['--answer-on-stdin', 'go'], /needs --input-format/],
    [['--fork', 'go'], /needs --resume or --continue/],
  ])('%j: 2', async (args, message) => {
    const { root, env } = await projectWith([])
    expect(await runCli(args, { cwd: root, env })).toMatchObject({ code: 2, stderr: expect.stringMatching(message) })
  })
})

test('every line of stream-json satisfies the schema in the package', async () => {
  const { root, env } = await projectWith([
    { thinking: 'hm', toolCalls: [{ name: 'TodoWrite', arguments: { todos: [{ content: 'a', status: 'pending' }] } }] },
    { toolCalls: [{ name: 'Write', arguments: { file_path: 'b.js', content: 'export const b = 1\n' } }] },
    { toolCalls: [{ name: 'Write', arguments: { file_path: 'c.js', content: 'export const c = (\n' } }] },
    { toolCalls: [{ name: 'Bash', arguments: { command: 'echo hi; touch made' } }] },
    deleteReadme,
    { toolCalls: [{ name: 'AskUser', arguments: { question: 'Which?' } }] },
    { text: 'done' },
  ])
  const end = await runCli(['--output-format', 'stream-json', 'go'], { cwd: root, env })
  const validate = shippedSchema('stream-line')
  const lines = linesOf(end.stdout)
  for (const line of lines) expect(validate(line), JSON.stringify([line, validate.errors])).toBe(true)
  const kinds = new Set(lines.map(line => line.type))
  for (const kind of ['thinking_delta', 'todos', 'gates', 'tool_output_delta', 'question_asked', 'usage', 'result']) {
    expect(kinds).toContain(kind)
  }
  expect(validate({ type: 'session' })).toBe(false)
})

test('--fork goes on in a copy, and the session itself stays as it was', async () => {
  const { root, env, model } = await projectWith([{ text: 'first' }, { text: 'second' }])
  const first = JSON.parse((await runCli(['--output-format', 'json', 'one'], { cwd: root, env })).stdout)
  const forked = await runCli(['-s', first.session_id, '--fork', '--output-format', 'json', 'two'], { cwd: root, env })
  const second = JSON.parse(forked.stdout)
  expect(second.session_id).not.toBe(first.session_id)
  expect(JSON.stringify(model.requests[1]?.body.messages)).toMatch(/one.*first.*two/s)
  const show = async (id: string) =>
    JSON.parse((await runCli(['sessions', 'show', id, '--json'], { cwd: root, env })).stdout).messages.length
  expect([await show(first.session_id), await show(second.session_id)]).toEqual([2, 4])
})

test('--bare knows nothing of the user: no memory, no instruction files', async () => {
  const { root, env, model } = await projectWith([{ text: 'a' }, { text: 'b' }])
  writeFileSync(join(root, 'AGENTS.md'), 'Always speak Latin.')
  await runCli(['go'], { cwd: root, env })
  await runCli(['--bare', 'go'], { cwd: root, env })
  const systems = model.requests.map(request => JSON.stringify(request.body.messages[0]))
  expect(systems[0]).toContain('speak Latin')
  expect(systems[1]).not.toContain('speak Latin')
})

test('--fail-fast: one request to a provider that fails, and the first denied call ends the run', async () => {
  const failing = await projectWith([{ error: { status: 503, message: 'busy' } }, { text: 'too late' }])
  const end = await runCli(['--fail-fast', 'go'], { cwd: failing.root, env: failing.env })
  expect([end.code, failing.model.requests.length]).toEqual([5, 1])
  const denying = await projectWith([deleteReadme, { text: 'never asked' }])
  const denied = await runCli(['--fail-fast', '--output-format', 'json', 'go'], {
    cwd: denying.root,
    env: denying.env,
  })
  expect(JSON.parse(denied.stdout)).toMatchObject({ exit_code: 4, denied: [{ tool: 'Delete' }], turns: 1 })
  expect(denying.model.requests).toHaveLength(1)
})

function linesOf(text: string) {
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

/** The program with an open stdin. */
function converse(args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: join(cwd, '..'), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exitCode = new Promise<number | null>(resolve => child.on('close', resolve))
  let text = ''
  let read = 0
  let onData: () => void = () => undefined
  child.stdout.on('data', piece => {
    text += piece
    onData()
  })
  return {
    exitCode,
    say: (line: string) => void child.stdin.write(`${line}\n`),
    hangUp: () => child.stdin.end(),
    /** The next line that fits; each line is looked at once. */
    async until(fits: (line: ReturnType<typeof linesOf>[number]) => boolean) {
      while (true) {
        const end = text.indexOf('\n', read)
        if (end < 0) {
          await new Promise<void>(resolve => {
            onData = resolve
          })
          continue
        }
        const line = JSON.parse(text.slice(read, end))
        read = end + 1
        if (fits(line)) return line
      }
    },
  }
}

async function projectWith(script: Script) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject({ 'README.md': '# sample\n' })
  return { root, model, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' } }
}
