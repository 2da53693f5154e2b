import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WireCheck, type WireMessage } from '../../support/acp-client'
import { processesWith } from '../../support/processes'
import { CLI } from '../../support/run-cli'
import { type Script, startScriptedProvider } from '../../support/scripted-provider'
import { tempProject } from '../../support/temp-project'

const SUPPORT = join(import.meta.dirname, '../../support')
const ACPX = join(import.meta.dirname, '../../../node_modules/acpx/dist/cli.js')
const FILES = { 'src/a.ts': 'export const answer = 41\n' }
const EDIT = {
  name: 'Edit',
  arguments: { file_path: 'src/a.ts', replacements: [{ old_str: '41', new_str: '42' }] },
}
const RUN = { name: 'Bash', arguments: { command: 'echo counted; touch made.txt' } }
const DONE = { text: 'All done.' }
// A client that starts once per verb, and kode behind it, on a machine that is busy with other tests.
const TIMEOUT_MS = 180_000

test.each([
  ['--approve-all', 'export const answer = 42\n', true],
  ['--deny-all', FILES['src/a.ts'], false],
  ['--approve-reads', FILES['src/a.ts'], false],
])('acpx %s: what is asked for lands, or not', { timeout: TIMEOUT_MS }, async (policy, text, isMade) => {
  const { acpx, root, wire } = await withAcpx([{ toolCalls: [EDIT, RUN] }, DONE])
  const end = await acpx(policy, '--format', 'json', 'kode', 'exec', 'make it 42')
  expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe(text)
  expect(existsSync(join(root, 'made.txt'))).toBe(isMade)
  const asked = wire.methods('agent')
  expect(asked).toContain('session/request_permission')
  expect(asked.filter(method => /^fs\/write|^terminal\/create/.test(method))).toHaveLength(isMade ? 2 : 0)
  expect(end.stdout).toContain('All done.')
  expect(wire.invalid()).toEqual([])
})

test('every verb of acpx works with kode', { timeout: TIMEOUT_MS }, async () => {
  const { acpx, home, wire, model } = await withAcpx(() => DONE)
  const expectDone = async (args: string[], said: RegExp = /./) => {
    const end = await acpx(...args)
    expect(end, `${args.join(' ')}: ${end.stderr}`).toMatchObject({ code: 0, stdout: expect.stringMatching(said) })
  }
  await expectDone(['kode', 'sessions', 'new', '--name', 'one'])
  await expectDone(['kode', 'prompt', '-s', 'one', 'hello'], /All done\./)
  await expectDone(['kode', 'status', '-s', 'one'], /status: running/)
  await expectDone(['kode', 'set-mode', 'plan', '-s', 'one'], /mode set: plan/)
  await expectDone(['kode', 'set', 'thinking', 'high', '-s', 'one'], /thinking=high/)
  await expectDone(['kode', 'set', 'model', 'scripted', '-s', 'one'], /scripted/)
  await expectDone(['kode', 'prompt', '-s', 'one', 'and now'], /All done\./)
  expect(model.requests.at(-1)?.body).toMatchObject({ model: 'scripted', reasoning_effort: 'high' })
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('hello')
  await expectDone(['kode', 'cancel', '-s', 'one'], /nothing to cancel/)
  await expectDone(['kode', 'sessions', 'show', 'one'], /sessionId: \S+/)
  await expectDone(['kode', 'sessions', 'history', 'one'], /and now/)
  await expectDone(['kode', 'sessions', 'read', 'one'], /All done/)
  await expectDone(['kode', 'sessions', 'close', 'one'])
  await expectDone(['kode', 'sessions', 'list'], /hello/)
  await expectDone(['kode', 'sessions', 'export', 'one', '--output', join(home, 'one.json')])
  await expectDone(['kode', 'sessions', 'prune'], /Pruned/)
  await expectDone(['kode', 'sessions', 'import', join(home, 'one.json'), '--name', 'two'])
  await expectDone(['kode', 'prompt', '-s', 'two', 'once more'], /All done\./)
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('hello')
  await expectDone(['kode', 'sessions', 'ensure', '--name', 'three'], /created/)
  await expectDone(['compare', 'kode', 'kode', 'hello'], /kode/)
  await expectDone(['--approve-reads', 'flow', 'run', join(SUPPORT, 'acpx-flow.mjs')], /completed/)
  expect(wire.invalid()).toEqual([])
})

test('acpx goes on with a session after it ended, with all that was said', { timeout: TIMEOUT_MS }, async () => {
  const { acpx, wire, model } = await withAcpx(() => DONE)
  await acpx('kode', 'sessions', 'new')
  await acpx('--ttl', '1', 'kode', 'the word is plum')
  await vi.waitUntil(() => processesWith(`${CLI} server`).length === 0, { timeout: 20_000 })
  await acpx('--ttl', '1', 'kode', 'which word was it?')
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('plum')
  expect(wire.invalid()).toEqual([])
})

test('acpx cancels a turn in the middle', { timeout: TIMEOUT_MS }, async () => {
  const { acpx, wire, model } = await withAcpx([{ stall: 3, text: 'a long story about nothing at all' }, DONE])
  await acpx('kode', 'sessions', 'new')
  const turn = acpx('kode', 'tell me')
  await vi.waitUntil(() => model.requests.length > 0, { timeout: 60_000 })
  expect((await acpx('kode', 'cancel')).stdout).toContain('cancel')
  expect((await turn).stdout).toMatch(/cancelled/)
  expect((await acpx('kode', 'and now')).stdout).toContain('All done.')
  expect(wire.invalid()).toEqual([])
})

test('after kill -9 of acpx nothing of kode is left, nor the command it ran', { timeout: TIMEOUT_MS }, async () => {
  const command = 'echo started; sleep 64.625'
  const { acpx, wire } = await withAcpx([{ toolCalls: [{ name: 'Bash', arguments: { command } }] }, DONE])
  const turn = acpx('--approve-all', '--no-terminal', 'kode', 'exec', 'run it')
  await vi.waitUntil(() => processesWith('sleep 64.625').length > 0, { timeout: 60_000 })
  turn.child.kill('SIGKILL')
  await turn
  await vi.waitUntil(() => processesWith('sleep 64.625').length === 0, { timeout: 20_000 })
  await vi.waitUntil(() => !wire.pids().some(isAlive), { timeout: 20_000 })
})

test('after kill -9 of kode the same session goes on', { timeout: TIMEOUT_MS }, async () => {
  const { acpx, wire, model } = await withAcpx([DONE, { stall: 3, text: 'a story never told to its end' }, DONE])
  await acpx('kode', 'sessions', 'new')
  await acpx('kode', 'the word is plum')
  const cutOff = acpx('kode', 'tell me')
  await vi.waitUntil(() => model.requests.length > 1, { timeout: 60_000 })
  process.kill(wire.pids().at(-1) ?? 0, 'SIGKILL')
  expect((await cutOff).code).not.toBe(0)
  expect((await acpx('kode', 'which word was it?')).stdout).toContain('All done.')
  expect(JSON.stringify(model.requests.at(-1)?.body.messages)).toContain('plum')
})

/** acpx with kode as one of its agents; every message between the two is written down. */
async function withAcpx(script: Script) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(FILES)
  const home = join(root, '..')
  const log = join(home, 'wire.log')
  const agent = [process.execPath, join(SUPPORT, 'wire-recorder.mjs'), log, process.execPath, CLI, 'server', '--stdio']
  mkdirSync(join(home, '.acpx'))
  const command = agent.map(word => `'${word}'`).join(' ')
  writeFileSync(join(home, '.acpx/config.json'), JSON.stringify({ agents: { kode: { command } }, ttl: 20 }))
  const endpoint = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const env = { PATH: process.env.PATH ?? '', HOME: home, ...endpoint }
  const wire = new Wire(log)
  onTestFinished(() => {
    for (const pid of wire.pids().filter(isAlive)) process.kill(pid, 'SIGKILL')
  })
  const acpx = (...args: string[]) => {
    const child = spawn(process.execPath, [ACPX, ...args], { cwd: root, env })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', piece => {
      said.stdout += piece
    })
    child.stderr.on('data', piece => {
      said.stderr += piece
    })
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
      child.on('close', code => resolve({ code, ...said }))
    })
    return Object.assign(ended, { child })
  }
  return { root, home, model, acpx, wire }
}

/** What went between client and agent. */
class Wire {
  readonly #log: string

  constructor(log: string) {
    this.#log = log
  }

  #lines(): { side: 'client' | 'agent'; message: WireMessage; pid: number }[] {
    if (!existsSync(this.#log)) return []
    const lines = readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter(line => line !== '')
    return lines.map(line => {
      const { side, line: said, pid } = JSON.parse(line)
      return { side, message: JSON.parse(said), pid }
    })
  }

  /** What one side asked for, in order. */
  methods(side: 'client' | 'agent'): string[] {
    return this.#lines().flatMap(line => (line.side === side && line.message.method ? [line.message.method] : []))
  }

  /** Of kode, in the order of their start. */
  pids(): number[] {
    return [...new Set(this.#lines().map(line => line.pid))]
  }

  /** Messages that the schema of the protocol does not know. */
  invalid(): string[] {
    const checks = new Map<number, WireCheck>()
    for (const { side, message, pid } of this.#lines()) {
      const check = checks.get(pid) ?? new WireCheck()
      checks.set(pid, check)
      check.see(message, side)
    }
    return [...checks.values()].flatMap(check => check.invalid)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // There is no such process any more.
    return false
  }
}
