import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import initSqlJs from 'sql.js'
import { expect, onTestFinished, test } from 'vitest'
import { kodePaths } from '#shared/config/paths'
import { assistant, result, sessionIn, storeIn, user } from '../shared/store/support'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

test('show, search and the exports hold what compaction put away', async () => {
  const { root } = await projectWithSessions()
  const shown = await sessions(root, 'show', 'aa1', '--json')
  expect(shown).toMatchObject({
    schema_version: 1,
    session: { id: 'aa1', messages: 2, archived_messages: 2 },
    messages: [{ id: 'u1', archived_at: expect.any(Number) }, { id: 'a1' }, { id: 'a2' }, { id: 't2' }],
  })
  expect((await runCli(['sessions', 'show', 'aa1'], { cwd: root })).stdout).toMatch(/\[user, archived\]\nzanzibar/)
  expect(await sessions(root, 'search', 'zanzi', '--json')).toMatchObject({
    schema_version: 1,
    hits: [{ session_id: 'aa1', message_id: 'u1' }],
  })
  expect((await runCli(['sessions', 'search', 'nowhere'], { cwd: root })).stdout).toContain('No message')
  expect(await sessions(root, 'export', 'aa1')).toEqual(shown)
  const markdown = await runCli(['sessions', 'export', 'aa1', '--format', 'markdown'], { cwd: root })
  expect(markdown.stdout).toContain('## User (archived)\n\nzanzibar')
})

test('an exported SQLite file opens in SQLite, and is never printed on a terminal', async () => {
  const { root } = await projectWithSessions()
  expect((await runCli(['sessions', 'export', 'aa1', '--format', 'sqlite'], { cwd: root })).code).toBe(2)
  const file = join(dirname(root), 'aa1.sqlite')
  const end = await runCli(['sessions', 'export', 'aa1', '--format', 'sqlite', '-o', file, '--json'], { cwd: root })
  const bytes = readFileSync(file)
  expect(JSON.parse(end.stdout)).toEqual({ schema_version: 1, format: 'sqlite', output: file, bytes: bytes.length })
  const sqlite = await initSqlJs()
  const database = new sqlite.Database(bytes)
  onTestFinished(() => database.close())
  const rows = database.exec('SELECT message_id, compacted_at IS NOT NULL FROM messages ORDER BY id')[0]?.values
  expect(rows).toEqual([
    ['u1', 1],
    ['a1', 1],
    ['a2', 0],
    ['t2', 0],
  ])
})

test('a beginning that fits several sessions names them; one that fits none says so', async () => {
  const { root } = await projectWithSessions()
  const ambiguous = await runCli(['sessions', 'show', 'aa'], { cwd: root })
  expect(ambiguous).toMatchObject({ code: 1, stdout: '' })
  expect(ambiguous.stderr).toMatch(/2 sessions begin with "aa".*\n {2}aa1\n {2}aa2/)
  const unknown = await runCli(['sessions', 'show', 'zz'], { cwd: root })
  expect(unknown).toMatchObject({ code: 1, stdout: '' })
  expect(unknown.stderr).not.toContain('begin with "aa"')
  expect(unknown.stderr).toContain('"zz"')
})

test('purge and delete give the bytes back', async () => {
  const { root, db } = await projectWithSessions()
  const before = bytesBelow(join(db, 'sessions'))
  expect(await sessions(root, 'purge', '--older', '1d', '--json')).toMatchObject({ messages: 0, bytes_freed: 0 })
  const purged = await sessions(root, 'purge', '--json')
  expect(purged).toMatchObject({ sessions: 1, messages: 2 })
  const after = bytesBelow(join(db, 'sessions'))
  expect(before - after).toBe(purged.bytes_freed)
  expect(purged.bytes_freed).toBeGreaterThan(LONG.length)
  const deleted = await sessions(root, 'delete', 'aa1', '--json')
  expect(deleted).toEqual({ schema_version: 1, id: 'aa1', bytes_freed: after - bytesBelow(join(db, 'sessions')) })
  expect(readdirSync(join(db, 'sessions')).filter(name => name.startsWith('aa1'))).toEqual([])
  expect((await sessions(root, 'list', '--json')).sessions).toMatchObject([{ id: 'aa2' }])
})

test('resume goes on with a session, and a call that a crash cut off has its result', async () => {
  const { root } = await projectWithSessions()
  const model = await startScriptedProvider([{ text: 'going on' }])
  onTestFinished(() => model.close())
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const end = await runCli(['sessions', 'resume', 'aa2', 'go on'], { cwd: root, env })
  expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('going on') })
  expect(JSON.stringify(model.requests[0]?.body.messages)).toMatch(/look.*Interrupted.*go on/s)
  expect((await sessions(root, 'show', 'aa2', '--json')).messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant' },
    { role: 'tool', status: 'interrupted' },
    { role: 'user' },
    { role: 'assistant' },
  ])
})

const LONG = 'zanzibar '.repeat(500)

/** Session aa1 with two archived messages, and aa2 that ended in the middle of a call. */
async function projectWithSessions() {
  const root = tempProject()
  const { db } = kodePaths({ HOME: dirname(root) })
  mkdirSync(db, { recursive: true })
  const store = storeIn(db)
  const first = sessionIn(store, { id: 'aa1', project: root })
  await first.append(user('u1', LONG))
  await first.append(assistant('a1', 'seen'))
  await first.archive(['u1', 'a1'])
  await first.append(assistant('a2', 'reading', 'c2'))
  await first.append(result('t2', 'c2', 'content'))
  await first.close()
  const second = sessionIn(store, { id: 'aa2', project: root })
  await second.append(user('u1', 'look'))
  await second.append(assistant('a1', 'looking', 'c1'))
  await second.close()
  await store.close()
  return { root, db }
}

async function sessions(root: string, ...args: string[]) {
  const end = await runCli(['sessions', ...args], { cwd: root })
  expect(end).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(end.stdout)
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
