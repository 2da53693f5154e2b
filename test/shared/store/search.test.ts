import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import initSqlJs from 'sql.js'
import { expect, test } from 'vitest'
import { frame } from '#shared/store/journal-record'
import { generationPath } from '#shared/store/read-journal'
import type { Store } from '#shared/store/sessions'
import { assistant, result, sessionIn, storeIn, temporaryFolder, user } from './support'

test.each([
  ['words from their beginning', 'authent', ['a']],
  ['all words, in any order', 'rewrote authentication', ['a']],
  ['a phrase as it stands', '"the parser"', ['b']],
  ['no phrase in another order', '"parser the"', []],
  ['whatever the case and accents', 'RESUME', ['c']],
  ['a touched file by its path', 'src/lib/token.ts', ['a']],
  ['a word inside Chinese text', '数据', ['d']],
  ['no characters that stand apart there', '请数', []],
  ['words that punctuation joins only side by side', 'is/slow', ['b']],
  ['nothing where they stand apart', 'parser/slow', []],
  ['a long word, of which the first 40 characters count', `${'0123456789abcdef'.repeat(4)}-and-more`, ['e']],
  ['a shorter beginning of it', '0123456789abcdef0123', ['e']],
  ['punctuation that means something to the database', 'parser" OR (NEAR* -x', []],
  ['nothing but punctuation', '"* (', []],
])('search finds %s', async (_, query, sessions) => {
  const store = storeIn(temporaryFolder())
  await fill(store)
  expect((await store.search(query)).map(hit => hit.session_id)).toEqual(sessions)
})

test('search tells where, keeps to a project, and shows the newest first', async () => {
  let now = 1000
  const store = storeIn(temporaryFolder(), () => now++)
  for (const [id, project] of [
    ['one', '/p'],
    ['two', '/q'],
    ['three', '/p'],
  ]) {
    await sessionIn(store, { id, project }).append(user('u', `a question about ${id} with the needle in it`))
  }
  expect((await store.search('needle', { project: '/p' })).map(hit => hit.session_id)).toEqual(['three', 'one'])
  expect((await store.search('needle', { limit: 1 }))[0]).toMatchObject({
    session_id: 'three',
    project: '/p',
    role: 'user',
    snippet: expect.stringContaining('the needle in it'),
  })
})

test('what was said since the last search is found, what was deleted is not, and nothing of it stays in the index', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const session = sessionIn(store)
  await session.append(user('u1', 'hippopotamus'))
  expect(await store.search('hippo')).toHaveLength(1)
  await session.append(user('u2', 'a second hippopotamus'))
  expect(await store.search('hippo')).toHaveLength(2)
  await session.close()
  expect(bytesBelow(folder)).toContain('hippopotamus')
  await store.deleteSession(session.id)
  expect(bytesBelow(folder)).not.toContain('hippopotamus')
  expect(await store.search('hippo')).toEqual([])
})

test('a lost part of the index is made again, and one with any byte damaged', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  const session = sessionIn(store)
  await session.append(user('u1', 'hippo'))
  await session.append(user('u2', 'hippo and giraffe'))
  const found = async () => (await store.search('hippo giraffe')).map(hit => hit.message_id)
  expect(await found()).toEqual(['u2'])
  rmSync(partIn(folder))
  expect(await found()).toEqual(['u2'])
  const whole = readFileSync(partIn(folder))
  for (let place = 0; place < whole.length; place++) {
    const harmed = Buffer.from(whole)
    harmed[place]! ^= 0x01
    writeFileSync(partIn(folder), harmed)
    expect(await found()).toEqual(['u2'])
  }
  // Found while more is to be added to it.
  writeFileSync(partIn(folder), whole.subarray(0, -3))
  await session.append(user('u3', 'giraffe and hippo'))
  expect(await found()).toEqual(['u3', 'u2'])
})

test('a large history is indexed piece by piece; who is interrupted goes on from there, and only what is new is read', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  await sessionIn(store, { id: 'small' }).append(user('first', 'needle'))
  const count = 3600
  const filler = 'some words of no meaning '.repeat(200)
  const frames = Array.from({ length: count }, (_, index) => {
    const message = user(`m${index}`, `${index % 1800 === 0 ? 'needle' : 'hay'} ${filler}`)
    return frame('message', message.id, { at: index, message })
  })
  const header = { schema: 1, id: 'large', project: '/work/one', agent: '', provider: '', model: '', mode: 'safe' }
  const file = generationPath(join(folder, 'sessions', 'large'), 1)
  writeFileSync(file, Buffer.concat([frame('session', 'large', { ...header, created_at: 1 }), ...frames]))

  const totals: number[] = []
  const interrupted = store.search('needle', {
    onProgress: (done, total) => {
      totals.push(total)
      if (done > total * 0.8) throw new Error('interrupted')
    },
  })
  await expect(interrupted).rejects.toThrow('interrupted')
  const progress: number[][] = []
  const search = async () =>
    (await store.search('needle', { onProgress: (...told) => progress.push(told) })).map(hit => hit.message_id)
  expect(await search()).toEqual(['first', 'm1800', 'm0'])
  expect(totals[0]).toBeGreaterThan(statSync(file).size)
  expect(progress[0]?.[1]).toBeLessThan((totals[0] ?? 0) * 0.6)
  expect(progress.at(-1)?.[0]).toBe(progress.at(-1)?.[1])
  expect(readdirSync(join(folder, 'index')).filter(name => name.endsWith('.words')).length).toBeGreaterThan(1)
  expect((await store.search('needle', { limit: 1 })).map(hit => hit.message_id)).toEqual(['first'])

  progress.length = 0
  expect(await search()).toHaveLength(3)
  expect(progress).toEqual([])
  const added = frame('message', 'new', { at: 1, message: user('new', 'needle') })
  appendFileSync(file, added)
  expect(await search()).toEqual(['first', 'm1800', 'new', 'm0'])
  expect(progress).toEqual([[added.length, added.length]])
})

test('an exported session is a standard SQLite file, JSON, and a document', async () => {
  const store = storeIn(temporaryFolder())
  await fill(store)
  const bytes = await store.exportSession('a', 'sqlite')
  if (!bytes.ok) throw new Error(bytes.error.message)
  const sqlite = await initSqlJs()
  const database = new sqlite.Database(bytes.value)
  expect(database.exec('PRAGMA integrity_check')[0]?.values).toEqual([['ok']])
  expect(database.exec('SELECT role, content, tool_call_id FROM messages ORDER BY id')[0]?.values).toEqual([
    ['user', 'please look at this', null],
    ['assistant', 'I rewrote the authentication\nRead {"path":"a.ts"}', null],
    ['tool', 'fine', 'c1'],
  ])
  expect(database.exec('SELECT path FROM touched_files')[0]?.values).toEqual([['src/lib/token.ts']])
  database.close()

  const json = await store.exportSession('a', 'json')
  expect(json.ok && JSON.parse(Buffer.from(json.value).toString())).toMatchObject({
    schema_version: 1,
    session: { id: 'a', title: 'please look at this' },
    messages: [{ id: 'u' }, { id: 'v' }, { id: 'w' }],
  })
  const markdown = await store.exportSession('a', 'markdown')
  expect(markdown.ok && Buffer.from(markdown.value).toString()).toContain('### Result of Read: ok\n\n```\nfine\n```')
  expect(await store.exportSession('zzz', 'json')).toMatchObject({ ok: false, error: { kind: 'unknown' } })
})

async function fill(store: Store): Promise<void> {
  const a = sessionIn(store, { id: 'a' })
  await a.append(user('u', 'please look at this'))
  await a.append(assistant('v', 'I rewrote the authentication', 'c1'))
  await a.append(result('w', 'c1', 'fine'), { changes: [{ path: 'src/lib/token.ts', status: 'modified' }] })
  await sessionIn(store, { id: 'b' }).append(user('u', 'the parser is slow'))
  await sessionIn(store, { id: 'c' }).append(user('u', 'Résumé of the day'))
  await sessionIn(store, { id: 'd' }).append(user('u', '请优化数据库查询'))
  await sessionIn(store, { id: 'e' }).append(user('u', `sha256 ${'0123456789abcdef'.repeat(4)}-and-more`))
}

function partIn(folder: string): string {
  const [name = ''] = readdirSync(join(folder, 'index')).filter(each => each.endsWith('.words'))
  return join(folder, 'index', name)
}

function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}
