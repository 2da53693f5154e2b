import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { ProcessEnd, ProcessRequest } from '#shared/host/host'
import { nodeProcesses } from '#shared/host/node/processes'

const processes = nodeProcesses()

async function sh(script: string, more: Partial<ProcessRequest> = {}): Promise<ProcessEnd> {
  const ended = await processes.run({
    program: 'sh',
    args: ['-c', script],
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? '' },
    ...more,
  })
  if (!ended.ok) throw new Error(ended.error.message)
  return ended.value
}

describe('how a process ends', () => {
  test.each([
    ['true', 0],
    ['exit 7', 7],
    ['kill -9 $$', 137],
    ['kill -15 $$', 143],
  ])('%s ends with %d', async (script, exitCode) => expect((await sh(script)).exitCode).toBe(exitCode))

  test('stdout and stderr are kept apart', async () => {
    expect(await sh('echo out; echo err >&2')).toMatchObject({ stdout: 'out\n', stderr: 'err\n', omittedBytes: 0 })
  })

  test('stdin is closed, so that a reader does not wait', async () => {
    expect(await sh('cat; echo done')).toMatchObject({ stdout: 'done\n', timedOut: false })
  })

  test('input is written to stdin, even to a program that does not read it', async () => {
    expect((await sh('cat', { input: 'text' })).stdout).toBe('text')
    expect((await sh('exit 3', { input: 'x'.repeat(1_000_000) })).exitCode).toBe(3)
  })

  test('the environment is the one given and nothing else', async () => {
    const { stdout } = await sh('env', { env: { PATH: process.env.PATH ?? '', A: '1' } })
    const names = stdout.split('\n').map(line => line.split('=')[0])
    expect(names.filter(name => !['', 'PATH', 'A', 'PWD', 'OLDPWD', '_', 'SHLVL'].includes(name ?? ''))).toEqual([])
  })

  test.each([
    [{ program: 'no-such-program-here' }, 'not-found'],
    [{ program: '/etc/passwd' }, 'denied'],
    [{ cwd: '/no/such/folder' }, 'other'],
    [{ args: ['-c', 'echo \0'] }, 'other'],
    [{ args: ['-c', 'x'.repeat(3_000_000)] }, 'other'],
  ])('what cannot be started is a value: %#', async (more, kind) => {
    const ended = await processes.run({ program: 'sh', args: ['-c', 'true'], cwd: '/', env: { PATH: '/bin' }, ...more })
    expect(ended).toMatchObject({ ok: false, error: { kind } })
  })
})

describe('nothing outlives a run', () => {
  test('a background child neither blocks the end nor survives it', async () => {
    const { durationMs, stdout } = await sh('sleep 1041 & echo started')
    expect(durationMs).toBeLessThan(2000)
    expect(stdout).toBe('started\n')
    await expectGone('1041')
  })

  test('a time-out ends the whole group, also those that ignore the request', async () => {
    const end = await sh("trap '' TERM; sleep 1042 & sleep 1042; sleep 1042", { timeoutMs: 200 })
    expect(end).toMatchObject({ timedOut: true, cancelled: false })
    expect(end.durationMs).toBeLessThan(3000)
    await expectGone('1042')
  })

  test('a polite process may clean up before it is killed', async () => {
    const end = await sh("trap 'echo bye; exit 0' TERM; sleep 1043 & wait", { timeoutMs: 200 })
    expect(end).toMatchObject({ stdout: 'bye\n', timedOut: true })
  })

  test('cancelling ends it at once', async () => {
    const end = await sh('sleep 1044', { signal: AbortSignal.timeout(150) })
    expect(end).toMatchObject({ cancelled: true, timedOut: false })
    expect(end.durationMs).toBeLessThan(2000)
    await expectGone('1044')
  })

  test('what was cancelled before does not start', async () => {
    let started = false
    const end = await sh('true', { signal: AbortSignal.abort(), onStart: () => (started = true) })
    expect(end.cancelled).toBe(true)
    expect(started).toBe(false)
  })
})

describe('output', () => {
  test('of much output the beginning and the end are kept', async () => {
    const end = await sh('echo first; head -c 3000000 /dev/zero | tr "\\0" "x"; echo; echo last', {
      maxOutputBytes: 10_000,
    })
    expect(end.stdout.startsWith('first\n')).toBe(true)
    expect(end.stdout.endsWith('\nlast\n')).toBe(true)
    expect(end.stdout.length).toBeLessThan(10_100)
    expect(end.omittedBytes).toBe(3_000_012 - 10_000)
    expect(end.stdout).toContain(`[… ${end.omittedBytes} bytes left out …]`)
  })

  test('a cut never leaves half a character', async () => {
    for (const maxOutputBytes of [10, 11, 12, 13]) {
      const { stdout } = await sh('for i in 1 2 3 4 5 6 7 8 9; do printf "€"; done', { maxOutputBytes })
      expect(stdout).not.toContain('\ufffd')
    }
  })

  test('pieces are handed on as they come', async () => {
    const pieces: string[] = []
    await sh('echo one; echo two >&2', { onOutput: (piece, stream) => pieces.push(`${stream} ${Buffer.from(piece)}`) })
    expect(pieces.sort()).toEqual(['stderr two\n', 'stdout one\n'])
  })
})

/** No process with this argument is left; one that was just killed may take a moment to vanish. */
async function expectGone(argument: string): Promise<void> {
  await expect.poll(() => commandLines().filter(line => line.includes(`sleep\0${argument}`))).toEqual([])
}

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return '' // ended meanwhile
      }
    })
}
