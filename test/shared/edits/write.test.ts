import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { buildChangeSet, buildWhatFits } from '#shared/edits/build-change-set'
import { listTurns, redo, undo } from '#shared/edits/checkpoint'
import { readProposal } from '#shared/edits/proposal'
import { type Door, writeChanges } from '#shared/edits/write'
import { nodeFiles } from '#shared/host/node/files'

let door: Door
beforeEach(() => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kode-edits-')))
  mkdirSync(join(folder, 'project'))
  door = { root: join(folder, 'project'), files: nodeFiles(), journalFolder: join(folder, 'journal'), now: () => 0 }
})

const at = (path: string) => join(door.root, path)
const put = (path: string, text: string | Uint8Array) => {
  mkdirSync(join(at(path), '..'), { recursive: true })
  writeFileSync(at(path), text)
}
const text = (path: string) => readFileSync(at(path), 'utf8')

async function propose(proposal: string) {
  const read = readProposal(proposal)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  const built = await buildChangeSet(read.value, door)
  if (!built.ok) throw new Error(JSON.stringify(built.error))
  return built.value
}

async function land(proposal: string, turnId: string) {
  const written = await writeChanges(await propose(proposal), door, { turnId, title: turnId })
  if (!written.ok) throw new Error(JSON.stringify(written.error))
  return written.value
}

describe('a change set of hunks', () => {
  test('lands as a whole and is undone as a whole', async () => {
    put('a.txt', 'one\r\ntwo\r\n')
    put('old/b.txt', 'bee\n')
    put('c.txt', 'sea\n')
    chmodSync(at('c.txt'), 0o755)
    const written = await land(
      JSON.stringify([
        { id: 'h1', file_path: 'a.txt', action: 'MODIFY', anchor_text: 'two', new_text: 'zwei\ndrei' },
        { id: 'h2', file_path: 'old/b.txt', action: 'RENAME', new_path: 'new/deep/b.txt' },
        { id: 'h3', file_path: 'c.txt', action: 'DELETE_FILE' },
        { id: 'h4', file_path: 'd/e.txt', action: 'CREATE', new_text: 'new\n' },
      ]),
      't1',
    )
    expect(written.files.map(file => `${file.status} ${file.path}`)).toEqual([
      'modified a.txt',
      'renamed new/deep/b.txt',
      'deleted c.txt',
      'created d/e.txt',
    ])
    expect(text('a.txt')).toBe('one\r\nzwei\r\ndrei\r\n')
    expect(text('new/deep/b.txt')).toBe('bee\n')
    expect(existsSync(at('c.txt'))).toBe(false)
    expect(existsSync(at('old'))).toBe(false)

    const undone = await undo({}, door)
    expect(undone.ok && undone.value.files.length).toBe(5)
    expect(readdirSync(door.root).sort()).toEqual(['a.txt', 'c.txt', 'old'])
    expect(text('a.txt')).toBe('one\r\ntwo\r\n')
    expect(statSync(at('c.txt')).mode & 0o777).toBe(0o755)

    const again = await redo({}, door)
    expect(again.ok && again.value.message).toBe('Redid turn 1: 5 files.')
    expect(readdirSync(door.root).sort()).toEqual(['a.txt', 'd', 'new'])
    expect((await listTurns(door)).ok).toBe(true)
  })

  test('a failing hunk is reported under its id, the others are built', async () => {
    put('a.txt', 'one\ntwo\n')
    const read = readProposal(
      JSON.stringify([
        { id: 'good', file_path: 'a.txt', action: 'MODIFY', anchor_text: 'two', new_text: 'zwei' },
        { id: 'bad', file_path: 'a.txt', action: 'MODIFY', anchor_text: 'three', new_text: 'drei' },
      ]),
    )
    if (!read.ok) throw new Error('unreadable')
    const { changes, failed } = await buildWhatFits(read.value, door)
    expect(changes.files.map(file => file.after)).toEqual(['one\nzwei\n'])
    expect(failed.map(problem => [problem.hunkId, problem.kind])).toEqual([['bad', 'anchor-missing']])
  })
})

test('a file that changed since it was read is refused, and nothing is written', async () => {
  put('a.txt', 'one\n')
  put('b.txt', 'one\n')
  const changes = await propose(
    JSON.stringify([
      { file_path: 'b.txt', action: 'MODIFY', anchor_text: 'one', new_text: 'two' },
      { file_path: 'a.txt', action: 'MODIFY', anchor_text: 'one', new_text: 'two' },
    ]),
  )
  put('a.txt', 'other\n')
  const written = await writeChanges(changes, door)
  expect(written).toMatchObject({ ok: false, error: { kind: 'stale', path: 'a.txt' } })
  expect(text('b.txt')).toBe('one\n')
})

test('undo keeps what somebody else changed since, and shows it', async () => {
  put('a.txt', 'one\n')
  put('b.txt', 'one\n')
  await land(
    JSON.stringify([
      { file_path: 'a.txt', action: 'MODIFY', anchor_text: 'one', new_text: 'two' },
      { file_path: 'b.txt', action: 'MODIFY', anchor_text: 'one', new_text: 'two' },
    ]),
    't1',
  )
  put('a.txt', 'two, and mine\n')
  const undone = await undo({}, door)
  expect(undone).toMatchObject({ ok: true, value: { files: [{ path: 'b.txt' }], kept: [{ path: 'a.txt' }] } })
  expect(undone.ok && undone.value.kept[0]!.diff).toContain('+two, and mine')
  expect(text('a.txt')).toBe('two, and mine\n')
  const forced = await undo({ turn: 1, force: true }, door)
  expect(forced).toMatchObject({ ok: true, value: { files: [{ path: 'a.txt' }], kept: [] } })
  expect(text('a.txt')).toBe('one\n')
})

test.each([
  ['../x', 'outside-project'],
  ['/etc/passwd', 'outside-project'],
  ['a/../../x', 'outside-project'],
  ['out/x', 'outside-project'],
  ['.git/config', 'protected-path'],
  ['sub/.GIT/hooks/x', 'protected-path'],
  ['.vscode/settings.json', 'protected-path'],
])('%s is refused as %s', async (path, kind) => {
  symlinkSync(tmpdir(), at('out'))
  const read = readProposal(JSON.stringify([{ file_path: path, action: 'CREATE', new_text: 'x' }]))
  if (!read.ok) throw new Error('unreadable')
  const built = await buildChangeSet(read.value, door)
  expect(built).toMatchObject({ ok: false, error: [{ kind }] })
})
