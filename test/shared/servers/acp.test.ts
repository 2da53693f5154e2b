import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type McpServer, methods, type RequestPermissionResponse } from '@agentclientprotocol/sdk'
import { createWebSocketStream } from '@agentclientprotocol/sdk/experimental/ws-client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { sleep } from '#shared/base/cancel'
import { allow, connectEditor, type EditorOptions, editingIn, prompt, startEditor } from '../../support/acp-client'
import { hostileServer } from '../../support/mcp-servers'
import { processesWith } from '../../support/processes'
import { CLI } from '../../support/run-cli'
import { type Script, startScriptedProvider } from '../../support/scripted-provider'
import { tempProject } from '../../support/temp-project'

const FILES = { 'src/a.ts': 'export const answer = 41\n' }
const EDIT = {
  name: 'Edit',
  arguments: { file_path: 'src/a.ts', replacements: [{ old_str: '41', new_str: '42' }] },
}
const { session } = methods.agent

test('a turn: text, an edit that is asked for with its diff, then the result, and nothing on the wire is invalid', async () => {
  const { root, editor, sessionId } = await editing([
    { text: 'Let me see.', thinking: 'hm', toolCalls: [EDIT] },
    { text: 'Done.' },
  ])
  expect(await prompt(editor, sessionId, 'make it 42')).toEqual({ stopReason: 'end_turn' })
  expect(editor.said(sessionId)).toBe('Let me see.Done.')
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('export const answer = 42\n')
  const diff = { type: 'diff', path: join(root, 'src/a.ts'), newText: 'export const answer = 42\n' }
  expect(editor.permissions[0]?.toolCall.content).toContainEqual({ ...diff, oldText: FILES['src/a.ts'] })
  const [call] = editor.updatesOf('tool_call')
  expect(call).toMatchObject({ title: 'Edit', kind: 'edit', status: 'pending' })
  const states = editor.updatesOf('tool_call_update').filter(update => update.toolCallId === call?.toolCallId)
  expect(states.at(-1)).toMatchObject({ status: 'completed', locations: [{ path: join(root, 'src/a.ts') }] })
  expect(editor.updatesOf('usage_update').length).toBeGreaterThan(0)
  expect(editor.updatesOf('agent_thought_chunk').length).toBeGreaterThan(0)
  expect(editor.updatesOf('available_commands_update')[0]?.availableCommands.length).toBeGreaterThan(1)
  expect(editor.invalid).toEqual([])
})

test.each([
  ['reject', { outcome: { outcome: 'selected', optionId: 'reject' } }],
  ['cancelled', { outcome: { outcome: 'cancelled' } }],
  ['an option that was never offered', { outcome: { outcome: 'selected', optionId: 'sudo' } }],
] as const)('a permission answered with %s leaves the file as it is', async (_, answer) => {
  const { root, editor, sessionId } = await editing([{ toolCalls: [EDIT] }, { text: 'All right.' }], {
    onPermission: () => answer,
  })
  expect(await prompt(editor, sessionId, 'make it 42')).toEqual({ stopReason: 'end_turn' })
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(FILES['src/a.ts'])
  expect(editor.updatesOf('tool_call_update').at(-1)).toMatchObject({ status: 'failed' })
  expect(editor.invalid).toEqual([])
})

test.each([
  ['with an error', () => Promise.reject(new Error('no window'))],
  ['with what is no answer', () => Promise.resolve(JSON.parse('{"outcome": 3}'))],
])('a permission answered %s is a no', async (_, onPermission) => {
  const { root, editor, sessionId } = await editing([{ toolCalls: [EDIT] }, { text: 'All right.' }], { onPermission })
  expect(await prompt(editor, sessionId, 'make it 42')).toEqual({ stopReason: 'end_turn' })
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(FILES['src/a.ts'])
})

test('a permission that is given after the turn was cancelled changes nothing, and the next turn is as ever', async () => {
  let give: (answer: RequestPermissionResponse) => void = () => undefined
  const late = new Promise<RequestPermissionResponse>(resolve => {
    give = resolve
  })
  const script = [{ toolCalls: [EDIT] }, { toolCalls: [EDIT] }, { text: 'Done.' }]
  const { root, editor, sessionId } = await editing(script, {
    onPermission: () => (editor.permissions.length === 1 ? late : allow('approve')),
  })
  const text = () => readFileSync(join(root, 'src/a.ts'), 'utf8')
  const turn = prompt(editor, sessionId, 'one')
  await vi.waitUntil(() => editor.permissions.length > 0, { timeout: 10_000 })
  await editor.agent.notify(session.cancel, { sessionId })
  expect(await turn).toEqual({ stopReason: 'cancelled' })
  give(allow('approve'))
  await sleep(200)
  expect(text()).toBe(FILES['src/a.ts'])
  expect(await prompt(editor, sessionId, 'two')).toEqual({ stopReason: 'end_turn' })
  expect(text()).toBe('export const answer = 42\n')
  expect(editor.invalid).toEqual([])
})

test('an answer for good holds for calls of the same kind, and not for others', async () => {
  const next = { name: 'Edit', arguments: { file_path: 'src/a.ts', replacements: [{ old_str: '42', new_str: '43' }] } }
  const { root, editor, sessionId } = await editing(
    [
      { toolCalls: [EDIT] },
      { toolCalls: [next] },
      { toolCalls: [{ name: 'Bash', arguments: { command: 'rm src/a.ts' } }] },
      { text: 'Done.' },
    ],
    { onPermission: ({ toolCall }) => allow(toolCall.kind === 'edit' ? 'always_allow' : 'reject') },
  )
  await prompt(editor, sessionId, 'make it 43')
  expect(editor.permissions.map(each => each.toolCall.kind)).toEqual(['edit', 'execute'])
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('export const answer = 43\n')
})

test('a turn is cancelled while the model is silent, and while a permission waits', async () => {
  const never = new Promise<never>(() => undefined)
  const { editor, sessionId } = await editing(
    [{ stall: 3, text: 'a long story about nothing at all' }, { toolCalls: [EDIT] }, { text: 'Done.' }],
    { onPermission: () => never },
  )
  const silent = prompt(editor, sessionId, 'one')
  await vi.waitUntil(() => editor.said(sessionId) !== '', { timeout: 10_000 })
  await editor.agent.notify(session.cancel, { sessionId })
  expect(await silent).toEqual({ stopReason: 'cancelled' })
  const waiting = prompt(editor, sessionId, 'two')
  await vi.waitUntil(() => editor.permissions.length > 0, { timeout: 10_000 })
  await editor.agent.notify(session.cancel, { sessionId })
  expect(await waiting).toEqual({ stopReason: 'cancelled' })
  expect(editor.invalid).toEqual([])
})

test('images and embedded files reach the model; audio is refused with a reason', async () => {
  const { editor, sessionId, model } = await editing([{ text: 'Seen.' }])
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await editor.agent.request(session.prompt, {
    sessionId,
    prompt: [
      { type: 'text', text: 'look' },
      { type: 'image', mimeType: 'image/png', data: png },
      { type: 'resource', resource: { uri: 'file:///notes.md', text: 'remember </attached> this' } },
      { type: 'resource_link', name: 'b', uri: 'file:///tmp/b.ts' },
    ],
  })
  const sent = JSON.stringify(model.requests[0]?.body.messages)
  for (const part of [png, 'remember', 'attached> this', '@/tmp/b.ts']) expect(sent).toContain(part)
  expect(sent.match(/[^\\]<\/attached>/g)).toHaveLength(1)
  const audio = { type: 'audio' as const, mimeType: 'audio/wav', data: '' }
  await expect(editor.agent.request(session.prompt, { sessionId, prompt: [audio] })).rejects.toThrow('audio')
})

test('modes and options are told, switched, and refused where there is no such thing', async () => {
  const { editor, sessionId, created, model } = await editing([{ text: 'Hi.' }, { text: 'Again.' }])
  expect(created.modes).toMatchObject({ currentModeId: 'safe' })
  expect(created.modes?.availableModes.map(mode => mode.id)).toEqual(['plan', 'safe', 'auto'])
  await editor.agent.request(session.setMode, { sessionId, modeId: 'plan' })
  await vi.waitUntil(() => editor.updatesOf('current_mode_update').at(-1)?.currentModeId === 'plan')
  await expect(editor.agent.request(session.setMode, { sessionId, modeId: 'yolo' })).rejects.toThrow('yolo')
  await prompt(editor, sessionId, 'hello')
  const set = await editor.agent.request(session.setConfigOption, { sessionId, configId: 'model', value: 'other' })
  expect(set.configOptions.find(option => option.id === 'model')).toMatchObject({ currentValue: 'other' })
  await editor.agent.request(session.setConfigOption, { sessionId, configId: 'thinking', value: 'high' })
  await prompt(editor, sessionId, 'and now')
  expect(model.requests.at(-1)?.body).toMatchObject({ model: 'other' })
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('hello')
  expect(editor.invalid).toEqual([])
})

test('sessions are listed, loaded with their history, resumed without it, and deleted', async () => {
  const { editor, sessionId, root, env } = await editing([{ text: 'First answer.' }, { text: 'Second.' }])
  await prompt(editor, sessionId, 'first question')
  await editor.agent.request(session.close, { sessionId })
  await expect(prompt(editor, sessionId, 'closed')).rejects.toThrow()
  const again = await startEditor({ cwd: root, env })
  const { sessions } = await again.agent.request(session.list, { cwd: root })
  expect(sessions).toMatchObject([{ sessionId, cwd: root }])
  await again.agent.request(session.load, { sessionId, cwd: root, mcpServers: [] })
  expect(again.said(sessionId)).toBe('First answer.')
  expect(again.updatesOf('user_message_chunk').map(update => update.content)).toEqual([
    { type: 'text', text: 'first question' },
  ])
  await again.agent.request(session.resume, { sessionId, cwd: root, mcpServers: [] })
  expect(again.said(sessionId)).toBe('First answer.')
  await prompt(again, sessionId, 'second question')
  await again.agent.request(session.delete, { sessionId })
  expect((await again.agent.request(session.list, {})).sessions).toEqual([])
  await expect(again.agent.request(session.load, { sessionId, cwd: root, mcpServers: [] })).rejects.toThrow()
  expect([...editor.invalid, ...again.invalid]).toEqual([])
})

test('the tools of MCP servers that the editor hands in are offered and asked for', async () => {
  const { editor, root, model } = await editing([
    { toolCalls: [{ name: 'my_tickets__echo', arguments: { id: 7 } }] },
    { text: 'Done.' },
  ])
  const { command, args } = hostileServer()
  const server: McpServer = { name: 'my tickets', command, args, env: [{ name: 'LEVEL', value: '3' }] }
  const { sessionId } = await editor.agent.request(session.new, { cwd: root, mcpServers: [server] })
  expect(await prompt(editor, sessionId, 'look')).toEqual({ stopReason: 'end_turn' })
  expect(editor.permissions.at(-1)?.toolCall.title).toContain('echo')
  expect(model.requests[1]?.body.messages.at(-1)?.content).toBe('echo {"id":7}')
  expect(editor.invalid).toEqual([])
})

test('an MCP server of the editor that does not start costs one line', async () => {
  const { editor, root } = await editing([{ text: 'Done.' }])
  const server: McpServer = { name: 'tickets', command: 'no-such-tickets-mcp', args: [], env: [] }
  const { sessionId } = await editor.agent.request(session.new, { cwd: root, mcpServers: [server] })
  await prompt(editor, sessionId, 'look')
  expect(editor.said(sessionId)).toMatch(/MCP server tickets: there is no program "no-such-tickets-mcp"/)
})

test('several sessions run at once, each hearing only its own', async () => {
  const { editor, root } = await editing(request => {
    const text = JSON.stringify(request.body.messages)
    return { text: text.includes('alpha') ? 'A' : 'B', delayMs: 50 }
  })
  const open = () => editor.agent.request(session.new, { cwd: root, mcpServers: [] })
  const [one, two] = await Promise.all([open(), open()])
  await Promise.all([prompt(editor, one.sessionId, 'alpha'), prompt(editor, two.sessionId, 'beta')])
  expect([editor.said(one.sessionId), editor.said(two.sessionId)]).toEqual(['A', 'B'])
})

test('a plan is told as the model makes it, and a question of the model reaches the person', async () => {
  const todo = { content: 'look around', status: 'in_progress', priority: 'high' }
  const { editor, sessionId, model } = await editing(
    [
      { toolCalls: [{ name: 'TodoWrite', arguments: { todos: [todo] } }] },
      { toolCalls: [{ name: 'AskUser', arguments: { question: 'tabs or blanks?', options: ['tabs', 'blanks'] } }] },
      { text: 'Done.' },
    ],
    { capabilities: { elicitation: { form: {} } }, onElicitation: () => ({ answer: 'blanks' }) },
  )
  await prompt(editor, sessionId, 'plan it')
  expect(editor.updatesOf('plan').at(-1)?.entries).toMatchObject([todo])
  expect(String(model.requests.at(-1)?.body.messages.at(-1)?.content)).toContain('blanks')
  expect(editor.invalid).toEqual([])
})

test('several answers may be chosen, where the question says so', async () => {
  const question = { question: 'which?', options: ['tabs', 'blanks', 'both'], multiple: true, default: 'tabs' }
  const asked: unknown[] = []
  const { editor, sessionId, model } = await editing(
    [{ toolCalls: [{ name: 'AskUser', arguments: question }] }, { text: 'Done.' }],
    {
      capabilities: { elicitation: { form: {} } },
      onElicitation: request => {
        asked.push(request)
        return { answer: ['tabs', 'both'] }
      },
    },
  )
  await prompt(editor, sessionId, 'go')
  const items = { type: 'string', enum: question.options }
  expect(asked).toMatchObject([
    { requestedSchema: { properties: { answer: { type: 'array', items, default: ['tabs'] } } } },
  ])
  expect(String(model.requests.at(-1)?.body.messages.at(-1)?.content)).toContain('tabs\nboth')
  expect(editor.invalid).toEqual([])
})

test('a slash command runs without asking a model', async () => {
  const { editor, sessionId, model } = await editing([])
  const [command] = editor.updatesOf('available_commands_update')[0]?.availableCommands ?? []
  expect(await prompt(editor, sessionId, `/${command?.name}`)).toEqual({ stopReason: 'end_turn' })
  expect(editor.said(sessionId)).not.toBe('')
  expect(model.requests).toEqual([])
})

test('commands about the conversation work in it; what needs the machine of the user is not offered', async () => {
  const call = { name: 'Bash', arguments: { command: 'seq 3' } }
  const { editor, sessionId, model } = await editing([
    { toolCalls: [call] },
    { text: 'Counted.' },
    { text: 'Nothing new.' },
  ])
  const offered = editor.updatesOf('available_commands_update')[0]?.availableCommands.map(({ name }) => name)
  expect(offered).toEqual(expect.arrayContaining(['compact', 'diff', 'expand', 'memory save', 'cancel']))
  expect(offered).not.toContain('copy')
  await prompt(editor, sessionId, '/expand')
  expect(editor.said(sessionId)).toContain('There are only 0 tool calls')
  await prompt(editor, sessionId, 'count')
  await prompt(editor, sessionId, '/expand')
  expect(editor.said(sessionId)).toMatch(/Bash \(ok\)\n[\s\S]*1\n2\n3/)
  await prompt(editor, sessionId, '/memory save')
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('Remember with MemoryWrite')
})

test('a provider that fails for good is an error of the prompt, not the end of the server', async () => {
  const { editor, sessionId } = await editing([
    { error: { status: 401, message: 'wrong key' } },
    { text: 'Now it works.' },
  ])
  await expect(prompt(editor, sessionId, 'one')).rejects.toThrow(/key|401/i)
  expect(await prompt(editor, sessionId, 'two')).toEqual({ stopReason: 'end_turn' })
})

test.each([
  ['a folder that is missing', '/no/such/folder'],
  ['a relative folder', 'here'],
])('%s is refused', async (_, cwd) => {
  const { editor } = await editing([])
  await expect(editor.agent.request(session.new, { cwd, mcpServers: [] })).rejects.toThrow()
})

test('without a key a client is told that one is needed, and how it is given', async () => {
  const cwd = tempProject(FILES)
  const editor = await startEditor({ cwd })
  await expect(editor.agent.request(session.new, { cwd, mcpServers: [] })).rejects.toMatchObject({
    code: -32_000,
    message: expect.stringMatching(/^Authentication required: There is no API key .*kode providers login/),
  })
  expect(await editor.agent.request(session.list, {})).toMatchObject({ sessions: [] })
})

test('lines that are no JSON or no message do not end the server', async () => {
  const { editor, root } = await editing([])
  editor.child.stdin?.write('this is no JSON\n"text"\n')
  const opened = await editor.agent.request(session.new, { cwd: root, mcpServers: [] })
  expect(opened.sessionId).not.toBe('')
})

test('a client that goes away ends the server and the command that runs', async () => {
  const command = 'echo started; sleep 61.625; touch late'
  const { editor, sessionId, root } = await editing([{ toolCalls: [{ name: 'Bash', arguments: { command } }] }])
  const running = prompt(editor, sessionId, 'wait').catch(() => undefined)
  await vi.waitUntil(() => JSON.stringify(editor.updatesOf('tool_call_update')).includes('started\\n'), {
    timeout: 15_000,
  })
  editor.child.stdin?.destroy()
  editor.child.stdout?.destroy()
  expect(await editor.ended).not.toBeNull()
  await running
  await vi.waitUntil(() => processesWith('sleep 61.625').length === 0, { timeout: 5_000 })
  expect(existsSync(join(root, 'late'))).toBe(false)
})

test('after kill -9 of the server the session is there, with what was said', async () => {
  const { editor, sessionId, root, env } = await editing([
    { text: 'Before the end.' },
    { stall: 3, text: 'a story that is never told to its end' },
  ])
  await prompt(editor, sessionId, 'one')
  const second = prompt(editor, sessionId, 'two').catch(() => undefined)
  await vi.waitUntil(() => editor.said(sessionId).length > 'Before the end.'.length, { timeout: 10_000 })
  editor.child.kill('SIGKILL')
  await Promise.all([second, editor.ended])
  const again = await startEditor({ cwd: root, env })
  await again.agent.request(session.load, { sessionId, cwd: root, mcpServers: [] })
  expect(again.said(sessionId)).toContain('Before the end.')
})

test('over a WebSocket: only with the token, and not from a web page of elsewhere', async () => {
  const model = await startScriptedProvider([{ text: 'Hello.' }])
  onTestFinished(() => model.close())
  const root = tempProject(FILES)
  const { address, token } = await startSocketServer(root, model.url)
  const open = (headers: Record<string, string>) => createWebSocketStream(address, { WebSocket, headers })
  const known = { authorization: `Bearer ${token}` }
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { ...known, origin: 'https://evil.example' }]) {
    const refused = new WebSocket(address, { headers })
    expect(await new Promise(resolve => refused.on('error', error => resolve(error.message)))).toMatch(/401|403/)
  }
  const editor = await connectEditor(open(known), { cwd: root })
  const { sessionId } = await editor.agent.request(session.new, { cwd: root, mcpServers: [] })
  await editor.agent.request(session.prompt, { sessionId, prompt: [{ type: 'text', text: 'hi' }] })
  expect(editor.said(sessionId)).toBe('Hello.')
  expect(editor.invalid).toEqual([])
})

test('over a WebSocket: who breaks off, or sends what is no request, does not end the server', async () => {
  const root = tempProject(FILES)
  const { address, token } = await startSocketServer(root, 'http://127.0.0.1:9/v1')
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: '
  const texts = ['/', '//[', `/?token=${token}`].flatMap(path =>
    [`${'a'.repeat(22)}==`, 'no key'].map(key => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${upgrade}${key}\r\n\r\n`),
  )
  for (const text of [...texts, 'no HTTP at all\r\n\r\n']) {
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    socket.on('error', () => undefined)
    await new Promise(resolve => socket.write(text, resolve))
    await sleep(50)
    socket.resetAndDestroy()
  }
  const headers = { authorization: `Bearer ${token}` }
  const editor = await connectEditor(createWebSocketStream(address, { WebSocket, headers }), { cwd: root })
  expect((await editor.agent.request(session.new, { cwd: root, mcpServers: [] })).sessionId).not.toBe('')
})

async function startSocketServer(root: string, endpoint: string) {
  const env = { KODE_LLM_ENDPOINT: endpoint, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const child = spawn(process.execPath, [CLI, 'server', '--port', '0'], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: join(root, '..'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  child.stderr.on('data', piece => {
    told += piece
  })
  await vi.waitUntil(() => /token: (\S+)\n/.test(told), { timeout: 15_000 })
  return { address: told.match(/ws:\/\/\S+/)?.[0] ?? '', token: told.match(/token: (\S+)/)?.[1] ?? '' }
}

function editing(script: Script, options: Omit<EditorOptions, 'cwd' | 'env'> = {}) {
  return editingIn(FILES, script, options)
}
