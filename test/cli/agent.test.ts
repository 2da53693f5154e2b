import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makePdf, text } from '../support/make-pdf'
import { runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject, treeHash } from '../support/temp-project'

const FILES = { 'src/a.ts': 'export const answer = 41\n', 'README.md': '# sample\n' }

describe('one headless turn', () => {
  test('prints only the answer on stdout, the rest on stderr', async () => {
    const { root, env } = await projectWith([{ text: 'The answer is 41.' }])
    const end = await runCli(['what', 'is', 'the', 'answer'], { cwd: root, env })
    expect(end).toMatchObject({ code: 0, stdout: 'The answer is 41.\n' })
  })

  test('reads, edits through the gates, and runs a command in the sandbox', async () => {
    const { root, env, model } = await projectWith([
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/a.ts' } }] },
      { toolCalls: [edit('41', '42')] },
      { toolCalls: [{ name: 'Bash', arguments: { command: 'cat src/a.ts; echo $HOME; touch made-by-shell' } }] },
      { text: 'Done.' },
    ])
    const end = await runCli(['--output-format', 'json', 'make it 42'], { cwd: root, env })
    const result = JSON.parse(end.stdout)
    expect(result).toMatchObject({
      type: 'result',
      success: true,
      exit_code: 0,
      response: 'Done.',
      turns: 4,
      denied: [],
    })
    expect(result.changes).toContainEqual({ path: 'src/a.ts', status: 'modified' })
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('export const answer = 42\n')
    const results = model.requests.map(request =>
      request.body.messages.filter(message => message.role === 'tool').at(-1),
    )
    expect(results[1]?.content).toContain('1\texport const answer = 41')
    expect(results[2]?.content).toContain('Edited src/a.ts')
    expect(results[3]?.content).toContain('export const answer = 42')
    expect(existsSync(join(root, 'made-by-shell'))).toBe(true)
  })

  test('reads the text of a PDF', async () => {
    const { root, env, model } = await projectWith([
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'a.pdf' } }] },
      { text: 'Read.' },
    ])
    writeFileSync(join(root, 'a.pdf'), makePdf([text('Invoice 2041')]))
    expect(await runCli(['read it'], { cwd: root, env })).toMatchObject({ code: 0, stdout: 'Read.\n' })
    expect(model.requests[1]?.body.messages.at(-1)?.content).toBe('1\t--- page 1 of 1 ---\n2\tInvoice 2041')
  })

  test('a change that does not parse is refused with advice, and the file stays', async () => {
    const { root, env, model } = await projectWith([
      { toolCalls: [edit('answer = 41', 'answer = (41')] },
      { text: 'I could not.' },
    ])
    const end = await runCli(['break it'], { cwd: root, env })
    expect(end.code).toBe(0)
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(FILES['src/a.ts'])
    const advice = String(model.requests[1]?.body.messages.at(-1)?.content)
    expect(advice).toMatch(/syntax.*src\/a\.ts:2/s)
  })

  test('stream-json: each line has a type, the first the session, the last is the result', async () => {
    const { root, env } = await projectWith([
      { toolCalls: [{ name: 'ListFiles', arguments: {} }] },
      { text: 'Two entries.' },
    ])
    const end = await runCli(['-p', 'list', '--output-format', 'stream-json'], { cwd: root, env })
    const lines = end.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines[0]).toMatchObject({ type: 'session', schema_version: 1, session_id: expect.any(String) })
    expect(lines.at(-1)).toMatchObject({ type: 'result', session_id: lines[0].session_id, exit_code: 0 })
    const types = lines.map(line => line.type)
    for (const type of [
      'turn_started',
      'user',
      'assistant',
      'tool_started',
      'tool_result',
      'text_delta',
      'turn_ended',
    ]) {
      expect(types).toContain(type)
    }
  })

  test('takes the prompt from stdin, or stdin as context beside a prompt', async () => {
    const { root, env, model } = await projectWith([{ text: 'a' }, { text: 'b' }])
    await runCli([], { cwd: root, env, input: 'only stdin\n' })
    await runCli(['summarise'], { cwd: root, env, input: 'line 1\nline 2\n' })
    const texts = model.requests.map(request => JSON.stringify(request.body.messages.at(-1)?.content))
    expect(texts[0]).toContain('only stdin')
    expect(texts[1]).toMatch(/summarise.*<stdin>\\nline 1\\nline 2\\n\\n<\/stdin>/)
  })

  test('no secret of the environment reaches the shell of the model', async () => {
    const { root, env, model } = await projectWith([
      { toolCalls: [{ name: 'Bash', arguments: { command: 'env' } }] },
      { text: 'ok' },
    ])
    await runCli(['show env'], {
      cwd: root,
      env: { ...env, AWS_SECRET_ACCESS_KEY: 'topsecret', MY_TOKEN: 'alsosecret' },
    })
    const output = String(model.requests[1]?.body.messages.at(-1)?.content)
    expect(output).toContain('PATH=')
    expect(output).not.toMatch(/topsecret|alsosecret|KODE_LLM_API_KEY/)
  })
})

describe('exit codes', () => {
  test.each([
    ['a wrong key', [{ error: { status: 401, message: 'bad key' } }], 5, /401|key/i],
    [
      'HTML instead of JSON',
      [{ raw: { body: '<html>login</html>', contentType: 'text/html' } }],
      5,
      /instead of a model/i,
    ],
    [
      'two empty replies',
      [{ text: '' }, { text: '' }, { text: '' }, { text: '' }, { text: '' }, { text: '' }],
      5,
      /empty/i,
    ],
    [
      'a context that is too long',
      [{ error: { status: 400, message: 'maximum context length exceeded', code: 'context_length_exceeded' } }],
      3,
      /context/i,
    ],
  ] satisfies [string, Script, number, RegExp][])('%s', async (_, script, code, message) => {
    const { root, env } = await projectWith(script)
    const before = treeHash(root)
    const end = await runCli(['--output-format', 'json', 'go'], { cwd: root, env })
    const result = JSON.parse(end.stdout)
    expect(end.code).toBe(code)
    expect(result).toMatchObject({ success: false, exit_code: code })
    expect(result.error).toMatch(message)
    expect(treeHash(root)).toBe(before)
  })

  test('an endpoint that cannot be reached: 5, with what to do', async () => {
    const root = tempProject(FILES)
    const env = { KODE_LLM_ENDPOINT: 'http://127.0.0.1:9/v1', KODE_LLM_MODEL: 'm' }
    const end = await runCli(['go'], { cwd: root, env })
    expect(end.code).toBe(5)
    expect(end.stderr).toMatch(/cannot be reached at 127\.0\.0\.1:9/)
  })

  test('no key: 2, and the variable to set', async () => {
    const end = await runCli(['go'], { cwd: tempProject(FILES) })
    expect(end.code).toBe(2)
    expect(end.stderr).toMatch(/API_KEY/)
  })

  test.each([
    [['--nonsense'], /nonsense/],
    [['--output-format', 'xml', 'go'], /text, json, stream-json/],
    [['--mode', 'wild', 'go'], /plan, safe, auto/],
    [['--max-turns', 'many', 'go'], /wants a whole number from 1, not "many"/],
    [['--max-turns', '0', 'go'], /wants a whole number from 1/],
    [['--max-total-tokens', '1.5', 'go'], /wants a whole number/],
    [['--timeout', '0', 'go'], /wants a number above 0/],
    [['--max-cost', '-1', 'go'], /--max-cost/],
    [['--temperature', '2.5', 'go'], /wants a number from 0 to 2/],
    [['--allowed-tools', 'Read,Grap', '--provider', 'mock', 'go'], /no tool "Grap"\. The tools are: Read/],
    [['--disallowed-tools', 'Bsh', '--provider', 'mock', 'go'], /no tool "Bsh"/],
    [['--max-cost', '1', '--provider', 'mock', 'go'], /price, and that of mock-model is not known/],
    [['--patch-file', '/no/such/folder/x.patch', '--provider', 'mock', 'go'], /--patch-file: .*no such file/],
    [['-a', 'reviewer', 'go'], /there is no agent "reviewer"; there are: default, explore, plan, task, verify/],
    [['-p', 'a', 'b'], /not both/],
    [['--project-root', '/no/such/folder', 'go'], /does not exist/],
  ])('wrong usage %j: 2', async (args, message) => {
    const end = await runCli(args, { cwd: tempProject(FILES) })
    expect(end.code).toBe(2)
    expect(end.stderr).toMatch(message)
    expect(end.stdout).toBe('')
  })

  test.each([
    [['--max-turns', '0', 'go'], 'wants a whole number from 1'],
    [['-p', 'a', 'b'], 'not both'],
    [['--patch-file', '/no/such/folder/x.patch', 'go'], 'no such file'],
  ])('wrong usage %j leaves its one object where JSON is wanted', async (args, message) => {
    const end = await runCli(['--output-format', 'json', ...args], { cwd: tempProject(FILES) })
    const told = expect.stringContaining(message)
    expect(end).toMatchObject({ code: 2, stderr: told })
    expect(JSON.parse(end.stdout)).toMatchObject({ type: 'result', success: false, exit_code: 2, error: told })
  })

  test('a limit of turns: 3, named in the JSON', async () => {
    const { root, env } = await projectWith(() => ({ toolCalls: [{ name: 'ListFiles', arguments: {} }] }))
    const end = await runCli(['--max-turns', '2', '--output-format', 'json', 'go'], { cwd: root, env })
    expect(JSON.parse(end.stdout)).toMatchObject({ exit_code: 3, stop_reason: 'limit', limit: 'turns' })
    expect(end.code).toBe(3)
  })

  test('a denied call: 4, unless it was allowed to be', async () => {
    const script: Script = [{ toolCalls: [{ name: 'Delete', arguments: { file_path: 'README.md' } }] }, { text: 'no' }]
    const strict = await projectWith(script)
    const refused = await runCli(['--output-format', 'json', 'go'], { cwd: strict.root, env: strict.env })
    expect(refused.code).toBe(4)
    expect(JSON.parse(refused.stdout).denied).toMatchObject([{ tool: 'Delete' }])
    expect(existsSync(join(strict.root, 'README.md'))).toBe(true)
    const lenient = await projectWith(script)
    expect((await runCli(['--allow-denied', 'go'], { cwd: lenient.root, env: lenient.env })).code).toBe(0)
  })

  test('--verify is run by kode itself and decides', async () => {
    const script: Script = [{ text: 'All tests pass, trust me.' }]
    const red = await projectWith(script)
    const failed = await runCli(['--verify', 'exit 3', '--output-format', 'json', 'go'], {
      cwd: red.root,
      env: red.env,
    })
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stdout).verify).toMatchObject({ command: 'exit 3', passed: false, exit_code: 3 })
    const green = await projectWith(script)
    expect((await runCli(['--verify', 'true', 'go'], { cwd: green.root, env: green.env })).code).toBe(0)
    const told = await projectWith(script)
    const text = await runCli(['--verify', 'echo two tests fail; exit 3', 'go'], { cwd: told.root, env: told.env })
    expect(text.stderr).toMatch(/checking with .*failed:\ntwo tests fail\n/s)
  })

  test.each<[string, string[], NodeJS.Signals | undefined, number, object]>([
    ['a signal', [], 'SIGTERM', 143, { stop_reason: 'cancelled', exit_code: 143 }],
    ['the time limit', ['--timeout', '2'], undefined, 3, { stop_reason: 'limit', limit: 'time' }],
  ])('%s ends a --verify that runs, and the result says so', async (_, flags, signal, code, result) => {
    const { root, env } = await projectWith([{ text: 'Done.' }])
    const args = [...flags, '--verify', 'touch begun; sleep 654', '--output-format', 'json', 'go']
    const end = await runCli(args, {
      cwd: root,
      env,
      onStart: kill => {
        if (!signal) return
        const timer = setInterval(() => {
          if (!existsSync(join(root, 'begun'))) return
          clearInterval(timer)
          kill(signal)
        }, 50)
      },
    })
    expect(end.code).toBe(code)
    const { verify, ...printed } = JSON.parse(end.stdout)
    expect(printed).toMatchObject(result)
    expect(verify).toBeUndefined()
  })

  test('--require-changes without a change: 1', async () => {
    const { root, env } = await projectWith([{ text: 'nothing to do' }])
    expect((await runCli(['--require-changes', 'go'], { cwd: root, env })).code).toBe(1)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s in the middle of a command: %i within a second, with every child ended', async (signal, code) => {
    const { root, env } = await projectWith([
      { toolCalls: [{ name: 'Bash', arguments: { command: 'echo begun; sleep 987' } }] },
      { text: 'never' },
    ])
    let killedAt = 0
    const end = await runCli(['--output-format', 'stream-json', 'go'], {
      cwd: root,
      env,
      onStdout(text, kill) {
        if (killedAt > 0 || !text.includes('"text":"begun')) return
        killedAt = performance.now()
        kill(signal)
      },
    })
    expect(end.code).toBe(code)
    expect(performance.now() - killedAt).toBeLessThan(1_500)
    const last = JSON.parse(end.stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ type: 'result', exit_code: code, stop_reason: 'cancelled' })
    const { execFileSync } = await import('node:child_process')
    const survivors = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter(line => line.includes('sleep 987'))
    expect(survivors).toEqual([])
  })

  test('auto without a sandbox that works is refused: 4; safe mode goes on', async () => {
    const { root, env } = await projectWith([{ text: 'hello' }])
    const tools = join(root, '..', 'bin')
    mkdirSync(tools)
    writeFileSync(
      join(tools, 'bwrap'),
      '#!/bin/sh\necho "bwrap: No permissions to create a new namespace" >&2\nexit 1\n',
    )
    chmodSync(join(tools, 'bwrap'), 0o755)
    const broken = { ...env, PATH: `${tools}:${process.env.PATH}` }
    const refused = await runCli(['go'], { cwd: root, env: broken })
    expect(refused.code).toBe(4)
    expect(refused.stderr).toMatch(/bubblewrap does not work here.*No permissions.*--mode safe/s)
    const safe = await runCli(['--mode', 'safe', 'go'], { cwd: root, env: broken })
    expect(safe).toMatchObject({ code: 0, stdout: 'hello\n' })
  })

  test('a silent stdin pipe does not hold up a run that has its prompt', async () => {
    const { root, env } = await projectWith([{ text: 'hello' }])
    const { spawn } = await import('node:child_process')
    const { CLI } = await import('../support/run-cli')
    const child = spawn(process.execPath, [CLI, 'go'], { cwd: root, env: { ...process.env, ...env }, stdio: 'pipe' })
    onTestFinished(() => void child.kill('SIGKILL'))
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(code).toBe(0)
  })
})

describe('a reply that must satisfy a schema', () => {
  const schema = { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] }

  test('is repaired within bounds and given as output', async () => {
    const { root, env } = await projectWith([
      { text: 'It is 42.' },
      { text: '{"answer":"42"}' },
      { text: '```json\n{"answer":42}\n```' },
    ])
    writeFileSync(join(root, '../schema.json'), JSON.stringify(schema))
    const end = await runCli(['--output-schema', '../schema.json', '--output-format', 'json', 'q'], { cwd: root, env })
    expect(JSON.parse(end.stdout)).toMatchObject({ exit_code: 0, output: { answer: 42 }, turns: 3 })
  })

  test('and in text the value alone is on stdout', async () => {
    const { root, env } = await projectWith([{ text: 'It is 42.' }, { text: 'So: {"answer":42}' }])
    writeFileSync(join(root, '../schema.json'), JSON.stringify(schema))
    const end = await runCli(['--output-schema', '../schema.json', 'q'], { cwd: root, env })
    expect([end.code, JSON.parse(end.stdout)]).toEqual([0, { answer: 42 }])
    expect(end.stderr).toContain('It is 42.')
  })

  test('and never does: 1', async () => {
    const { root, env } = await projectWith(() => ({ text: 'no json' }))
    writeFileSync(join(root, '../schema.json'), JSON.stringify(schema))
    const end = await runCli(['--output-schema', '../schema.json', '--output-format', 'json', 'q'], { cwd: root, env })
    expect(end.code).toBe(1)
    expect(JSON.parse(end.stdout)).toMatchObject({ success: false, turns: 3 })
  })
})

test.each([
  [['--verify', ''], '--verify is empty'],
  [['--resume', ''], '--resume is empty'],
  [['--session', ' '], '--session is empty'],
  [['--session-id', ''], '--session-id is empty'],
  [['--continue', '--session-id', 'mine'], '--session-id names a new session'],
])('a run that would not do what %j asks for does not begin', async (flags, message) => {
  const { root, env, model } = await projectWith(() => ({ text: 'done' }))
  const end = await runCli([...flags, 'go'], { cwd: root, env })
  expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  expect(model.requests).toEqual([])
})

test('what empty replies took is in the result', async () => {
  const usage = { input: 1000, output: 500 }
  const { root, env } = await projectWith(() => ({ thinking: 'hm', finish: 'length', usage }))
  const end = await runCli(['--output-format', 'json', '--model', 'gpt-4o', 'q'], { cwd: root, env })
  const result = JSON.parse(end.stdout)
  expect(result).toMatchObject({ exit_code: 5, usage: { input: 2000, output: 1000 } })
  expect(result.cost_usd).toBeGreaterThan(0)
  expect(result.error).toBe('the model sent an empty reply twice. Try another model.')
})

test('a sentence of the provider ends with one full stop', async () => {
  const { root, env } = await projectWith(() => ({ error: { status: 401, message: 'Incorrect key provided.' } }))
  const end = await runCli(['q'], { cwd: root, env })
  expect(end.code).toBe(5)
  expect(end.stderr).toContain('Incorrect key provided. Set a valid key')
})

describe('mending what a check found', () => {
  const limited = ['--output-format', 'json', '--max-turns', '2']

  test('takes its requests from the limit of the run', async () => {
    const { root, env, model } = await projectWith(() => ({ text: 'no json' }))
    writeFileSync(join(root, '../schema.json'), '{"type":"object"}')
    const end = await runCli([...limited, '--output-schema', '../schema.json', 'q'], { cwd: root, env })
    expect(JSON.parse(end.stdout)).toMatchObject({ exit_code: 3, limit: 'turns', turns: 2 })
    expect(model.requests).toHaveLength(2)
  })

  test('ends with what the check saw when no request is left', async () => {
    const { root, env, model } = await projectWith(() => ({ text: 'mended' }))
    const args = [...limited, '--verify', 'echo broken; exit 7', '--verify-attempts', '9', 'q']
    const end = await runCli(args, { cwd: root, env })
    const verify = { passed: false, exit_code: 7, output: expect.stringContaining('broken') }
    expect(JSON.parse(end.stdout)).toMatchObject({ exit_code: 3, limit: 'turns', turns: 2, verify })
    expect(model.requests).toHaveLength(2)
  })

  test('goes on counting from prompt to prompt only within one', async () => {
    const { root, env } = await projectWith(() => ({ text: 'fine' }))
    const lines = ['one', 'two', 'three'].map(text => `${JSON.stringify({ type: 'user', text })}\n`)
    const args = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--max-turns', '1']
    const end = await runCli(args, { cwd: root, env, input: lines.join('') })
    expect(end.code).toBe(0)
    expect(end.stdout.match(/"type":"result"/g)).toHaveLength(3)
  })
})

describe('sessions', () => {
  test('are kept, continued by -c and by id prefix, and shown', async () => {
    const { root, env, model } = await projectWith([{ text: 'first' }, { text: 'second' }, { text: 'third' }])
    const first = JSON.parse((await runCli(['--output-format', 'json', 'one'], { cwd: root, env })).stdout)
    await runCli(['-c', 'two'], { cwd: root, env })
    await runCli(['-s', first.session_id.slice(0, 14), 'three'], { cwd: root, env })
    expect(JSON.stringify(model.requests[2]?.body.messages)).toMatch(/one.*first.*two.*second.*three/s)
    const listed = JSON.parse((await runCli(['sessions', 'list', '--json'], { cwd: root, env })).stdout)
    expect(listed.sessions).toMatchObject([{ id: first.session_id, messages: 6 }])
    const shown = JSON.parse(
      (await runCli(['sessions', 'show', first.session_id, '--json'], { cwd: root, env })).stdout,
    )
    expect(shown.messages.map((message: { role: string }) => message.role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    const unknown = await runCli(['-s', 'zzzz', 'x'], { cwd: root, env })
    expect(unknown.code).toBe(2)
  })

  test('--log-dir holds the log of decisions', async () => {
    const { root, env } = await projectWith([{ toolCalls: [edit('41', '42')] }, { text: 'done' }])
    await runCli(['--log-dir', '../decisions', 'one'], { cwd: root, env })
    // The end of a run waits for its last line.
    const log = readFileSync(join(root, '../decisions/kode.log'), 'utf8')
    expect(log).toMatch(/"command":"agent".*"tool":"Edit"/)
    expect(existsSync(join(root, 'logs'))).toBe(false)
  })

  test('--ephemeral leaves nothing but the change itself', async () => {
    const { root, env } = await projectWith([
      { toolCalls: [edit('41', '42')] },
      {
        toolCalls: [
          {
            name: 'Bash',
            arguments: { command: 'touch made; mkdir -p "$PIP_CACHE_DIR"; touch "$PIP_CACHE_DIR/kept"' },
          },
        ],
      },
      { text: 'gone' },
    ])
    const end = await runCli(['--ephemeral', 'one'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    const left = readdirSync(join(root, '..'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    expect(left.map(entry => entry.name).sort()).toEqual(['README.md', 'a.ts', 'made'])
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toContain('42')
  })

  test('--ephemeral goes on with a session in a copy, and the session stays as it was', async () => {
    const { root, env, model } = await projectWith([{ text: 'first' }, { text: 'second' }])
    const first = JSON.parse((await runCli(['--json', 'one'], { cwd: root, env })).stdout)
    expect((await runCli(['--ephemeral', '-s', first.session_id, 'two'], { cwd: root, env })).stdout).toBe('second\n')
    expect(JSON.stringify(model.requests[1]?.body.messages)).toMatch(/one.*first.*two/s)
    const listed = JSON.parse((await runCli(['sessions', 'list', '--json'], { cwd: root, env })).stdout)
    expect(listed.sessions).toMatchObject([{ id: first.session_id, messages: 2 }])
  })
})

test('the whole first request is small, and every request begins with the one before', async () => {
  const { root, env, model } = await projectWith([
    { toolCalls: [{ name: 'ListFiles', arguments: {} }] },
    { toolCalls: [{ name: 'Read', arguments: { file_path: 'README.md' } }] },
    { text: 'done' },
  ])
  await runCli(['look'], { cwd: root, env })
  const bodies = model.requests.map(request => request.body)
  // 3.5 bytes a token, as the engine estimates it.
  expect(Buffer.byteLength(JSON.stringify([bodies[0]?.messages[0], bodies[0]?.tools])) / 3.5).toBeLessThan(4_500)
  for (const [index, body] of bodies.slice(1).entries()) {
    const before = bodies[index]
    expect(JSON.stringify(body.messages.slice(0, before?.messages.length))).toBe(JSON.stringify(before?.messages))
    expect(JSON.stringify(body.tools)).toBe(JSON.stringify(before?.tools))
  }
})

test.each([['--version'], ['version']])(
  'kode %s is one line with the version and the state of the sandbox',
  async word => {
    const end = await runCli([word], { cwd: tempProject() })
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect(end.stdout).toMatch(/^kode \d+\.\d+\.\d+ \(sandbox: bubblewrap\)\n$/)
  },
)

test('what a project file may not do is not done, and mistakes in it are named', async () => {
  const { root, env, model } = await projectWith([{ text: 'ok' }])
  gitInit(root)
  mkdirSync(join(root, '.kode'))
  const file = join(root, '.kode/kode.json')
  writeFileSync(file, '{ "base_url": "http://evil.example/v1", // a comment\n "mode": "safe" }')
  const end = await runCli(['go'], { cwd: root, env })
  expect(end.code).toBe(0)
  expect(end.stderr).toMatch(/unknown key "base_url"/)
  expect(model.requests).toHaveLength(1)
  writeFileSync(file, '{ "engine": { "max_rounds": "three" } }')
  const broken = await runCli(['go'], { cwd: root, env })
  expect(broken.code).toBe(2)
  expect(broken.stderr).toMatch(/kode\.json: engine\.max_rounds: expected number, found "three"/)
})

async function projectWith(script: Script) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(FILES)
  return { root, model, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' } }
}

function edit(from: string, to: string) {
  return { name: 'Edit', arguments: { file_path: 'src/a.ts', replacements: [{ old_str: from, new_str: to }] } }
}

test('a run is recorded, and played again without a network to the same end', async () => {
  const first = await projectWith([{ toolCalls: [edit('41', '42')] }, { text: 'Done.' }])
  await runCli(['--record', '../run.jsonl', 'make it 42'], { cwd: first.root, env: first.env })
  const again = tempProject(FILES)
  const recording = join(first.root, '../run.jsonl')
  const end = await runCli(['--replay', recording, '--output-format', 'json', 'make it 42'], { cwd: again })
  expect(end.code, end.stdout).toBe(0)
  expect(JSON.parse(end.stdout)).toMatchObject({
    response: 'Done.',
    changes: [{ path: 'src/a.ts', status: 'modified' }],
  })
  expect(readFileSync(join(again, 'src/a.ts'), 'utf8')).toContain('42')
  expect(readFileSync(recording, 'utf8')).not.toContain('"k"')
})

test.each(['before', 'during'])(
  'a recording goes behind no link that a command put in its place %s the run',
  async when => {
    const call = { toolCalls: [{ name: 'Bash', arguments: { command: 'npm test' } }] }
    const { root, env, model } = await projectWith([call, { text: 'Done.' }])
    const outside = join(root, '../.bashrc')
    writeFileSync(outside, 'mine\n')
    if (when === 'before') symlinkSync(outside, join(root, 'run.jsonl'))
    const plant = when === 'during' ? 'ln -sf ../.bashrc run.jsonl && test -L run.jsonl' : 'true'
    writeFileSync(join(root, 'package.json'), JSON.stringify({ scripts: { test: plant } }))
    const end = await runCli(['--record', 'run.jsonl', 'go'], { cwd: root, env })
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('Exit code 0')
    expect(readFileSync(outside, 'utf8')).toBe('mine\n')
  },
)

test('the patch and the summary of a run are written for CI', async () => {
  const { root, env } = await projectWith([{ toolCalls: [edit('41', '42')] }, { text: 'All good.' }])
  await runCli(['--patch-file', '../run.patch', '--summary-file', '../run.md', 'make it 42'], { cwd: root, env })
  expect(readFileSync(join(root, '../run.patch'), 'utf8')).toMatch(
    /^-export const answer = 41\n\+export const answer = 42$/m,
  )
  expect(readFileSync(join(root, '../run.md'), 'utf8')).toMatch(/modified `src\/a\.ts`[\s\S]*All good\./)
})
