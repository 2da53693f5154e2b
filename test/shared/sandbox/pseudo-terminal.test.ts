import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { nodeProcesses } from '#shared/host/node/processes'
import { findProgram } from '#shared/sandbox/find-program'
import { openSandbox } from '#shared/sandbox/open'
import { terminalLine } from '#shared/sandbox/pseudo-terminal'
import type { Sandbox, SandboxCommand, SandboxEnd } from '#shared/sandbox/sandbox'

vi.mock('#shared/sandbox/find-program', { spy: true })

let base = ''
let root = ''
let sandbox: Sandbox | undefined

afterEach(async () => {
  await sandbox?.close()
  sandbox = undefined
  rmSync(base, { recursive: true, force: true })
})

describe.each([true, false])('a command on a terminal, sandbox %s', useSandbox => {
  beforeEach(() => open(useSandbox))

  test('finds one on all three ends; without the wish it finds none', async () => {
    const command = 'for fd in 0 1 2; do test -t $fd && echo $fd; done; true'
    expect((await run(command)).stdout).toBe('0\n1\n2\n')
    expect((await run(command, { isOnTerminal: false })).stdout).toBe('')
  })

  test('finds its size, and that it can do little', async () => {
    expect((await run('stty size; echo $TERM')).stdout).toBe('24 80\ndumb\n')
  })

  test.each([
    ["echo 'it'\\''s' \"$((6 * 7))\"; exit 7", 7, "it's 42\n"],
    ['cat <<END\n$HOME is "here"\nEND', 0, /home is "here"\n$/],
    ['kill -9 $$', 137, ''],
    ['cat; echo done', 0, 'done\n'],
  ])('ends with its own exit code: %s', async (command, exitCode, stdout) => {
    expect(await run(command)).toMatchObject({
      exitCode,
      stdout: typeof stdout === 'string' ? stdout : expect.stringMatching(stdout),
    })
  })

  test('has its output in order, without colours and what progress lines overwrote', async () => {
    const command = "echo one; echo two >&2; printf '\\033[31mred\\033[0m\\r\\n 10%%\\r 60%%\\r100%%\\n'"
    expect(await run(command)).toMatchObject({ stdout: 'one\ntwo\nred\n100%\n', stderr: '' })
  })

  test('tells while it runs', async () => {
    const pieces: string[] = []
    await run("printf '\\033[1mbold\\033[0m\\nnext\\n'", {
      onOutput: piece => pieces.push(Buffer.from(piece).toString()),
    })
    expect(pieces.join('')).toBe('bold\nnext\n')
  })

  test.each(['timeout', 'cancel'])('leaves no process behind when it ends by %s', async ending => {
    const mark = `98765${Math.floor(Math.random() * 1e6)}`
    const command = `trap '' HUP TERM; nohup sleep ${mark} >/dev/null 2>&1 & echo begun; sleep ${mark}`
    const end =
      ending === 'timeout'
        ? await run(command, { timeoutMs: 500 })
        : await run(command, { signal: AbortSignal.timeout(500) })
    expect(end).toMatchObject({ stdout: 'begun\n', timedOut: ending === 'timeout', cancelled: ending === 'cancel' })
    await expect.poll(() => processesWith(mark)).toEqual([])
  })

  test('does not run where the program for it is missing, and says so', async () => {
    vi.mocked(findProgram).mockReturnValueOnce(undefined)
    const ended = await sandbox!.run({ command: 'echo x > made', cwd: root, timeoutMs: 5_000, isOnTerminal: true })
    expect(ended).toMatchObject({ error: { message: expect.stringMatching(/`script` is missing.*without pty/) } })
    expect(existsSync(join(root, 'made'))).toBe(false)
  })
})

test('a command on a terminal stays in the sandbox, and is told what held it back', async () => {
  await open(true)
  const outside = '/etc/kode-test-outside'
  onTestFinished(() => rmSync(outside, { force: true }))
  const { exitCode, violations } = await run(`echo inside > made; echo x > '${outside}'`)
  expect(exitCode).not.toBe(0)
  expect(existsSync(outside)).toBe(false)
  expect(readFileSync(join(root, 'made'), 'utf8')).toBe('inside\n')
  expect(violations).toEqual([expect.stringContaining('everything is read-only')])
})

test('macOS has another form of the program', () => {
  expect(terminalLine("echo 'x'", '/usr/bin/script', 'darwin')).toBe(
    "TERM=dumb '/usr/bin/script' -q /dev/null /bin/sh -c 'stty cols 80 rows 24 -onlcr 2>/dev/null\necho '\\''x'\\'''",
  )
})

async function open(useSandbox: boolean): Promise<void> {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'kode terminal ü ')))
  root = join(base, 'project')
  mkdirSync(root)
  mkdirSync(join(base, 'state', 'db'), { recursive: true })
  const opened = await openSandbox({
    root,
    stateFolder: join(base, 'state'),
    home: join(base, 'home'),
    processes: nodeProcesses(),
    env: { PATH: process.env.PATH, HOME: join(base, 'home'), SHELL: '/bin/false', TERM: 'xterm-256color' },
    useSandbox,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  sandbox = opened.value
}

async function run(command: string, more: Partial<SandboxCommand> = {}): Promise<SandboxEnd> {
  const ended = await sandbox!.run({ command, cwd: root, timeoutMs: 20_000, isOnTerminal: true, ...more })
  if (!ended.ok) throw new Error(ended.error.message)
  return ended.value
}

function processesWith(mark: string): string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return all.filter(line => line.includes(mark))
}
