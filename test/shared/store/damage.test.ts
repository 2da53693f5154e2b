import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Journal } from '#shared/store/journal'
import { frame, frameAgain, scanJournal } from '#shared/store/journal-record'
import type { SessionLog } from '#shared/store/messages'
import { generationPath } from '#shared/store/read-journal'
import { openStore } from '#shared/store/sessions'
import { assistant, idsOf, reopen, result, sessionIn, storeIn, temporaryFolder, user } from './support'

const ALL = ['u1', 'u2', 'u3', 'u4']

// Records: 0 is the session itself, then one for each message.
test.each([
  ['one flipped bit in a text', flip(2, 40), ['u1', 'u3', 'u4']],
  ['a damaged length', flip(2, 11), ['u1', 'u3', 'u4']],
  ['a damaged checksum', flip(2, 3), ['u1', 'u3', 'u4']],
  ['a lost line feed in front of a record', flip(2, 0), ['u1', 'u3', 'u4']],
  ['zeros over a whole record', zero(3), ['u1', 'u2', 'u4']],
  ['a damaged last record', flip(4, 40), ['u1', 'u2', 'u3']],
  ['a damaged first record', flip(0, 40), ALL],
])('%s costs that record only, is told once, and a backup is kept', async (_, harm, left) => {
  const { folder, id, file } = await sessionOfFour()
  const before = harm(readFileSync(file))
  writeFileSync(file, before)

  const first = await reopen(storeIn(folder), id)
  expect(idsOf(first.log.messages())).toEqual(left)
  expect(first.log.header.project).toBe('/work/one')
  expect(first.damage?.records).toBe(1)
  expect(readFileSync(first.damage?.backup ?? '').equals(before)).toBe(true)
  await first.log.append(user('u5', 'goes on'))
  await first.log.close()

  const second = await reopen(storeIn(folder), id)
  expect(second.damage).toBeUndefined()
  expect(idsOf(second.log.messages())).toEqual([...left, 'u5'])
  await second.log.close()
})

test('a record cut short at any byte by a crash is no damage, costs nothing else, and what follows it is read', async () => {
  const { folder, id, file } = await sessionOfFour()
  const whole = readFileSync(file)
  const last = scanJournal(whole).records.at(-1)
  if (!last) throw new Error('no records')
  for (let size = last.offset; size < whole.length; size += 7) {
    writeFileSync(file, whole.subarray(0, size))
    const { log, damage } = await reopen(storeIn(folder), id)
    expect(damage).toBeUndefined()
    await log.append(user('u5', 'goes on'))
    await log.close()
    const again = await reopen(storeIn(folder), id)
    expect(again.damage).toBeUndefined()
    expect(idsOf(again.log.messages())).toEqual(['u1', 'u2', 'u3', 'u5'])
    await again.log.close()
  }
})

test('zeros that a power cut left at the end are no damage', async () => {
  const { folder, id, file } = await sessionOfFour()
  appendFileSync(file, Buffer.alloc(4096))
  const { log, damage } = await reopen(storeIn(folder), id)
  expect(damage).toBeUndefined()
  expect(idsOf(log.messages())).toEqual(ALL)
  await log.close()
})

test('a lost call takes its result out of the conversation, a lost result is made up for in its place', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const session = sessionIn(store)
  await session.append(user('u1', 'x'))
  await session.append(assistant('a1', 'one', 'c1'))
  await session.append(result('t1', 'c1', 'first'))
  await session.append(assistant('a2', 'two', 'c2'))
  await session.append(result('t2', 'c2', 'second'))
  await session.append(assistant('a3', 'end'))
  await session.close()
  const file = generationPath(join(folder, 'sessions', session.id), 1)
  writeFileSync(file, flip(3, 60)(flip(4, 60)(readFileSync(file))))
  const { log, damage, repaired } = await reopen(store, session.id)
  // Two records side by side are one stretch of damage.
  expect(damage?.records).toBe(1)
  expect(repaired).toEqual({ interrupted: 1, orphans: 1, unfinished: 0 })
  expect(log.messages()).toMatchObject([
    { id: 'u1' },
    { id: 'a1' },
    { call_id: 'c1', status: 'interrupted' },
    { id: 'a3' },
  ])
  await log.close()
})

test('a rewrite that a crash interrupted is ended by who opens the session, with what was appended meanwhile', async () => {
  const { folder, id, file } = await sessionOfFour()
  const old = readFileSync(file)
  const path = join(folder, 'sessions', id)
  const journal = Journal.open(path, true)
  journal?.rewrite(records => records.map(frameAgain))
  await journal?.close()
  // As before the old generation was removed, and with one more record at its end.
  writeFileSync(file, Buffer.concat([old, frame('message', 'u5', { at: 5, message: user('u5', 'late') })]))
  const read = storeIn(folder).readSession(id)
  expect(read.ok && idsOf(read.value.messages())).toContain('u5')

  const { log, damage } = await reopen(storeIn(folder), id)
  expect(damage).toBeUndefined()
  expect(idsOf(log.messages()).sort()).toEqual([...ALL, 'u5'])
  await log.close()
  expect(readdirSync(join(folder, 'sessions'))).toEqual([`${id}.2.log`])
  const again = storeIn(folder).readSession(id)
  expect(again.ok && idsOf(again.value.messages()).sort()).toEqual([...ALL, 'u5'])
})

test('a session or a store of a newer schema is refused and not touched', async () => {
  const { folder, id, file } = await sessionOfFour()
  writeFileSync(file, Buffer.concat([frame('session', id, { schema: 2, novel: true }), readFileSync(file)]))
  const before = readFileSync(file)
  const store = storeIn(folder)
  expect(await store.openSession(id)).toMatchObject({ ok: false, error: { kind: 'newer-schema', schema: 2 } })
  expect(store.readSession(id)).toMatchObject({ ok: false, error: { kind: 'newer-schema' } })
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(readdirSync(join(folder, 'leases'))).toEqual([])

  writeFileSync(join(folder, 'schema.json'), '{"schema":9}')
  expect(openStore({ folder, now: Date.now })).toMatchObject({ ok: false, error: { kind: 'newer-schema', schema: 9 } })
})

test('the list needs no catalog: a lost or damaged one is made up for from the sessions themselves', async () => {
  const { folder, id } = await sessionOfFour()
  const catalog = generationPath(join(folder, 'catalog'), 1)
  for (const harm of [
    () => writeFileSync(catalog, flip(1, 40)(readFileSync(catalog))),
    () => truncateSync(catalog, 0),
  ]) {
    harm()
    expect(storeIn(folder).listSessions()).toMatchObject([
      { id, messages: 4, title: 'text of u1 '.repeat(8).slice(0, 80) },
    ])
  }
})

test.each<[string, (session: SessionLog) => Promise<void>]>([
  ['as it was said', async () => undefined],
  ['with its first prompt put away', session => session.archive(['u1', 'a1', 't1'])],
  ['with a summary', session => session.archive(['u1', 'a1', 't1'], { ...user('s1', 'summary'), origin: 'summary' })],
  ['with a title', session => session.setMeta('title', 'of the user')],
])('a list made from the sessions themselves says what the catalog said: a session %s', async (_, change) => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const session = sessionIn(store)
  await session.append(user('u1', 'first prompt'))
  await session.append(assistant('a1', 'a reply', 'c1'))
  await session.append(result('t1', 'c1', 'a long output'))
  await session.append(user('u2', 'second prompt'))
  await session.append(result('t1', 'c1', 'shorter'))
  await change(session)
  await session.close()
  const listed = store.listSessions()
  rmSync(generationPath(join(folder, 'catalog'), 1))
  expect(storeIn(folder).listSessions()).toEqual(listed.map(each => ({ ...each, archived_bytes: expect.any(Number) })))
})

async function sessionOfFour() {
  const folder = temporaryFolder()
  const session = sessionIn(storeIn(folder))
  for (const id of ALL) await session.append(user(id, `text of ${id} `.repeat(20)))
  await session.close()
  return { folder, id: session.id, file: generationPath(join(folder, 'sessions', session.id), 1) }
}

/** Flips a bit of the n-th record, some bytes behind its beginning. */
function flip(record: number, place: number): (bytes: Buffer) => Buffer {
  return bytes => {
    const changed = Buffer.from(bytes)
    const at = (offsetsIn(bytes)[record] ?? 0) + place
    changed[at] = (changed[at] ?? 0) ^ 0x04
    return changed
  }
}

function zero(record: number): (bytes: Buffer) => Buffer {
  return bytes => {
    const changed = Buffer.from(bytes)
    const places = offsetsIn(bytes)
    changed.fill(0, places[record], places[record + 1])
    return changed
  }
}

function offsetsIn(bytes: Buffer): number[] {
  return scanJournal(bytes).records.map(each => each.offset)
}
