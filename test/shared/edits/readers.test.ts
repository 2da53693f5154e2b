import { describe, expect, test } from 'vitest'
import { buildChangeSet } from '#shared/edits/build-change-set'
import { readProposal } from '#shared/edits/proposal'
import { testProject } from './support/project'

/** Files after a proposal was applied to files; a string: the message of the failure. */
async function applied(
  before: Record<string, string>,
  proposal: string,
): Promise<Record<string, string | undefined> | string> {
  const project = testProject()
  for (const [path, content] of Object.entries(before)) project.put(path, content)
  const read = readProposal(proposal)
  const changes = read.ok ? await buildChangeSet(read.value, project.door) : read
  if (!changes.ok) return changes.error[0]!.message
  const entries = changes.value.files.map(file => [
    file.kind === 'rename' ? `${file.oldPath} > ${file.path}` : file.path,
    file.after,
  ])
  return Object.fromEntries(entries)
}

const TEN = '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n'

describe('a unified diff', () => {
  test.each<[string, Record<string, string>, string, Record<string, string | undefined>]>([
    [
      'of diff -u, with dates',
      { f: 'a\nb\n' },
      '--- f\t2024-01-01 10:00:00\n+++ f\t2024-01-02 10:00:00\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n',
      { f: 'a\nB\n' },
    ],
    ['of a backup file', { f: 'a\n' }, '--- f.orig\n+++ f\n@@ -1 +1 @@\n-a\n+b\n', { f: 'b\n' }],
    ['with prefixes', { 'd/f': 'a\n' }, '--- a/d/f\n+++ b/d/f\n@@ -1 +1 @@\n-a\n+b\n', { 'd/f': 'b\n' }],
    [
      'in a fence, with prose',
      { f: 'a\n' },
      'Here:\n```diff\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n```\nDone.',
      { f: 'b\n' },
    ],
    ['of a new file', {}, '--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+a\n+b\n', { n: 'a\nb\n' }],
    ['of a deleted file', { f: 'a\n' }, '--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n', { f: undefined }],
    [
      'of several files',
      { f: 'a\n', g: 'a\n' },
      '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n--- a/g\n+++ b/g\n@@ -1 +1 @@\n-a\n+c\n',
      { f: 'b\n', g: 'c\n' },
    ],
    [
      'with a mail around it',
      { f: 'a\n' },
      'From abc Mon\nSubject: [PATCH] x\n\n---\n f | 2 +-\n\ndiff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.0\n',
      { f: 'b\n' },
    ],
    [
      'with wrong counts',
      { f: 'a\nb\nc\n' },
      '--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n a\n-b\n+B\n c\n',
      { f: 'a\nB\nc\n' },
    ],
    ['with a bare @@', { f: 'a\nb\nc\n' }, '--- a/f\n+++ b/f\n@@\n a\n-b\n+B\n c\n', { f: 'a\nB\nc\n' }],
    [
      'further down than it says',
      { f: `0\n0\n${TEN}` },
      '--- a/f\n+++ b/f\n@@ -2,3 +2,3 @@\n 2\n-3\n+drei\n 4\n',
      { f: `0\n0\n${TEN.replace('3', 'drei')}` },
    ],
    [
      'whose hunks drift together',
      { f: 'new\na\nx\ny\nb\nx\ny\n' },
      '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+A\n@@ -5,2 +5,2 @@\n x\n-y\n+Y\n',
      { f: 'new\nA\nx\ny\nb\nx\nY\n' },
    ],
    [
      'without line ends of a CRLF file',
      { f: 'a\r\nb\r\nc\r\n' },
      '--- a/f\n+++ b/f\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n+BB\n c\n',
      { f: 'a\r\nB\r\nBB\r\nc\r\n' },
    ],
    [
      'that went through Windows',
      { f: 'a\nb\n' },
      '--- a/f\r\n+++ b/f\r\n@@ -1,2 +1,2 @@\r\n a\r\n-b\r\n+B\r\n',
      { f: 'a\nB\n' },
    ],
    [
      'that adds a last newline',
      { f: 'a' },
      '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n',
      { f: 'a\n' },
    ],
    [
      'that removes the last newline',
      { f: 'a\n' },
      '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n',
      { f: 'a' },
    ],
    [
      'with lines that look like headers',
      { f: '-- old\nx\n' },
      '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n x\n',
      { f: '++ new\nx\n' },
    ],
    [
      'of a pure rename',
      { f: 'a\n' },
      'diff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n',
      { 'f > g': 'a\n' },
    ],
    [
      'of two files that change places',
      { f: 'a\n', g: 'b\n' },
      'diff --git a/g b/f\nsimilarity index 100%\nrename from g\nrename to f\ndiff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n',
      { f: 'b\n', g: 'a\n' },
    ],
    [
      'of a file that takes the place of one that goes later',
      { f: 'a\n', g: 'b\n' },
      'diff --git a/g b/f\nsimilarity index 100%\nrename from g\nrename to f\ndiff --git a/f b/h\nsimilarity index 100%\nrename from f\nrename to h\n',
      { 'f > h': 'a\n', 'g > f': 'b\n' },
    ],
    [
      'of a copy of a file that moved before',
      { f: 'a\n' },
      'diff --git a/f b/a\nsimilarity index 100%\nrename from f\nrename to a\ndiff --git a/f b/b\nsimilarity index 100%\ncopy from f\ncopy to b\n',
      { 'f > a': 'a\n', b: 'a\n' },
    ],
    [
      'with prefixes of somebody’s own',
      { 'src/f': 'a\n' },
      'diff --git old/src/f new/src/f\n--- old/src/f\n+++ new/src/f\n@@ -1 +1 @@\n-a\n+b\n',
      { 'src/f': 'b\n' },
    ],
    [
      'with blank lines at its end',
      { f: 'a\nb\n' },
      '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n\n\n',
      { f: 'a\nB\n' },
    ],
    [
      'with empty context lines bare of their blank',
      { f: 'a\n\nb\n' },
      '--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n\n-b\n+B\n',
      { f: 'a\n\nB\n' },
    ],
    [
      'with the indentation of another place',
      { f: 'if x:\n    a\n    b\n' },
      '--- a/f\n+++ b/f\n@@ -9,2 +9,3 @@\n a\n+c\n b\n',
      { f: 'if x:\n    a\n    c\n    b\n' },
    ],
  ])('%s', async (_, before, diff, after) => expect(await applied(before, diff)).toEqual(after))

  test.each<[string, Record<string, string>, string, string]>([
    [
      'does not fit',
      { f: 'a\nX\n' },
      '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n',
      'line 2 should be "b", but is "X"',
    ],
    [
      'goes on after the end',
      { f: 'a\n' },
      '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n',
      'the file ends before it',
    ],
    [
      'fits two places',
      { f: '0\nx\ny\nx\ny\n' },
      '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n x\n-y\n+Y\n',
      'fits 2 places (lines 2, 4)',
    ],
    ['has no file', {}, '@@ -1 +1 @@\n-a\n+b\n', 'A hunk comes before any file'],
    ['has only a header', {}, 'diff --git a/f b/f\n', 'does not exist'],
    ['changes nothing', { f: 'a\n' }, '--- a/f\n+++ b/f\n@@ -1 +1 @@\n a\n', 'changes nothing'],
    ['has an empty hunk', { f: 'a\n' }, '--- a/f\n+++ b/f\n@@ -1 +1 @@\n', 'is empty'],
    [
      'is of a merge',
      { f: 'a\n' },
      'diff --cc f\nindex 1,2..3\n--- a/f\n+++ b/f\n@@@ -1,1 -1,1 +1,1 @@@\n--a\n++b\n',
      'combined diff',
    ],
    [
      'is binary',
      { f: 'a\n' },
      'diff --git a/f b/f\nindex 1..2 100644\nBinary files a/f and b/f differ\n',
      'binary file',
    ],
    [
      'makes a link',
      {},
      'diff --git a/f b/f\nnew file mode 120000\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n',
      'symbolic link',
    ],
    ['makes a file that is there', { f: 'a\n' }, '--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+b\n', 'exists already'],
    [
      'deletes a file that holds more',
      { f: 'a\nb\n' },
      '--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n',
      'holds more than the patch deletes',
    ],
    ['leaves the project', {}, '--- /dev/null\n+++ b/../../x\n@@ -0,0 +1 @@\n+a\n', 'outside the project'],
    ['goes into .git', {}, '--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+a\n', 'belongs to git'],
  ])('that %s is refused', async (_, before, diff, message) => expect(await applied(before, diff)).toContain(message))

  test('tells how far off a hunk was', async () => {
    const project = testProject()
    project.put('f', `0\n0\n${TEN}`)
    const changes = await project.propose('--- a/f\n+++ b/f\n@@ -2,3 +2,3 @@\n 2\n-3\n+x\n 4\n')
    expect(changes.files[0]!.notes).toEqual(['f: the hunk applied 2 lines further down than it says (line 4).'])
  })
})

describe('apply_patch text', () => {
  const patch = (body: string) => `*** Begin Patch\n${body}*** End Patch\n`
  test.each<[string, Record<string, string>, string, Record<string, string | undefined>]>([
    ['adds', {}, '*** Add File: n\n+a\n+\n+b\n', { n: 'a\n\nb\n' }],
    ['deletes', { f: 'a\n' }, '*** Delete File: f\n', { f: undefined }],
    ['updates', { f: 'a\nb\nc\n' }, '*** Update File: f\n@@\n a\n-b\n+B\n c\n', { f: 'a\nB\nc\n' }],
    ['updates without @@', { f: 'a\nb\n' }, '*** Update File: f\n-a\n+A\n b\n', { f: 'A\nb\n' }],
    [
      'finds its place by headers',
      { f: 'def a\n x\ndef b\n x\n' },
      '*** Update File: f\n@@ def b\n- x\n+ y\n',
      { f: 'def a\n x\ndef b\n y\n' },
    ],
    ['moves', { f: 'a\n' }, '*** Update File: f\n*** Move to: g\n@@\n-a\n+b\n', { 'f > g': 'b\n' }],
    [
      'prefers the end of the file',
      { f: 'x\ny\nx\n' },
      '*** Update File: f\n@@\n-x\n+z\n*** End of File\n',
      { f: 'x\ny\nz\n' },
    ],
    [
      'changes several places',
      { f: 'a\nb\nc\nd\n' },
      '*** Update File: f\n@@\n-a\n+A\n@@\n-d\n+D\n',
      { f: 'A\nb\nc\nD\n' },
    ],
  ])('%s', async (_, before, body, after) => expect(await applied(before, patch(body))).toEqual(after))

  test('says which line it cannot read', async () => {
    expect(await applied({ f: 'a\n' }, patch('*** Update File: f\n@@\nwhat\n'))).toContain('"what" begins with none of')
  })
})

describe('search/replace blocks', () => {
  const block = (search: string, replace: string) => `<<<<<<< SEARCH\n${search}=======\n${replace}>>>>>>> REPLACE\n`
  test.each<[string, Record<string, string>, string, Record<string, string | undefined>]>([
    ['after a path', { 'src/f.ts': 'a\nb\n' }, `src/f.ts\n${block('b\n', 'B\n')}`, { 'src/f.ts': 'a\nB\n' }],
    ['in a fence', { 'f.ts': 'a\n' }, `**f.ts**\n\`\`\`ts\n${block('a\n', 'b\n')}\`\`\`\n`, { 'f.ts': 'b\n' }],
    [
      'several under one path',
      { 'f.ts': 'a\nb\n' },
      `f.ts\n${block('a\n', 'A\n')}\n${block('b\n', 'B\n')}`,
      { 'f.ts': 'A\nB\n' },
    ],
    ['with nothing to search make a file', {}, `n.ts\n${block('', 'new\n')}`, { 'n.ts': 'new\n' }],
    ['with nothing to put delete', { 'f.ts': 'a\nb\n' }, `f.ts\n${block('a\n', '')}`, { 'f.ts': 'b\n' }],
  ])('%s', async (_, before, proposal, after) => expect(await applied(before, proposal)).toEqual(after))

  test.each([
    ['without a path', block('a\n', 'b\n'), 'No path stands before'],
    ['without an end', `f.ts\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\nf.ts\n<<<<<<< SEARCH\na\n`, 'never ends'],
  ])('%s are refused', async (_, proposal, message) =>
    expect(await applied({ 'f.ts': 'a\n' }, proposal)).toContain(message),
  )
})

describe('whole files', () => {
  test.each<[string, string]>([
    ['a path before the fence', 'src/f.ts\n```ts\nnew\n```\n'],
    ['a heading before the fence', '### `src/f.ts`\n\n```ts\nnew\n```\n'],
    ['a path in the fence', '```src/f.ts\nnew\n```\n'],
    ['a language and a path in the fence', '```ts:src/f.ts\nnew\n```\n'],
    ['a title in the fence', '```ts title="src/f.ts"\nnew\n```\n'],
    ['JSON', '{"files": {"src/f.ts": "new\\n"}}'],
    ['a list in JSON', '{"files": [{"path": "src/f.ts", "content": "new\\n"}]}'],
  ])('are read from %s', async (_, proposal) => expect(await applied({}, proposal)).toEqual({ 'src/f.ts': 'new\n' }))

  test.each([
    ['CRLF stays', 'a\r\nb\r\n', 'a\nc\n', 'a\r\nc\r\n'],
    ['mixed stays mixed', 'a\r\nb\nc\r\n', 'a\nb\nB\nc\n', 'a\r\nb\nB\nc\r\n'],
  ])('take the line ends of the file they replace: %s', async (_, before, given, after) => {
    expect(await applied({ 'f.ts': before }, JSON.stringify({ files: { 'f.ts': given } }))).toEqual({ 'f.ts': after })
  })

  test('a fence inside a longer fence is content', async () => {
    expect(await applied({}, '````md path=a.md\n```\nx\n```\n````\n')).toEqual({ 'a.md': '```\nx\n```\n' })
  })
})
