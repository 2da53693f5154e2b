import fs, { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Journal } from '#shared/store/journal'
import { frame } from '#shared/store/journal-record'
import { Lease } from '#shared/store/lease'
import { sessionIn, storeIn, temporaryFolder, user } from './support'

/** What happens between two system calls. */

test('a journal that is deleted between being found and being opened does not come back empty', () => {
  const folder = temporaryFolder()
  const path = join(folder, 's')
  Journal.create(path, true, frame('message', 'u1', {}))
  around('readdirSync', { after: () => rmSync(`${path}.1.log`, { force: true }) })
  expect(Journal.open(path, true)).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

test('a lease is not taken by who looked before somebody else took it under another number', () => {
  const path = join(temporaryFolder(), 'lease')
  const own = Lease.take(path)
  if (own.kind === 'held') throw new Error('held')
  const living = readFileSync(`${path}.1.owner`)
  own.lease.release()
  writeFileSync(`${path}.5.owner`, '{}')
  around('linkSync', {
    before() {
      rmSync(`${path}.5.owner`, { force: true })
      writeFileSync(`${path}.1.owner`, living)
    },
  })
  expect(Lease.take(path)).toMatchObject({ kind: 'held', by: { pid: process.pid } })
  expect(readdirSync(join(path, '..'))).toEqual(['lease.1.owner'])
})

test('who finds a lease held never takes a number, not for a moment', () => {
  const path = join(temporaryFolder(), 'lease')
  expect(Lease.take(path).kind).toBe('taken')
  let links = 0
  around('linkSync', { before: () => links++ })
  expect(Lease.take(path).kind).toBe('held')
  expect(links).toBe(0)
})

test.skipIf(process.platform !== 'linux')(
  'a list that could not be written to is made up for from the session, now and later',
  async () => {
    const folder = temporaryFolder()
    const session = sessionIn(storeIn(folder))
    await session.append(user('u1', 'first'))
    around('writeSync', {
      before(fd) {
        if (!readlinkSync(`/proc/self/fd/${fd}`).includes('catalog')) return
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      },
    })
    await session.append(user('u2', 'second'))
    await session.close()
    expect(storeIn(folder).listSessions()).toMatchObject([{ messages: 2, running: false }])
  },
)

/** Does something before or after each call of a function of the file system, until the test is over. */
function around(
  name: 'readdirSync' | 'linkSync' | 'writeSync',
  { before, after }: { before?(first: unknown): void; after?(): void },
): void {
  const original = fs[name]
  onTestFinished(() => {
    Object.assign(fs, { [name]: original })
    syncBuiltinESMExports()
  })
  const replacement = (...args: unknown[]) => {
    before?.(args[0])
    const result: unknown = Reflect.apply(original, fs, args)
    after?.()
    return result
  }
  Object.assign(fs, { [name]: replacement })
  syncBuiltinESMExports()
}
