import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { listTurns, redo, type UndoOptions, undo } from '#shared/edits/checkpoint'
import { writeChanges } from '#shared/edits/write'
import { type TestProject, testProject } from './support/project'

let project: TestProject
beforeEach(() => {
  project = testProject()
  project.put('a.txt', '0\n')
})

const turnTo = (from: number, to: number) =>
  project.land([{ file_path: 'a.txt', action: 'MODIFY', anchor_text: `${from}`, new_text: `${to}` }], `turn ${to}`)

async function undone(options: UndoOptions = {}) {
  const report = await undo(options, project.door)
  if (!report.ok) throw new Error(report.error.message)
  return report.value
}

async function redone() {
  const report = await redo({}, project.door)
  if (!report.ok) throw new Error(report.error.message)
  return report.value
}

describe('undo', () => {
  test('goes back turn by turn, and redo forward again', async () => {
    for (const turn of [1, 2, 3]) await turnTo(turn - 1, turn)
    const seen: string[] = []
    for (let step = 0; step < 4; step++) {
      const { turns, message } = await undone()
      seen.push(`${turns.map(each => each.turn)} ${project.text('a.txt').trim()} ${message}`)
    }
    expect(seen).toEqual([
      '3 2 Undid turn 3: 1 file.',
      '2 1 Undid turn 2: 1 file.',
      '1 0 Undid turn 1: 1 file.',
      ' 0 Nothing left to undo.',
    ])
    for (const expected of ['1\n', '2\n', '3\n']) {
      expect((await redone()).files).toEqual([{ path: 'a.txt', action: 'restored' }])
      expect(project.text('a.txt')).toBe(expected)
    }
    expect((await redone()).message).toBe('Nothing left to redo.')
  })

  test('of a turn takes back all after it too, in one step', async () => {
    for (const turn of [1, 2, 3]) await turnTo(turn - 1, turn)
    expect((await undone({ turn: 2 })).turns.map(each => each.turn)).toEqual([3, 2])
    expect(project.text('a.txt')).toBe('1\n')
    expect((await redone()).turns.map(each => each.turn)).toEqual([2, 3])
    expect(project.text('a.txt')).toBe('3\n')
  })

  test('of one turn by its id leaves the turns after it alone', async () => {
    await turnTo(0, 1)
    await project.land([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }], 'another')
    expect((await undone({ turnIds: ['turn 1'] })).turns.map(each => each.turn)).toEqual([1])
    expect(project.tree()).toEqual({ 'a.txt': 'file 644 0\n', 'b.txt': 'file 644 b\n' })
    expect((await undone({ turnIds: ['no such turn'] })).turns).toEqual([])
  })

  test('of one file leaves the rest of its turn; the turn itself can still be undone', async () => {
    await project.land([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }], 'both')
    await project.land([{ file_path: 'a.txt', action: 'MODIFY', anchor_text: '0', new_text: '1' }], 'both')
    expect((await undone({ turnIds: ['both'], paths: ['b.txt'] })).files).toEqual([
      { path: 'b.txt', action: 'removed' },
    ])
    expect(project.tree()).toEqual({ 'a.txt': 'file 644 1\n' })
    expect((await undone()).files).toEqual([{ path: 'a.txt', action: 'restored' }])
    expect(project.tree()).toEqual({ 'a.txt': 'file 644 0\n' })
    expect((await undone()).message).toBe('Nothing left to undo.')
  })

  test('of a turn that is not there changes nothing', async () => {
    await turnTo(0, 1)
    expect((await undone({ turn: 7 })).message).toBe('There is nothing of turn 7 to undo.')
    expect(project.text('a.txt')).toBe('1\n')
  })

  test('takes all change sets of a turn together', async () => {
    await project.land([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }], 'same')
    await project.land([{ file_path: 'b.txt', action: 'MODIFY', anchor_text: 'b', new_text: 'c' }], 'same')
    expect((await undone()).files).toEqual([{ path: 'b.txt', action: 'removed' }])
    expect(project.tree()).toEqual({ 'a.txt': 'file 644 0\n' })
  })

  test('only tells, when asked to', async () => {
    await turnTo(0, 1)
    const report = await undone({ dryRun: true })
    expect(report).toMatchObject({ dry_run: true, files: [{ path: 'a.txt' }], message: 'Would undo turn 1: 1 file.' })
    expect(project.text('a.txt')).toBe('1\n')
    expect((await undone()).message).toBe('Undid turn 1: 1 file.')
  })

  test.each([
    ['changed since', () => project.put('a.txt', 'mine\n'), 'it was changed since', '+mine'],
    ['made executable since', () => chmodSync(project.at('a.txt'), 0o755), 'it was changed since', 'new mode 100755'],
  ])('keeps a file that was %s, and goes on with the turn before', async (_, change, reason, shown) => {
    await turnTo(0, 1)
    await project.land([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }], 'turn 2')
    change()
    const first = await undone({ turn: 1 })
    expect(first.kept).toMatchObject([{ path: 'a.txt', reason }])
    expect(first.kept[0]!.diff).toContain(shown)
    expect(first.files).toEqual([{ path: 'b.txt', action: 'removed' }])
    expect((await undone()).message).toBe('Nothing left to undo.')
    expect((await undone({ turn: 1, force: true })).files).toEqual([{ path: 'a.txt', action: 'restored' }])
    expect(project.text('a.txt')).toBe('0\n')
  })

  test('keeps a file that somebody changed between two turns, rather than lose that', async () => {
    await turnTo(0, 1)
    project.put('a.txt', '1\nmine\n')
    await turnTo(1, 2)
    expect((await undone({ turn: 1 })).kept).toMatchObject([
      { reason: 'it was changed by somebody else between these turns' },
    ])
    expect(project.text('a.txt')).toBe('2\nmine\n')
  })

  test('brings back the turn alone when only it is asked for, with what was there in between', async () => {
    await turnTo(0, 1)
    project.put('a.txt', '1\nmine\n')
    await turnTo(1, 2)
    await undone()
    expect(project.text('a.txt')).toBe('1\nmine\n')
  })

  test('ends the way forward when something new is written', async () => {
    await turnTo(0, 1)
    await undone()
    await turnTo(0, 5)
    expect((await redone()).message).toBe('Nothing left to redo.')
  })

  test('survives a damaged record, which costs only itself', async () => {
    await turnTo(0, 1)
    await project.land([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }], 'turn 2')
    const first = readdirSync(project.door.journalFolder).find(
      name => name.startsWith('000001') && name.endsWith('.json'),
    )!
    writeFileSync(`${project.door.journalFolder}/${first}`, '{"half')
    expect((await undone({ turn: 1 })).files).toEqual([{ path: 'b.txt', action: 'removed' }])
    expect(project.text('a.txt')).toBe('1\n')
  })

  test('of files that were never text: binary files come back byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 1, 254, 10, 13])
    project.put('pic.png', bytes)
    await project.land([{ file_path: 'pic.png', action: 'DELETE_FILE' }], 't')
    await undone()
    expect(project.tree()['pic.png']).toBe(`file 644 ${bytes.toString('latin1')}`)
  })
})

test('the turns of a project are listed with what they changed and where they stand', async () => {
  await turnTo(0, 1)
  const changes = await project.propose([{ file_path: 'b.txt', action: 'CREATE', new_text: 'b\n' }])
  await writeChanges(changes, project.door, { turnId: 'x', sessionId: 's1', title: 'make b' })
  await undone()
  expect(await listTurns(project.door)).toMatchObject({
    ok: true,
    value: [
      { turn: 1, title: 'turn 1', state: 'applied', files: ['a.txt'] },
      { turn: 2, title: 'make b', session_id: 's1', state: 'undone', files: ['b.txt'] },
    ],
  })
})

test('a folder that went with its last file comes back with the permissions it had', async () => {
  const project = testProject()
  project.put('closed/deep/a.txt', 'old\n')
  chmodSync(project.at('closed'), 0o750)
  chmodSync(project.at('closed/deep'), 0o711)
  const before = project.tree()
  await project.land([{ file_path: 'closed/deep/a.txt', action: 'DELETE_FILE' }])
  expect(project.tree()).toEqual({})
  await undo({}, project.door)
  expect(project.tree()).toEqual(before)
})

test('what was kept and is damaged by now is not put back', async () => {
  const project = testProject()
  project.put('a.txt', 'old\n')
  await project.land([{ file_path: 'a.txt', action: 'MODIFY', anchor_text: 'old', new_text: 'new' }])
  const { journalFolder } = project.door
  const blobs = readdirSync(journalFolder).find(name => name.endsWith('.blobs'))!
  writeFileSync(join(journalFolder, blobs), 'bad\nnew\n')
  expect(await undo({}, project.door)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('damaged') },
  })
  expect(project.text('a.txt')).toBe('new\n')
})

test('two files that change places keep their own bytes, whatever their encodings', async () => {
  const project = testProject()
  const [latin, utf] = [Buffer.from('a\xe4\nb\n', 'latin1'), Buffer.from('c\u00e4\nd\n')]
  project.put('f', latin)
  project.put('g', utf)
  const renamed = (from: string, to: string) =>
    `diff --git a/${from} b/${to}\nsimilarity index 100%\nrename from ${from}\nrename to ${to}\n`
  await project.land(renamed('g', 'f') + renamed('f', 'g'))
  expect([readFileSync(project.at('f')), readFileSync(project.at('g'))]).toEqual([utf, latin])
  await undo({}, project.door)
  expect([readFileSync(project.at('f')), readFileSync(project.at('g'))]).toEqual([latin, utf])
})
