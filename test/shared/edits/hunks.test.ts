import { describe, expect, test } from 'vitest'
import { buildChangeSet, buildWhatFits } from '#shared/edits/build-change-set'
import { readHunks } from '#shared/edits/hunks'
import { proposeHunks, readProposal } from '#shared/edits/proposal'
import { testProject } from './support/project'

const ONE = '{"id": "h1", "file_path": "a.go", "action": "DELETE", "anchor_text": "x"}'

describe('hunks in a reply', () => {
  test.each([
    ['an array', `[${ONE}]`],
    ['one object', ONE],
    ['an object with hunks', `{"hunks": [${ONE}]}`],
    ['a json fence', `\`\`\`json\n[${ONE}]\n\`\`\``],
    ['a bare fence', `\`\`\`\n[${ONE}]\n\`\`\``],
    ['prose around a fence', `Here you [go]:\n\`\`\`json\n[${ONE}]\n\`\`\`\nThat {should} do.`],
    ['prose around bare JSON', `I changed it [1]. [${ONE}] Done.`],
    ['a comma too many', `[${ONE},]`],
    ['a comment', `[ // the hunk\n${ONE}]`],
    ['more fields', ONE.replace('{', '{"confidence": 0.9, "new_text": null, ')],
    ['a lower-case action', ONE.replace('DELETE', 'delete')],
    ['no id', ONE.replace('"id": "h1", ', '').replace('a.go', 'a.go')],
  ])('are read from %s', (_, reply) => {
    const hunks = readHunks(reply)
    expect(hunks).toMatchObject({ ok: true, value: [{ file_path: 'a.go', action: 'DELETE', anchor_text: 'x' }] })
  })

  test('may hold line breaks inside strings', () => {
    const reply = '[{"id": "h", "file_path": "a", "action": "CREATE", "new_text": "one\ntwo\t\\"quoted\\"\n"}]'
    expect(readHunks(reply)).toMatchObject({ ok: true, value: [{ new_text: 'one\ntwo\t"quoted"\n' }] })
  })

  test('without an id are numbered', () => {
    const hunks = readHunks(`[${ONE}, {"file_path": "b", "action": "DELETE_FILE"}]`)
    expect(hunks.ok && hunks.value.map(hunk => hunk.id)).toEqual(['h1', 'hunk-2'])
  })

  test.each([
    ['nothing', '', 'There are no hunks'],
    ['an empty array', '[]', 'There are no hunks'],
    ['prose only', 'I could not do it.', 'There are no hunks'],
    ['JSON that was cut off', `[${ONE}, {"id": "h2", "file_pa`, 'cut off'],
    ['no file_path', '[{"id": "x", "action": "DELETE"}]', 'hunk 1 (id x) has no file_path'],
    ['an unknown action', ONE.replace('DELETE', 'REPLACE'), 'h1: unknown action "REPLACE"'],
    ['MODIFY without anchor', ONE.replace('DELETE', 'MODIFY').replace('"x"', '""'), 'h1: MODIFY needs anchor_text'],
    ['DELETE without anchor', ONE.replace('"x"', 'null'), 'h1: DELETE needs anchor_text'],
    ['INSERT without text', ONE.replace('DELETE', 'INSERT'), 'h1: INSERT needs new_text'],
    ['CREATE without text', ONE.replace('DELETE', 'CREATE'), 'h1: CREATE needs new_text'],
    ['RENAME without target', ONE.replace('DELETE', 'RENAME'), 'h1: RENAME needs new_path'],
    ['a wrong type', ONE.replace('"a.go"', '7'), 'hunk 1: file_path'],
    ['an occurrence of 0', ONE.replace('{', '{"occurrence": 0, '), 'hunk 1: occurrence'],
  ])('%s is refused with what is wrong', (_, reply, message) => {
    const hunks = readHunks(reply)
    expect(hunks.ok ? '' : hunks.error[0]!.message).toContain(message)
  })
})

type Case = [title: string, before: string, hunk: object, after: string]
describe('a hunk in a text', () => {
  test.each<Case>([
    ['MODIFY replaces', 'a\nb\nc\n', { action: 'MODIFY', anchor_text: 'b', new_text: 'B' }, 'a\nB\nc\n'],
    ['MODIFY with no text deletes', 'a b c\n', { action: 'MODIFY', anchor_text: ' b', new_text: '' }, 'a c\n'],
    ['DELETE leaves the line breaks', 'a\nb\nc\n', { action: 'DELETE', anchor_text: 'b' }, 'a\n\nc\n'],
    ['DELETE of a line with its break', 'a\nb\nc\n', { action: 'DELETE', anchor_text: 'b\n' }, 'a\nc\n'],
    ['INSERT goes after the anchor', 'a\nc\n', { action: 'INSERT', anchor_text: 'a', new_text: 'b' }, 'a\nb\nc\n'],
    ['… once, however lines end', 'a\nc\n', { action: 'INSERT', anchor_text: 'a\n', new_text: 'b\n' }, 'a\nb\nc\n'],
    ['… also', 'a\nc\n', { action: 'INSERT', anchor_text: 'a', new_text: 'b\n' }, 'a\nb\nc\n'],
    ['… also without', 'a\nc\n', { action: 'INSERT', anchor_text: 'a\n', new_text: 'b' }, 'a\nb\nc\n'],
    ['… at the end', 'a\nc\n', { action: 'INSERT', anchor_text: 'c\n', new_text: 'd\n' }, 'a\nc\nd\n'],
    [
      '… even in the middle of a line',
      'f(a) // x\n',
      { action: 'INSERT', anchor_text: 'f(a)', new_text: 'b' },
      'f(a)\nb // x\n',
    ],
    ['INSERT without anchor goes to the end', 'a\n', { action: 'INSERT', new_text: 'b' }, 'a\nb\n'],
    ['… of a file without a last newline', 'a', { action: 'INSERT', new_text: 'b' }, 'a\nb'],
    ['… of an empty file, without an empty line', '', { action: 'INSERT', new_text: 'b\n' }, 'b\n'],
    [
      'occurrence picks one',
      'x\nx\nx\n',
      { action: 'MODIFY', anchor_text: 'x', new_text: 'y', occurrence: 2 },
      'x\ny\nx\n',
    ],
    [
      'the line ends of CRLF files stay',
      'a\r\nb\r\n',
      { action: 'MODIFY', anchor_text: 'a\nb', new_text: 'a\nx\nb' },
      'a\r\nx\r\nb\r\n',
    ],
    ['… and those of LF files', 'a\nb\n', { action: 'MODIFY', anchor_text: 'a\r\nb', new_text: 'A\r\nB' }, 'A\nB\n'],
    [
      'mixed files stay mixed',
      'a\r\nb\nc\r\nd\n',
      { action: 'MODIFY', anchor_text: 'c', new_text: 'C\nC' },
      'a\r\nb\nC\r\nC\r\nd\n',
    ],
    [
      '… in each region',
      'a\r\nb\nc\r\nd\n',
      { action: 'MODIFY', anchor_text: 'b', new_text: 'B\nB' },
      'a\r\nB\nB\nc\r\nd\n',
    ],
    [
      'white space at line ends is tolerated',
      'if x:  \n  y\n',
      { action: 'MODIFY', anchor_text: 'if x:\n  y', new_text: 'if z:\n  y' },
      'if z:\n  y\n',
    ],
    [
      'indentation is tolerated and kept',
      '    if x:\n        y\n',
      { action: 'MODIFY', anchor_text: 'if x:\n    y', new_text: 'if x:\n    y\n    z' },
      '    if x:\n        y\n        z\n',
    ],
    [
      '… with tabs',
      '\tif x {\n\t\ty\n\t}\n',
      { action: 'MODIFY', anchor_text: 'if x {\n    y\n}', new_text: 'if x {\n    y\n    z\n}' },
      '\tif x {\n\t\ty\n\t\tz\n\t}\n',
    ],
    [
      'typographic quotes are tolerated',
      'say "it\'s"\n',
      { action: 'MODIFY', anchor_text: 'say “it’s”', new_text: 'say no' },
      'say no\n',
    ],
  ])('%s', async (_, before, hunk, after) => {
    const project = testProject()
    project.put('f', before)
    const changes = await project.propose([{ id: 'h', file_path: 'f', ...hunk }])
    expect(changes.files.map(file => file.after)).toEqual([after])
  })

  test.each<[string, string, object, string, string]>([
    [
      'several places',
      'x = 1\ny\nx = 1\n',
      { action: 'MODIFY', anchor_text: 'x = 1', new_text: '2' },
      'anchor-ambiguous',
      '2 times in f (lines 1, 3)',
    ],
    [
      'a third of two',
      'x\nx\n',
      { action: 'DELETE', anchor_text: 'x', occurrence: 3 },
      'anchor-missing',
      'there is no occurrence 3',
    ],
    [
      'several places but for white space',
      'x \ny\nx  \n',
      { action: 'DELETE', anchor_text: 'x\n' },
      'anchor-ambiguous',
      'fits 2 places',
    ],
    [
      'no place',
      'function load(path) {\n}\n',
      { action: 'MODIFY', anchor_text: 'function load(file) {', new_text: '' },
      'anchor-missing',
      'Closest: line 1 "function load(path) {"',
    ],
    [
      'no place at all',
      'a\n',
      { action: 'DELETE', anchor_text: 'something else' },
      'anchor-missing',
      'was not found in f.',
    ],
    [
      'another nesting',
      'if a:\n  b\nc\n',
      { action: 'MODIFY', anchor_text: 'if a:\n  b\n  c', new_text: '' },
      'anchor-missing',
      'was not found',
    ],
    [
      'a text that stays the same',
      'a\n',
      { action: 'MODIFY', anchor_text: 'a', new_text: 'a' },
      'no-change',
      'leaves f as it is',
    ],
    ['a lost character', 'a\n', { action: 'MODIFY', anchor_text: 'a', new_text: 'b\ufffd' }, 'other', 'U+FFFD'],
    ['a control character', 'a\n', { action: 'MODIFY', anchor_text: 'a', new_text: 'b\0' }, 'binary-file', 'binary'],
  ])('%s is a failure that helps', async (_, before, hunk, kind, message) => {
    const project = testProject()
    project.put('f', before)
    const read = readProposal(JSON.stringify([{ id: 'h', file_path: 'f', ...hunk }]))
    const changes = read.ok ? await buildChangeSet(read.value, project.door) : read
    expect(changes).toMatchObject({ ok: false, error: [{ kind, hunkId: 'h' }] })
    expect(changes.ok ? '' : changes.error[0]!.message).toContain(message)
  })
})

describe('hunks together', () => {
  test('a later hunk sees what an earlier one of the file made', async () => {
    const project = testProject()
    project.put('f', 'a\n')
    const changes = await project.propose([
      { id: '1', file_path: 'f', action: 'INSERT', anchor_text: 'a', new_text: 'b' },
      { id: '2', file_path: 'f', action: 'MODIFY', anchor_text: 'b', new_text: 'c' },
    ])
    expect(changes.files).toMatchObject([{ after: 'a\nc\n', hunkIds: ['1', '2'] }])
  })

  test('hunks with the same id apply in order; one that fails is reported under it', async () => {
    const project = testProject()
    project.put('f', 'a\nb\n')
    const hunks = readHunks(
      JSON.stringify([
        { id: 'x', file_path: 'f', action: 'MODIFY', anchor_text: 'a', new_text: 'A' },
        { id: 'x', file_path: 'f', action: 'MODIFY', anchor_text: 'a', new_text: 'AA' },
      ]),
    )
    if (!hunks.ok) throw new Error('unreadable')
    const { changes, failed } = await buildWhatFits(proposeHunks(hunks.value), project.door)
    expect(changes.files.map(file => file.after)).toEqual(['A\nb\n'])
    expect(failed).toMatchObject([{ hunkId: 'x', kind: 'anchor-missing' }])
  })

  test.each<[string, object[], string[]]>([
    [
      'a file is created where it was moved away',
      [
        { action: 'RENAME', file_path: 'f', new_path: 'g' },
        { action: 'CREATE', file_path: 'f', new_text: 'new\n' },
      ],
      ['create f', 'rename g'],
    ],
    [
      'a moved file is edited under its new name',
      [
        { action: 'RENAME', file_path: 'f', new_path: 'g' },
        { action: 'MODIFY', file_path: 'g', anchor_text: 'old', new_text: 'edited' },
      ],
      ['rename g'],
    ],
    [
      'a file that is made and deleted again leaves nothing',
      [
        { action: 'CREATE', file_path: 'n', new_text: 'x' },
        { action: 'DELETE_FILE', file_path: 'n' },
        { action: 'MODIFY', file_path: 'f', anchor_text: 'old', new_text: 'x' },
      ],
      ['modify f'],
    ],
    ['deleting all text deletes the file', [{ action: 'DELETE', file_path: 'f', anchor_text: 'old\n' }], ['delete f']],
    [
      'a deleted file can be made anew',
      [
        { action: 'DELETE_FILE', file_path: 'f' },
        { action: 'CREATE', file_path: 'f', new_text: 'new\n' },
      ],
      ['modify f'],
    ],
  ])('%s', async (_, hunks, expected) => {
    const project = testProject()
    project.put('f', 'old\n')
    const changes = await project.propose(hunks)
    expect(changes.files.map(file => `${file.kind} ${file.path}`).sort()).toEqual(expected)
    await project.land(hunks)
  })

  test.each<[string, object, string]>([
    ['CREATE where a file is', { action: 'CREATE', file_path: 'f', new_text: 'x' }, 'file-exists'],
    ['MODIFY where none is', { action: 'MODIFY', file_path: 'n', anchor_text: 'a', new_text: 'x' }, 'file-missing'],
    ['DELETE_FILE where none is', { action: 'DELETE_FILE', file_path: 'n' }, 'file-missing'],
    ['RENAME of none', { action: 'RENAME', file_path: 'n', new_path: 'm' }, 'file-missing'],
    ['RENAME onto a file', { action: 'RENAME', file_path: 'f', new_path: 'other' }, 'file-exists'],
    ['RENAME out of the project', { action: 'RENAME', file_path: 'f', new_path: '../m' }, 'outside-project'],
    ['MODIFY of a binary file', { action: 'MODIFY', file_path: 'bin', anchor_text: 'a', new_text: 'x' }, 'binary-file'],
    ['MODIFY of a folder', { action: 'MODIFY', file_path: 'dir', anchor_text: 'a', new_text: 'x' }, 'other'],
  ])('%s is refused', async (_, hunk, kind) => {
    const project = testProject()
    project.put('f', 'old\n')
    project.put('other', '')
    project.put('dir/x', '')
    project.put('bin', Buffer.of(0, 1, 2))
    const read = readProposal(JSON.stringify(hunk))
    expect(read.ok && (await buildChangeSet(read.value, project.door))).toMatchObject({ ok: false, error: [{ kind }] })
  })

  test('texts given as originals stand for the files on the disk', async () => {
    const project = testProject()
    project.put('f', 'on disk\n')
    const read = readProposal('[{"id":"h","file_path":"f","action":"MODIFY","anchor_text":"given","new_text":"x"}]')
    const changes = read.ok && (await buildChangeSet(read.value, { ...project.door, originals: { f: 'given\n' } }))
    expect(changes).toMatchObject({ ok: true, value: { files: [{ before: 'given\n', after: 'x\n' }] } })
  })
})
