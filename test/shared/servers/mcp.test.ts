import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTo } from 'node:net'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sleep } from '#shared/base/cancel'
import { CLI } from '../../support/run-cli'
import { type Script, startScriptedProvider } from '../../support/scripted-provider'
import { gitInit, tempProject } from '../../support/temp-project'

const FILES = { 'src/a.ts': 'export const answer = 41\n', 'package.json': '{ "type": "module" }\n' }
const GOOD = { id: 'h1', action: 'MODIFY', file_path: 'src/a.ts', anchor_text: 'answer = 41', new_text: 'answer = 42' }
const BAD = { ...GOOD, new_text: 'answer = (42' }

test('every tool has both schemas, and says whether it only reads', async () => {
  const { client } = await connected()
  const { tools } = await client.listTools()
  expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
    ['kode_plan', true],
    ['kode_verify', true],
    ['kode_blast_radius', true],
    ['kode_critique', true],
    ['kode_apply_verified', false],
    ['kode_explain', true],
    ['kode_stats', true],
  ])
  expect(tools.every(tool => tool.inputSchema.type === 'object' && tool.outputSchema?.type === 'object')).toBe(true)
})

test.each(['legacy', 'auto'] as const)('verifies a change without writing it (%s protocol)', async mode => {
  const { client, root } = await connected({ mode })
  const good = await client.callTool({ name: 'kode_verify', arguments: { hunks: [GOOD] } })
  expect(good.structuredContent).toMatchObject({ status: 'PASS' })
  const bad = await client.callTool({ name: 'kode_verify', arguments: { hunks: [BAD] } })
  expect(bad.isError).not.toBe(true)
  expect(bad.structuredContent).toMatchObject({
    status: 'FAIL',
    failed_hunks: { h1: expect.stringMatching(/^syntax/) },
  })
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(FILES['src/a.ts'])
  const stats = await client.callTool({ name: 'kode_stats', arguments: {} })
  expect(stats.structuredContent).toMatchObject({ total: 2, passed: 1, failed: 1 })
  const explained = await client.callTool({ name: 'kode_explain', arguments: { gate: 'syntax' } })
  expect(explained.structuredContent).toMatchObject({ gate: 'syntax', examples: [{ path: expect.any(String) }] })
})

test('tells how far a change reaches, also one that another gate refuses', async () => {
  const { client, root } = await connected()
  writeFileSync(join(root, 'src/b.ts'), "import { answer } from './a'\nexport const twice = answer * 2\n")
  for (const new_text of ['reply = 41', 'reply = (41']) {
    const hunks = [{ ...GOOD, new_text }]
    const reach = await client.callTool({ name: 'kode_blast_radius', arguments: { hunks } })
    expect(reach.structuredContent).toMatchObject({ check_name: 'blast_radius' })
    expect(JSON.stringify(reach.structuredContent)).toContain('src/b.ts')
  }
  const neither = await client.callTool({ name: 'kode_blast_radius', arguments: {} })
  expect(neither).toMatchObject({ isError: true })
})

test('plans without a model or a key', async () => {
  const { client } = await connected()
  const plan = await client.callTool({ name: 'kode_plan', arguments: { task: 'change the answer' } })
  expect(JSON.stringify(plan.structuredContent)).toContain('src/a.ts')
})

test('reviews a task and a patch before anything is written', async () => {
  const { client } = await connected()
  for (const args of [{ task: 'change the answer' }, { patch: JSON.stringify({ hunks: [GOOD] }) }]) {
    const review = await client.callTool({ name: 'kode_critique', arguments: args })
    expect(review.structuredContent).toMatchObject({ schema_version: 1, findings: expect.any(Array) })
  }
})

test('carries out a task, with progress, and lands what passes', async () => {
  const { client, root } = await connected({ script: [{ text: JSON.stringify({ hunks: [GOOD] }) }] })
  const told: string[] = []
  const done = await client.callTool(
    { name: 'kode_apply_verified', arguments: { task: 'make it 42', test_command: 'true' } },
    { onprogress: ({ message }) => void told.push(message ?? '') },
  )
  expect(done.structuredContent).toMatchObject({ status: 'PASS', applied_hunks: ['h1'] })
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('export const answer = 42\n')
  expect(told.length).toBeGreaterThan(0)
})

test('a task that is cancelled ends, and the server goes on', async () => {
  const { client, model } = await connected({ script: [{ stall: 'before-headers' }] })
  const cancel = new AbortController()
  const call = { name: 'kode_apply_verified', arguments: { task: 'make it 42' } }
  const running = client.callTool(call, { signal: cancel.signal }).catch(() => 'cancelled')
  await vi.waitUntil(() => (model?.requests.length ?? 0) > 0, { timeout: 15_000 })
  cancel.abort()
  expect(await running).toBe('cancelled')
  await vi.waitUntil(() => model?.requests[0]?.isAborted, { timeout: 10_000 })
  expect((await client.listTools()).tools.length).toBeGreaterThan(0)
})

test.each([
  ['kode_verify', {}, 'hunks'],
  ['kode_verify', { hunks: [{ id: 'x' }] }, ''],
  ['kode_explain', { gate: 'no such gate' }, 'gate'],
  ['kode_stats', {}, 'audit log'],
  ['kode_plan', { task: '' }, 'task'],
])('%s with %j is an error that says why', async (name, args, why) => {
  const { client } = await connected()
  const result = await client.callTool({ name, arguments: args })
  const isRefused = result.isError === true || JSON.stringify(result.structuredContent).includes('FAIL')
  expect(isRefused).toBe(true)
  expect(JSON.stringify(result.content)).toContain(why)
})

test('over HTTP: only with the token, not from a web page of elsewhere, and only at /mcp', async () => {
  const root = tempProject(FILES)
  const { url, token } = await startHttp(root)
  const status = async (path: string, headers: Record<string, string>) =>
    (await fetch(new URL(path, url), { method: 'POST', headers, body: '{}' })).status
  const known = { authorization: `Bearer ${token}` }
  expect(await status('/mcp', {})).toBe(401)
  expect(await status('/mcp', { authorization: 'Bearer wrong' })).toBe(401)
  expect(await status('/mcp', { ...known, origin: 'https://evil.example' })).toBe(403)
  expect(await status('/', known)).toBe(404)
  const client = await connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: known } }))
  const good = await client.callTool({ name: 'kode_verify', arguments: { hunks: [GOOD] } })
  expect(good.structuredContent).toMatchObject({ status: 'PASS' })
})

test('over HTTP: a client that breaks off, or sends what is no request, does not end the server', async () => {
  const { url, token } = await startHttp(tempProject(FILES))
  const { port } = new URL(url)
  const head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n`
  for (const text of [
    `POST /mcp HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\n{"half":`,
    `GET //[ HTTP/1.1\r\n${head}\r\n`,
    `POST /mcp HTTP/1.1\r\n${head}Content-Length: 9\r\n\r\nno JSON!!`,
    `GET /mcp?[ HTTP/1.1\r\n${head}\r\n`,
    'no HTTP at all\r\n\r\n',
  ]) {
    const socket = connectTo(Number(port), '127.0.0.1')
    const answered = once(socket, 'data').catch(() => 'closed')
    await new Promise(resolve => socket.write(text, resolve))
    await Promise.race([answered, sleep(300)])
    socket.destroy()
  }
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  const client = await connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
  expect((await client.listTools()).tools.length).toBeGreaterThan(0)
})

async function connected(options: { mode?: 'legacy' | 'auto'; script?: Script } = {}) {
  const root = tempProject(FILES)
  gitInit(root)
  const model = options.script && (await startScriptedProvider(options.script))
  onTestFinished(() => model?.close())
  const endpoint = model && { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [CLI, 'mcp', 'serve'],
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: join(root, '..'), ...endpoint },
  })
  return { root, model, client: await connect(transport, options.mode) }
}

async function connect(transport: Transport, mode: 'legacy' | 'auto' = 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return client
}

async function startHttp(root: string) {
  const child = spawn(process.execPath, [CLI, 'mcp', 'serve', '--http'], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: join(root, '..') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  child.stderr.on('data', piece => {
    told += piece
  })
  await vi.waitUntil(() => /token: \S+\n/.test(told), { timeout: 15_000 })
  return { url: told.match(/http:\S+/)?.[0] ?? '', token: told.match(/token: (\S+)/)?.[1] ?? '' }
}
