import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unifiedDiff } from '#shared/base/diff'
import { buildChangeSet } from '#shared/edits/build-change-set'
import { undo } from '#shared/edits/checkpoint'
import { readProposal, readProposalBytes } from '#shared/edits/proposal'
import { encodeText } from '#shared/edits/text-file'
import { writeChanges } from '#shared/edits/write'
import { testProject, treeOf } from './support/project'

const LINES = [
  '',
  'a',
  'b',
  'function f() {',
  '  return 1',
  '}',
  '-- x',
  '++ y',
  '- z',
  '+ w',
  '\\ v',
  'ä',
  '@@ -1 +1 @@',
  '--- q',
  ' ',
]
const line = fc.constantFrom(...LINES)
const lineEnd = fc.constantFrom('\n', '\n', '\r\n')

/** Text of few different lines, so that places resemble each other; mixed line ends; perhaps no newline at the end. */
const text = fc
  .tuple(fc.array(fc.tuple(line, lineEnd), { maxLength: 25 }), fc.boolean())
  .map(([lines, endsInNewline]) => {
    const joined = lines.map(([content, end]) => content + end).join('')
    return endsInNewline ? joined : joined.replace(/\r?\n$/, '')
  })

const name = fc.constantFrom('a.txt', 'b c.txt', 'dir/d.txt', 'dir/deep/ü.txt', 'tab\tbed.txt', 'quote"d.txt', 'b/a/x')
const mode = fc.constantFrom(0o644, 0o644, 0o755)
const files = fc.dictionary(name, fc.record({ text, mode }), { maxKeys: 4, noNullPrototype: true })
type Files = Record<string, { text: string; mode: number }>

/** Some files stay nearly as they are, so that git finds renames and small hunks. */
const filesBeforeAndAfter = files
  .chain(before =>
    fc.tuple(
      fc.constant(before),
      files,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('keep', 'edit', 'move'), line), { maxLength: 4 }),
    ),
  )
  .map(([before, fresh, fates]) => {
    const after: Files = { ...fresh }
    for (const [index, [path, file]] of Object.entries(before).entries()) {
      const [place, fate, newLine] = fates[index] ?? [0, 'keep', '']
      const lines = file.text.split('\n')
      if (fate === 'edit') lines.splice(place % lines.length, 1, newLine, 'new')
      after[fate === 'move' ? `moved/${index}.txt` : path] = { ...file, text: lines.join('\n') }
    }
    return { before, after }
  })

function write(root: string, tree: Files): void {
  for (const [path, file] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), file.text, { mode: file.mode })
  }
}

function diffByGit(before: Files, after: Files, options: string[]): Buffer {
  const { at, door } = testProject()
  const gitFolder = at('.git')
  execFileSync('git', ['init', '-q', door.root])
  const git = (folder: string, ...args: string[]) => {
    const env = {
      PATH: process.env.PATH ?? '',
      GIT_DIR: gitFolder,
      GIT_WORK_TREE: folder,
      GIT_INDEX_FILE: `${folder}.index`,
    }
    return execFileSync('git', ['-c', 'core.autocrlf=false', ...args], { cwd: folder, env })
  }
  const treeOfFiles = (folder: string, contents: Files) => {
    mkdirSync(folder)
    write(folder, contents)
    git(folder, 'add', '-A', '-f', '.')
    return git(folder, 'write-tree').toString().trim()
  }
  const trees = [treeOfFiles(at('old'), before), treeOfFiles(at('new'), after)]
  const diff = git(at('new'), 'diff', ...options, ...trees)
  rmSync(dirname(door.root), { recursive: true })
  return diff
}

test.each([
  ['git diff', []],
  ['git diff with renames and copies', ['-M', '-C', '--find-copies-harder']],
  ['git diff without prefixes', ['--no-prefix']],
  ['git diff without context', ['-U0']],
])(
  '%s turns the old files into the new, byte for byte and mode for mode',
  async (_, options) => {
    await fc.assert(
      fc.asyncProperty(filesBeforeAndAfter, async ({ before, after }) => {
        const diff = diffByGit(before, after, options)
        if (diff.length === 0) return
        const ours = testProject()
        write(ours.door.root, before)
        const proposal = readProposalBytes(diff)
        if (!proposal.ok) throw new Error(`${proposal.error[0]!.message}\n${diff}`)
        const changes = await buildChangeSet(proposal.value, ours.door)
        if (!changes.ok) throw new Error(`${changes.error[0]!.message}\n${diff}`)
        const written = await writeChanges(changes.value, ours.door)
        if (!written.ok) throw new Error(written.error.message)
        const expected = testProject()
        write(expected.door.root, after)
        expect(ours.tree()).toEqual(expected.tree())
      }),
      { numRuns: 20 },
    )
  },
  60_000,
)

test('our own unified diff is applied by git to the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(text, text, name, async (before, after, path) => {
      fc.pre(before !== after)
      const project = testProject()
      project.put(path, before)
      const diff = unifiedDiff([{ path, before, after }])
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: project.door.root, input: diff })
      expect(project.text(path)).toBe(after)
    }),
    { numRuns: 20 },
  )
}, 60_000)

const encoding = fc.constantFrom(
  { encoding: 'utf-8', hasBom: false },
  { encoding: 'utf-8', hasBom: true },
  { encoding: 'utf-16le', hasBom: true },
  { encoding: 'utf-16be', hasBom: true },
  { encoding: 'windows-1252', hasBom: false },
)

const action = fc.record({
  action: fc.constantFrom('MODIFY', 'INSERT', 'DELETE', 'CREATE', 'DELETE_FILE', 'RENAME'),
  file: fc.nat({ max: 3 }),
  anchor: fc.nat(),
  new_text: fc.array(line, { minLength: 1, maxLength: 3 }).map(lines => `${lines.join('\n')}new\n`),
})

test('applying hunks and undoing them is identity, whatever the encodings and line ends; nothing else changes', async () => {
  let applied = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, encoding, mode), { minLength: 1, maxLength: 4 }),
      fc.array(action, { minLength: 1, maxLength: 5 }),
      async (contents, actions) => {
        const project = testProject()
        for (const [index, [content, format, bits]] of contents.entries()) {
          const bytes = encodeText(content, format)
          if (!bytes.ok) throw new Error('unencodable')
          project.put(`dir${index % 2}/f${index}.txt`, bytes.value)
          execFileSync('chmod', [bits.toString(8), project.at(`dir${index % 2}/f${index}.txt`)])
        }
        const before = project.tree()
        const hunks = actions.map(({ action, file, anchor, new_text }, index) => {
          const lines = contents[file % contents.length]![0].split('\n')
          return {
            id: `h${index}`,
            file_path: action === 'CREATE' ? `made/${index}.txt` : `dir${file % 2}/f${file}.txt`,
            action,
            anchor_text: `${lines[anchor % lines.length]}\n`,
            new_text,
            new_path: `moved/${index}.txt`,
            occurrence: 1,
          }
        })
        const proposal = readProposal(JSON.stringify(hunks))
        const changes = proposal.ok ? await buildChangeSet(proposal.value, project.door) : proposal
        if (!changes.ok) return
        const written = await writeChanges(changes.value, project.door)
        if (!written.ok) throw new Error(written.error.message)
        applied++
        expect(project.tree()).not.toEqual(before)
        for (const path of Object.keys(project.tree())) expect(project.tree()[path]).not.toContain('\ufffd')
        const undone = await undo({}, project.door)
        expect(undone).toMatchObject({ ok: true, value: { kept: [] } })
        expect(treeOf(project.door.root)).toEqual(before)
        rmSync(dirname(project.door.root), { recursive: true })
      },
    ),
    { numRuns: 100 },
  )
  expect(applied).toBeGreaterThan(20)
}, 60_000)
