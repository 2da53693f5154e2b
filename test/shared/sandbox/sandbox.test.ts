import { existsSync, linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeProcesses } from '#shared/host/node/processes'
import { openSandbox } from '#shared/sandbox/open'
import type { Sandbox, SandboxEnd } from '#shared/sandbox/sandbox'

let base: string
let root: string
let sandbox: Sandbox

beforeEach(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'kode-sandbox-')))
  root = join(base, 'project')
  mkdirSync(root)
  mkdirSync(join(base, 'state', 'db'), { recursive: true })
  sandbox = await open()
})

afterEach(async () => {
  await sandbox.close()
  rmSync(base, { recursive: true })
})

async function open(useSandbox = true, env: Record<string, string> = {}): Promise<Sandbox> {
  const opened = await openSandbox({
    root,
    stateFolder: join(base, 'state'),
    home: join(base, 'home'),
    processes: nodeProcesses(),
    env: { PATH: process.env.PATH, HOME: join(base, 'home'), ...env },
    useSandbox,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

test('says which protected file can be changed under another name', () => {
  writeFileSync(join(root, '.npmrc'), '')
  expect(sandbox.effectivePolicy().notCovered.join()).not.toContain('.npmrc')
  linkSync(join(root, '.npmrc'), join(root, 'other'))
  expect(sandbox.effectivePolicy().notCovered.join()).toContain(`${root}/.npmrc has further hard links`)
})

async function run(command: string, timeoutMs = 20_000): Promise<SandboxEnd> {
  const ended = await sandbox.run({ command, cwd: root, timeoutMs })
  if (!ended.ok) throw new Error(ended.error.message)
  return ended.value
}

describe('a command in the sandbox', () => {
  test('runs in the project, can write there, and ends with its exit code', async () => {
    expect(await run('pwd; echo hello > made.txt; exit 7')).toMatchObject({ exitCode: 7, stdout: `${root}\n` })
    expect(existsSync(join(root, 'made.txt'))).toBe(true)
  })

  test('has no capabilities, cannot gain any, and is filtered, whoever runs it', async () => {
    const { stdout } = await run("grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status")
    const status = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map(line => line.split(':\t')),
    )
    const none = '0'.repeat(16)
    expect(status).toMatchObject({ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none })
    expect(status).toMatchObject({ NoNewPrivs: '1', Seccomp: '2' })
  })

  test.each([
    ['kill -9 $$', 137],
    ['kill -15 $$', 143],
    ['kill -SEGV $$', 139],
  ])('signals mean what they mean outside: %s', async (command, exitCode) => {
    expect((await run(command)).exitCode).toBe(exitCode)
  })

  test('/tmp is its own and stays for the next command', async () => {
    await run('echo kept > /tmp/note')
    expect((await run('cat /tmp/note')).stdout).toBe('kept\n')
    expect(existsSync('/tmp/note')).toBe(false)
  })

  test('a write outside the project fails and is explained', async () => {
    const end = await run('echo x > /usr/local/made-by-test')
    expect(end.exitCode).not.toBe(0)
    expect(end.violations.join('\n')).toContain('/usr/local/made-by-test')
  })

  test('a background child does not block the end', async () => {
    expect((await run('sleep 1000 & echo started')).stdout).toBe('started\n')
  })

  test('a time-out ends it', async () => {
    expect(await run('sleep 1000', 300)).toMatchObject({ timedOut: true })
  })

  test.each([
    ['a NUL byte', 'echo \0'],
    ['a megabyte', `echo ${'x'.repeat(1_000_000)}`],
  ])('%s in the command line is refused with a reason', async (_, command) => {
    expect(await sandbox.run({ command, cwd: root, timeoutMs: 1000 })).toMatchObject({ error: { kind: 'refused' } })
  })

  test('a missing folder is refused with a reason', async () => {
    const ended = await sandbox.run({ command: 'true', cwd: join(root, 'absent'), timeoutMs: 1000 })
    expect(ended).toMatchObject({ error: { kind: 'refused' } })
  })
})

describe('a background command', () => {
  test('runs beside others, keeps a log, and ends when told', async () => {
    const started = await sandbox.start({ command: 'echo up; sleep 1000', cwd: root })
    if (!started.ok) throw new Error(started.error.message)
    await expect.poll(() => started.value.output()).toBe('up\n')
    expect((await run('echo beside')).stdout).toBe('beside\n')
    await started.value.stop()
    expect(await started.value.ended).toMatchObject({ value: { cancelled: true } })
  })

  test('ends with the sandbox', async () => {
    const started = await sandbox.start({ command: 'sleep 1000', cwd: root })
    if (!started.ok) throw new Error(started.error.message)
    await sandbox.close()
    expect(await started.value.ended).toMatchObject({ value: { cancelled: true } })
  })
})

describe('the environment', () => {
  test.each([true, false])('no secret of ours reaches a command, sandbox %s', async useSandbox => {
    await sandbox.close()
    sandbox = await open(useSandbox, { MY_API_KEY: 'a-very-secret-value', OTHER: 'x', LANG: 'C' })
    const { stdout } = await run('env')
    expect(stdout).toContain('LANG=C')
    expect(stdout).not.toMatch(/MY_API_KEY|OTHER|a-very-secret-value/)
  })

  test.each([true, false])(
    'a secret that a file gives away is redacted in the result, sandbox %s',
    async useSandbox => {
      await sandbox.close()
      sandbox = await open(useSandbox, { MY_API_KEY: 'a-very-secret-value' })
      writeFileSync(join(root, '.env'), 'KEY=a-very-secret-value\n')
      expect((await run('cat .env')).stdout).toBe('KEY=[redacted]\n')
    },
  )
})

test('without the sandbox the level says so and commands run', async () => {
  await sandbox.close()
  sandbox = await open(false)
  expect(sandbox.level).toBe('none')
  expect((await run('echo hello')).stdout).toBe('hello\n')
})
