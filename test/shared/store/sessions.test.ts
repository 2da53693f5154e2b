import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { searchEntries, textOfMessage } from '#shared/store/recall'
import { assistant, idsOf, reopen, result, sessionIn, storeIn, temporaryFolder, user } from './support'

describe('a session that is resumed', () => {
  test('has the same messages, mode, title and todo list', async () => {
    const store = storeIn(temporaryFolder())
    const session = sessionIn(store)
    const messages = [
      user('u1', 'hello'),
      assistant('a1', 'let me see', 'c1'),
      result('t1', 'c1', 'text'),
      assistant('a2', 'done'),
    ]
    for (const message of messages) await session.append(message)
    await session.setMeta('todos', [{ content: 'x', status: 'pending', priority: 'low' }])
    await session.setMeta('mode', 'plan')
    await session.close()

    const { log, repaired, damage } = await reopen(store, session.id)
    expect(log.messages()).toEqual(messages)
    expect(log.meta('todos')).toEqual([{ content: 'x', status: 'pending', priority: 'low' }])
    expect(repaired).toEqual({ interrupted: 0, orphans: 0, unfinished: 0 })
    expect(damage).toBeUndefined()
    expect(store.listSessions()).toMatchObject([
      { id: session.id, mode: 'plan', title: 'hello', messages: 4, running: true },
    ])
    await log.close()
  })

  test('gives a call that was interrupted a result, and keeps the text of a reply that was cut', async () => {
    const folder = temporaryFolder()
    const crashed = sessionIn(storeIn(folder))
    await crashed.append(user('u1', 'hello'))
    await crashed.append(assistant('a1', 'both', 'c1', 'c2'))
    await crashed.append(result('t1', 'c1', 'first'))
    await crashed.append(user('u2', 'go on'))
    crashed.draft('a2', 'half ')
    crashed.draft('a2', 'a sen')
    await crashed.close()

    const { log, repaired } = await reopen(storeIn(folder), crashed.id)
    expect(repaired).toEqual({ interrupted: 1, orphans: 0, unfinished: 1 })
    expect(log.messages()).toMatchObject([
      { id: 'u1' },
      { id: 'a1' },
      { id: 't1', status: 'ok' },
      { role: 'tool', call_id: 'c2', status: 'interrupted' },
      { id: 'u2' },
      { id: 'a2', stop: 'cut', parts: [{ type: 'text', text: 'half a sen' }] },
    ])
    await log.close()
    const again = await reopen(storeIn(folder), crashed.id)
    expect(again.repaired).toEqual({ interrupted: 0, orphans: 0, unfinished: 0 })
    expect(again.log.messages()).toEqual(log.messages())
  })
})

test('the text of a reply outlives a crash in pieces, until it is there whole or something else was said', async () => {
  const folder = temporaryFolder()
  const session = sessionIn(storeIn(folder))
  const seen = async () => {
    const read = storeIn(folder).readSession(session.id)
    return read.ok ? read.value.entries.map(({ message }) => `${message.id}: ${textOfMessage(message)}`) : []
  }
  await session.append(user('u1', 'hello'))
  session.draft('a1', 'one ')
  await expect.poll(seen).toEqual(['u1: hello', 'a1: one '])
  session.draft('a1', 'two ')
  session.draft('a1', 'three')
  await expect.poll(seen).toEqual(['u1: hello', 'a1: one two three'])
  // The stream broke, and the model was asked again.
  session.draft('a2', 'four')
  await expect.poll(seen).toEqual(['u1: hello', 'a2: four'])
  session.draft('a2', ' five')
  await session.append(assistant('a2', 'four five six'))
  await session.close()
  expect(await seen()).toEqual(['u1: hello', 'a2: four five six'])
})

describe('finding a session', () => {
  test('tells unknown, ambiguous and one that is running apart', async () => {
    const store = storeIn(temporaryFolder())
    for (const [id, project] of [
      ['abc1', '/one'],
      ['abc2', '/two'],
      ['xyz', '/two'],
    ]) {
      const session = sessionIn(store, { id, project })
      await session.append(user('u', 'hi'))
      if (id !== 'xyz') await session.close()
    }
    expect(await store.openSession('nope')).toMatchObject({ ok: false, error: { kind: 'unknown' } })
    expect(await store.openSession('')).toMatchObject({ ok: false, error: { kind: 'unknown' } })
    expect(await store.openSession('abc')).toMatchObject({
      ok: false,
      error: { kind: 'ambiguous', ids: ['abc1', 'abc2'] },
    })
    expect(await store.openSession('xyz')).toMatchObject({
      ok: false,
      error: { kind: 'owned', by: { pid: process.pid } },
    })
    expect(store.findSession('abc', '/two')).toEqual({ ok: true, value: 'abc2' })
    expect(
      store.createSession({ id: 'abc1', project: '/', agent: '', provider: '', model: '', mode: 'safe' }),
    ).toMatchObject({
      ok: false,
      error: { kind: 'exists' },
    })
  })

  test('lists a project’s sessions, the one used last first', async () => {
    let now = 1_000_000
    const store = storeIn(temporaryFolder(), () => now++)
    const [first, second] = [sessionIn(store), sessionIn(store)]
    await first.append(user('u', 'first'))
    await second.append(user('u', 'second'))
    await first.append(user('v', 'again'))
    await sessionIn(store, { project: '/elsewhere' }).append(user('u', 'third'))
    expect(store.listSessions('/work/one').map(each => each.title)).toEqual(['first', 'second'])
    expect(store.lastSession('/work/one')?.id).toBe(first.id)
    expect(store.listSessions()).toHaveLength(3)
  })
})

describe('compaction', () => {
  test('puts the summary before what stays, keeps the rest searchable, and purge frees it', async () => {
    const folder = temporaryFolder()
    const store = storeIn(folder)
    const session = sessionIn(store)
    await session.append(user('u1', `the needle ${'x'.repeat(50_000)}`))
    await session.append(assistant('a1', 'old answer'))
    await session.append(user('u2', 'new question'))
    await session.archive(['u1', 'a1'], { ...user('s1', 'what happened'), origin: 'summary' })
    expect(idsOf(session.messages())).toEqual(['s1', 'u2'])
    expect(searchEntries(session.history(), 'NEEDLE')).toMatchObject([{ turn: 1, message_id: 'u1', is_archived: true }])
    await session.close()

    const { log } = await reopen(store, session.id)
    expect(idsOf(log.messages())).toEqual(['s1', 'u2'])
    expect(await store.purge()).toMatchObject({ sessions: 0, skipped: [session.id] })
    await log.close()
    expect(store.lastSession('/work/one')).toMatchObject({
      title: expect.stringContaining('the needle'),
      archived_messages: 2,
    })
    expect(await store.purge({ olderThanMs: 60_000 })).toMatchObject({ messages: 0 })
    const purged = await store.purge()
    expect(purged).toMatchObject({ sessions: 1, messages: 2, skipped: [] })
    expect(purged.bytes_freed).toBeGreaterThan(50_000)
    expect(diskBytes(folder)).toBeLessThan(10_000)
    const after = await reopen(store, session.id)
    expect(idsOf(after.log.messages())).toEqual(['s1', 'u2'])
    expect(searchEntries(after.log.history(), 'needle')).toEqual([])
    expect(after.damage).toBeUndefined()
  })
})

describe('a copy of a session that was compacted', () => {
  test.each([
    ['before a message that stayed', 'u2', ['s1']],
    ['before one that was put away, with what was said instead of the summary', 'a1', ['u1']],
    ['whole', undefined, ['s1', 'u2']],
  ])('goes on %s', async (_, before, sent) => {
    const store = storeIn(temporaryFolder())
    const session = sessionIn(store)
    for (const message of [user('u1', 'old'), assistant('a1', 'old answer'), user('u2', 'new')]) {
      await session.append(message)
    }
    await session.archive(['u1', 'a1'], { ...user('s1', 'what happened'), origin: 'summary' })
    await session.close()
    const copy = await store.forkSession(session.id, { project: '/work/one' }, before)
    expect(copy.ok && idsOf(copy.value.messages())).toEqual(sent)
  })
})

test('a session that was never used, and an ephemeral one, leave nothing on the disk', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const unused = sessionIn(store)
  await unused.setMeta('mode', 'plan')
  await unused.close()
  const ephemeral = sessionIn(store, { isEphemeral: true })
  await ephemeral.append(user('u1', 'secret'))
  expect(searchEntries(ephemeral.history(), 'secret')).toHaveLength(1)
  await ephemeral.close()
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['leases', 'schema.json', 'sessions'])
})

test('a deleted session leaves none of its bytes', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const session = sessionIn(store)
  await session.append({
    ...user('u1', 'look'),
    parts: [{ type: 'image', media_type: 'image/png', data: Buffer.alloc(100_000, 7).toString('base64') }],
  })
  expect(await store.deleteSession(session.id)).toMatchObject({ ok: false, error: { kind: 'owned' } })
  await session.close()
  expect(await store.deleteSession(session.id)).toMatchObject({
    ok: true,
    value: { bytes_freed: expect.closeTo(100_700, -3) },
  })
  expect(store.listSessions()).toEqual([])
  expect(diskBytes(folder)).toBeLessThan(200)
})

test('images and long outputs come back from files of their own', async () => {
  const store = storeIn(temporaryFolder())
  const session = sessionIn(store)
  const image = {
    type: 'image' as const,
    media_type: 'image/png' as const,
    data: Buffer.alloc(5000, 1).toString('base64'),
  }
  const long = 'line\n'.repeat(30_000)
  await session.append({
    role: 'user',
    id: 'u1',
    parts: [image, { type: 'text', text: 'what is it?' }],
    origin: 'typed',
  })
  await session.append(assistant('a1', '', 'c1'))
  await session.append({ ...result('t1', 'c1', long), images: [image] }, { fullText: `${long}the very end` })
  await session.close()
  const { log } = await reopen(store, session.id)
  expect(log.messages()).toMatchObject([
    { parts: [image, { text: 'what is it?' }] },
    {},
    { text: long, images: [image] },
  ])
  expect(searchEntries(log.history(), 'very end')).toHaveLength(1)
  expect(log.summary().bytes).toBeLessThan(3000)
})

function diskBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0)
}

test('another process reads a running session along', async () => {
  const folder = temporaryFolder()
  const session = sessionIn(storeIn(folder))
  await session.append(user('u1', 'hello'))
  const stop = new AbortController()
  const seen: string[] = []
  for await (const message of storeIn(folder).followSession(session.id, stop.signal)) {
    seen.push(message.id)
    session.draft('a1', 'hal')
    if (message.id === 'u1') await session.append(assistant('a1', 'half and half'))
    else stop.abort()
  }
  expect(seen).toEqual(['u1', 'a1'])
  await session.close()
})
