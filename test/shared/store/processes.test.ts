import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { InputHistory } from '#shared/store/history'
import { holderOf, Lease } from '#shared/store/lease'
import { storePaths } from '#shared/store/paths'
import { openStore } from '#shared/store/sessions'
import { fillDisk, makeReadOnly, mountTest, tinyDisk } from '../../support/tiny-disk'
import { idsOf, reopen, sessionIn, storeIn, temporaryFolder, user } from './support'

test('a lease is taken by one, told to others, and free again when its process has ended', async () => {
  const path = join(temporaryFolder(), 'lease')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const own = Lease.take(path)
  expect(own.kind).toBe('taken')
  expect(Lease.take(path)).toMatchObject({ kind: 'held', by: { pid: process.pid } })
  if (own.kind === 'taken') own.lease.release()
  expect(holderOf(path)).toBeUndefined()

  // The same id, but another process: ids are given out again.
  const again = Lease.take(path)
  const [name = ''] = readdirSync(join(path, '..')).filter(each => each.endsWith('.owner'))
  const owner = JSON.parse(readFileSync(join(path, '..', name), 'utf8'))
  if (again.kind === 'taken') again.lease.release()
  const file = join(path, '..', name)
  for (const [other, isHeld] of [
    [owner, true],
    [{ ...owner, startedAt: '1' }, false],
    [{ ...owner, boot: 'an earlier one' }, false],
    [{ ...owner, pid: child.pid, startedAt: startOf(child.pid) }, true],
    // Another machine or container: it renewed its lease just now.
    [{ ...owner, host: 'elsewhere' }, true],
    [{ ...owner, pidSpace: 'pid:[1]' }, true],
  ] as const) {
    writeFileSync(file, JSON.stringify(other))
    expect(holderOf(path) !== undefined).toBe(isHeld)
  }
  const ended = new Promise(resolve => child.on('close', resolve))
  writeFileSync(file, JSON.stringify({ ...owner, pid: child.pid, startedAt: startOf(child.pid) }))
  child.kill('SIGKILL')
  await ended
  expect(holderOf(path)).toBeUndefined()
  writeFileSync(file, JSON.stringify({ ...owner, host: 'elsewhere' }))
  utimesSync(file, 1, 1)
  expect(Lease.take(path).kind).toBe('taken')
})

test('two windows append to the catalog and the history while one of them compacts', async () => {
  const folder = temporaryFolder()
  const [one, two] = [new InputHistory(storePaths(folder)), new InputHistory(storePaths(folder))]
  one.add('/p', 'first', 1)
  two.add('/p', 'second', 2)
  one.clear()
  two.add('/p', 'third', 3)
  one.add('/q', 'fourth', 4)
  two.add('/p', 'third', 5)
  expect(one.list()).toEqual(['third', 'fourth'])
  expect(two.list({ project: '/p' })).toEqual(['third'])
  expect(readdirSync(folder)).toEqual(['history.2.log'])
})

mountTest(
  'a full disk fails the message that does not fit, keeps what was saved, and goes on when there is room again',
  async () => {
    const folder = tinyDisk('size=256k')
    const store = storeIn(folder)
    const session = sessionIn(store)
    await session.append(user('u1', 'saved'))
    fillDisk(join(folder, 'ballast'))
    await expect(session.append(user('u2', 'x'.repeat(50_000)))).rejects.toMatchObject({ kind: 'no-space' })
    expect(idsOf(session.messages())).toEqual(['u1'])
    rmSync(join(folder, 'ballast'))
    await session.append(user('u2', 'x'.repeat(50_000)))
    await session.close()
    const { log, damage } = await reopen(store, session.id)
    expect(damage).toBeUndefined()
    expect(idsOf(log.messages())).toEqual(['u1', 'u2'])
    await log.close()
  },
)

mountTest('a read-only disk is told as such, and what it holds can be read', async () => {
  const folder = tinyDisk('size=256k')
  const writable = storeIn(folder)
  const session = sessionIn(writable)
  await session.append(user('u1', 'saved'))
  await session.close()
  await writable.close()
  makeReadOnly(folder)
  const store = storeIn(folder)
  expect(store.listSessions()).toMatchObject([{ id: session.id, messages: 1 }])
  expect(store.readSession(session.id)).toMatchObject({ ok: true })
  await expect(sessionIn(store).append(user('u', 'x'))).rejects.toMatchObject({ kind: 'read-only' })
  await expect(store.openSession(session.id)).rejects.toMatchObject({ kind: 'read-only' })
})

test('a file where the folder should be is told as such', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'db'), '')
  expect(openStore({ folder: join(folder, 'db'), now: Date.now })).toMatchObject({
    ok: false,
    error: { kind: 'not-folder' },
  })
})

function startOf(pid: number | undefined): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19]
}
