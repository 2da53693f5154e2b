import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import initSqlJs from 'sql.js'
import { expect, test } from 'vitest'
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

test('a damaged or lost part of the index is made again', async () => {
  const folder = temporaryFolder()
  const store = storeIn(folder)
  await sessionIn(store).append(user('u1', 'hippopotamus'))
  for (const harm of [(file: string) => writeFileSync(file, 'not a database at all'), (file: string) => rmSync(file)]) {
    expect(await store.search('hippo')).toHaveLength(1)
    for (const name of readdirSync(join(folder, 'index')))
      if (name.endsWith('.sqlite')) harm(join(folder, 'index', name))
    expect(await store.search('hippo')).toHaveLength(1)
  }
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
}

function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}
