import { spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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
      const started = await sandbox.start({ command: 'cat .env', cwd: root })
      if (!started.ok) throw new Error(started.error.message)
      await started.value.ended
      expect(started.value.output()).toBe('KEY=[redacted]\n')
    },
  )
})

test.each([
  ['sub/.git', 'mkdir sub; mkfifo sub/.git'],
  ['a git configuration', 'git init --quiet; rm .git/config; mkfifo .git/config'],
  ['the note of a run', 'rm /tmp/.kode-run; mkfifo /tmp/.kode-run; echo "bwrap: no" >&2; exit 1'],
])('nobody waits for a pipe that a command put in place of %s', async (_, command) => {
  await sandbox.run({ command, cwd: root, timeoutMs: 20_000 })
  await sandbox.close()
  sandbox = await open()
  expect((await run('echo hello')).stdout).toBe('hello\n')
})

describe('what a command put in the way of a protected file', () => {
  const outside = () => {
    const folder = join(base, 'home/kept')
    for (const each of ['', 'modules/m', 'modules/m/hooks']) mkdirSync(join(folder, each), { recursive: true })
    for (const file of ['.npmrc', 'attributes', 'modules/m/HEAD', 'modules/m/hooks/post-commit'])
      writeFileSync(join(folder, file), 'mine')
    return folder
  }
  const treeOf = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

  test.each([
    ['a folder with a protected link', 'mv sub other; ln -s OUTSIDE sub'],
    ['a folder of git', 'git init --quiet; rm -rf .git/info; ln -s OUTSIDE .git/info'],
    ['the submodules of git', 'git init --quiet; ln -s OUTSIDE/modules .git/modules'],
  ])('moves nothing of the user: %s', async (_, command) => {
    const folder = outside()
    const before = treeOf(folder)
    mkdirSync(join(root, 'sub'))
    symlinkSync('../settings', join(root, 'sub/.npmrc'))
    await run(command.replace('OUTSIDE', folder))
    await run('true')
    expect(treeOf(folder)).toEqual(before)
    expect(lstatSync(join(folder, '.npmrc')).isFile()).toBe(true)
  })

  test.each([
    ['a file in place of the hooks', 'git init --quiet; rm -r .git/hooks; touch .git/hooks'],
    ['a file in place of a folder of git', 'git init --quiet; rm -rf .git/info; touch .git/info'],
  ])('hides nothing else that it made: %s', async (_, command) => {
    await sandbox.run({ command: `${command}; mkdir .vscode; touch .vscode/tasks.json`, cwd: root, timeoutMs: 20_000 })
    expect(existsSync(join(root, '.vscode'))).toBe(false)
    expect((await run('echo hello')).stdout).toBe('hello\n')
  })

  test('goes itself, where it leads to what decides what runs', async () => {
    const { violations } = await run(
      'git init --quiet; mkdir x; echo "* filter=f" > x/attributes; rm -rf .git/info; ln -s ../x .git/info',
    )
    expect(existsSync(join(root, '.git/info/attributes'))).toBe(false)
    expect(violations.join()).toContain('.git/info')
  })
})

describe('a way to a git folder that a command prepared elsewhere', () => {
  const PREPARED = `git init --quiet "$XDG_CACHE_HOME/g"; git -C "$XDG_CACHE_HOME/g" config core.fsmonitor "touch BASE/owned; false"`
  const POINTER = 'echo "gitdir: $XDG_CACHE_HOME/g/.git" > .git'
  const gitOutside = () => {
    const found = spawnSync('git', ['status'], { cwd: root, encoding: 'utf8' })
    expect(found.stderr).toContain('not a git repository')
    expect(existsSync(join(base, 'owned'))).toBe(false)
  }

  test.each([
    ['a file', [`${PREPARED}; ${POINTER}`]],
    ['a link', [`${PREPARED}; ln -s "$XDG_CACHE_HOME/g/.git" .git`]],
    ['a file that leads nowhere yet', [POINTER, PREPARED]],
    [
      'a file over a link that is turned later',
      [
        'git init --quiet x; ln -s x way; echo "gitdir: way/.git" > .git',
        `${PREPARED}; ln -sfn "$XDG_CACHE_HOME/g" way`,
      ],
    ],
  ])('is put away: %s', async (_, commands) => {
    mkdirSync(join(base, 'home'))
    for (const command of commands) await run(command.replace('BASE', base))
    gitOutside()
  })

  test('stays where the project had it before', async () => {
    spawnSync('git', ['init', '--quiet', join(base, 'mine')])
    writeFileSync(join(root, '.git'), `gitdir: ${join(base, 'mine/.git')}`)
    expect((await run('true')).violations).toEqual([])
    expect(lstatSync(join(root, '.git')).isFile()).toBe(true)
  })
})

test('without the sandbox the level says so and commands run', async () => {
  await sandbox.close()
  sandbox = await open(false)
  expect(sandbox.level).toBe('none')
  expect((await run('echo hello')).stdout).toBe('hello\n')
})
