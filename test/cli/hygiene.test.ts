/** What the peers of this program were measured to do wrong when scripts run them: none of it happens here. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CLI, runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { shippedSchema } from '../support/shipped-schema'
import { tempProject } from '../support/temp-project'

const bash = (command: string) => ({ toolCalls: [{ name: 'Bash', arguments: { command } }] })

describe('no failure is exit 0', () => {
  test.each<[string, Script, string[], number, Record<string, unknown>]>([
    ['a detected loop', () => bash('echo again'), [], 3, { stop_reason: 'limit', limit: 'loop_guard' }],
    [
      'half an answer after a cut stream',
      () => ({ text: 'The answer to your question is '.repeat(20), cutAfter: 5 }),
      [],
      5,
      { stop_reason: 'provider_failed' },
    ],
    [
      'a stream that ends without an end mark',
      () => ({ text: 'The answer to your question is '.repeat(20), endAfter: 5 }),
      [],
      5,
      { stop_reason: 'provider_failed' },
    ],
    [
      'a reply that is cut by the output limit for ever',
      () => ({ text: 'more', finish: 'length' }),
      [],
      3,
      { limit: 'output_limit' },
    ],
    ['a refusal by content policy', [{ text: 'No.', finish: 'content_filter' }], [], 1, { stop_reason: 'refused' }],
    ['too many tokens', () => bash(`echo ${Math.random()}`), ['--max-total-tokens', '1'], 3, { limit: 'tokens' }],
  ])('%s', async (_, script, flags, code, result) => {
    const { root, env } = await projectWith(script)
    const end = await runCli([...flags, '--output-format', 'json', 'go'], { cwd: root, env })
    expect(JSON.parse(end.stdout)).toMatchObject({ success: false, exit_code: code, ...result })
    expect(end.code).toBe(code)
  })
})

test.each([
  ['before the first byte', 'before-headers'],
  ['in the middle', 3],
] as const)('a provider that falls silent %s costs seconds, not minutes', async (_, stall) => {
  const { root, env } = await projectWith(() => ({ text: 'a long reply that never comes to its end', stall }))
  const end = await runCli(['--idle-timeout', '0.5', '--fail-fast', 'go'], { cwd: root, env })
  expect(end.code).toBe(5)
  expect(end.stderr).toMatch(/silent|timed? ?out|nothing/i)
  expect(end.durationMs).toBeLessThan(20_000)
})

test('a background server neither holds up its step nor outlives it', async () => {
  const { root, env, model } = await projectWith([
    bash('sleep 4711 & setsid sleep 4712 & nohup sleep 4713 >/dev/null 2>&1 & echo started'),
    { text: 'ok' },
  ])
  const end = await runCli(['serve'], { cwd: root, env })
  expect(end.code, end.stderr).toBe(0)
  expect(end.durationMs).toBeLessThan(30_000)
  expect(String(model.requests[1]?.body.messages.at(-1)?.content)).toContain('started')
  expect(processesLike(/sleep 471[123]/)).toEqual([])
})

test.each(['stream-json', 'text'])(
  'a reader of %s that goes away ends the run, quietly and with its children',
  async format => {
    const { root, env } = await projectWith([
      {
        ...bash('for i in $(seq 500); do echo $i; sleep 0.05; done; sleep 4720'),
        // Line by line, so that something is written when nobody reads any more.
        ...{ text: 'Line\n'.repeat(12), pieceLength: 5, delayBetweenMs: 100 },
      },
      { text: 'ok' },
    ])
    const child = spawn(process.execPath, [CLI, '--output-format', format, 'go'], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: join(root, '..'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let errors = ''
    child.stderr.on('data', piece => {
      errors += piece
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const code = await new Promise(resolve => child.on('close', resolve))
    expect([code, errors]).toEqual([130, ''])
    expect(processesLike(/seq 500|sleep 4720/)).toEqual([])
  },
)

test.skipIf(process.platform !== 'linux').each(['/proc/nobody', '/sys', '/dev/null'])(
  'works with a home that takes nothing whatever its permissions say: %s',
  async home => {
    const { root, env } = await projectWith([bash('echo made > by-shell'), { text: 'made' }])
    const end = await runCli(['go'], { cwd: root, env: { ...env, HOME: home } })
    expect([end.code, end.stdout], end.stderr).toEqual([0, 'made\n'])
    expect(end.stderr).toMatch(/read-only; nothing is kept/)
    expect(readFileSync(join(root, 'by-shell'), 'utf8')).toBe('made\n')
  },
)

test('works with a read-only home, and says that nothing is kept', async () => {
  const { root, env, model } = await projectWith([
    { toolCalls: [{ name: 'Write', arguments: { file_path: 'made.js', content: 'export const a = 1\n' } }] },
    bash('cat "$HOME"/.config/kode/db/keys.json; echo looked'),
    { text: 'made' },
  ])
  const home = join(root, '../home')
  const keys = join(home, '.config/kode/db/keys.json')
  mkdirSync(dirname(keys), { recursive: true })
  writeFileSync(keys, JSON.stringify({ version: 1, keys: { groq: 'a-kept-key' }, keychain: [] }))
  const inReadOnlyHome = ['--dev-bind', '/', '/', '--ro-bind', home, home, process.execPath, CLI, 'go']
  const child = spawn('bwrap', inReadOnlyHome, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...env, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', piece => {
    stdout += piece
  })
  child.stderr.on('data', piece => {
    stderr += piece
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  expect([code, stdout], stderr).toEqual([0, 'made\n'])
  expect(stderr).toMatch(/read-only; nothing is kept/)
  expect(readFileSync(join(root, 'made.js'), 'utf8')).toContain('a = 1')
  // Kept keys are as invisible to commands as in any other home.
  const output = JSON.stringify(model.requests.at(-1)?.body.messages?.at(-1))
  expect(output).toMatch(/looked.*No such file/)
  expect(output).not.toContain('a-kept-key')
})

test('no host but the provider is contacted, nor is a name looked up', async () => {
  const { root, env, model } = await projectWith([bash('echo hi'), { text: 'ok' }])
  const trace = join(root, '../connects.txt')
  const hook = join(root, '../hook.cjs')
  writeFileSync(
    hook,
    `const { appendFileSync } = require('node:fs')
     const note = line => appendFileSync(${JSON.stringify(trace)}, line + '\\n')
     const net = require('node:net'), dns = require('node:dns'), dgram = require('node:dgram')
     const connect = net.Socket.prototype.connect
     net.Socket.prototype.connect = function (...args) {
       const [to] = Array.isArray(args[0]) ? args[0] : args
       note('connect ' + (typeof to === 'object' ? to.path ?? to.host + ':' + to.port : to))
       return connect.apply(this, args)
     }
     const lookup = dns.lookup
     dns.lookup = (name, ...rest) => { note('lookup ' + name); return lookup(name, ...rest) }
     const send = dgram.Socket.prototype.send
     dgram.Socket.prototype.send = function (...args) { note('udp'); return send.apply(this, args) }`,
  )
  const end = await runCli(['go'], { cwd: root, env: { ...env, NODE_OPTIONS: `--require "${hook}"` } })
  expect(end.code, end.stderr).toBe(0)
  const lines = new Set(readFileSync(trace, 'utf8').trim().split('\n'))
  const { host } = new URL(model.url)
  // Sockets by path are the sandbox's own, inside the session's folder.
  const abroad = [...lines].filter(
    line => line !== `connect ${host}` && !line.startsWith('connect /') && line !== 'lookup 127.0.0.1',
  )
  expect(lines).toContain(`connect ${host}`)
  expect(abroad).toEqual([])
  expect(model.connections()).toBe(1)
})

test('what a streamed reply prints grows with its length, not with its square', async () => {
  const bytesFor = async (deltas: number) => {
    const { root, env } = await projectWith([{ text: 'abcd'.repeat(deltas), pieceLength: 4 }])
    const end = await runCli(['--output-format', 'stream-json', 'go'], { cwd: root, env })
    return end.stdout.length
  }
  const [small, large] = [await bytesFor(500), await bytesFor(2_000)]
  expect(large / small).toBeLessThan(4.2)
})

function processesLike(pattern: RegExp): string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return all.filter(line => pattern.test(line))
}

async function projectWith(script: Script) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject({ 'README.md': '# sample\n' })
  return { root, model, env: { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' } }
}

test('what a command changes in the background, after its call has returned, is told and taken back', async () => {
  const { root, env } = await projectWith(({ body }) => {
    const results = body.messages.filter(message => message.role === 'tool').map(message => String(message.content))
    const call = (name: string, args: object) => ({ toolCalls: [{ name, arguments: args }] })
    if (results.length === 0) return call('Bash', { command: 'sleep 1; echo late > late.txt', background: true })
    if (results.length === 1) return call('WaitTask', { task_ids: [/process:\d+/.exec(results[0]!)![0]] })
    return { text: 'ok' }
  })
  const patch = join(root, '../run.patch')
  const end = await runCli(['--output-format', 'stream-json', '--patch-file', patch, 'go'], { cwd: root, env })
  expect(end.code, end.stderr).toBe(0)
  const lines: { type: string }[] = end.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const isLine = shippedSchema('stream-line')
  expect(lines.filter(line => !isLine(line))).toEqual([])
  const changes = [{ path: 'late.txt', status: 'created' }]
  expect(lines.find(line => line.type === 'landed')).toMatchObject({ call_id: 'call_1', changes })
  expect(lines.find(line => line.type === 'notice')).toMatchObject({
    text: expect.stringContaining('changed late.txt in the background'),
  })
  expect(lines.at(-1)).toMatchObject({ type: 'result', changes })
  expect(readFileSync(patch, 'utf8')).toContain('+late\n')
  expect(readFileSync(join(root, 'late.txt'), 'utf8')).toBe('late\n')
  const undone = await runCli(['undo', '--json'], { cwd: root, env })
  expect(JSON.parse(undone.stdout)).toMatchObject({ files: [{ path: 'late.txt', action: 'removed' }], kept: [] })
  expect(existsSync(join(root, 'late.txt'))).toBe(false)
})

test('what a background command changes while the run ends is in the result too', async () => {
  const { root, env } = await projectWith(({ body }) => {
    if (body.messages.some(message => message.role === 'tool')) return { text: 'ok', delayMs: 1000 }
    const command = "trap 'echo end > end.txt; exit' TERM; echo begun > begun.txt; while true; do sleep 0.1; done"
    return { toolCalls: [{ name: 'Bash', arguments: { command, background: true } }] }
  })
  const end = await runCli(['--output-format', 'json', 'go'], { cwd: root, env })
  const made = ['begun.txt', 'end.txt'].filter(name => existsSync(join(root, name)))
  expect(made).toContain('begun.txt')
  expect(JSON.parse(end.stdout).changes).toEqual(made.map(path => ({ path, status: 'created' })))
})

test('undo --json says what the schema in the package says', async () => {
  const isReport = shippedSchema('undo')
  const { root, env } = await projectWith([bash('echo a > a.txt; echo b > b.txt; echo c > README.md'), { text: 'ok' }])
  await runCli(['go'], { cwd: root, env })
  writeFileSync(join(root, 'b.txt'), 'by hand\n')
  for (const [args, expected] of [
    [['--list'], { turns: [{ turn: 1, title: 'go', state: 'applied' }] }],
    [['--dry-run'], { kind: 'undo', dry_run: true }],
    [[], { files: [{ action: 'restored' }, { action: 'removed' }], kept: [{ path: 'b.txt' }] }],
    [['--force'], { files: [{ path: 'b.txt', action: 'removed' }] }],
    [['--redo'], { kind: 'redo', files: [{ path: 'b.txt', action: 'recreated' }] }],
    [['--turn', '9'], { turns: [], files: [] }],
  ] as const) {
    const { stdout } = await runCli(['undo', '--json', ...args], { cwd: root, env })
    const report = JSON.parse(stdout)
    expect(isReport(report), JSON.stringify([report, isReport.errors])).toBe(true)
    expect(report).toMatchObject(expected)
  }
  expect(isReport({ schema_version: 1 })).toBe(false)
})
