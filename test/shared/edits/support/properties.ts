import { chmodSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { unifiedDiff } from '#shared/base/diff'
import { buildChangeSet } from '#shared/edits/build-change-set'
import { redo, undo } from '#shared/edits/checkpoint'
import { readProposal, readProposalBytes } from '#shared/edits/proposal'
import { writeChanges } from '#shared/edits/write'
import { type GitTrees, gitApplies } from './git-trees'
import { type TestProject, testProject, treeOf } from './project'
import {
  beforeAndAfter,
  bytesOf,
  type RandomTree,
  randomFormat,
  randomLine,
  randomMode,
  randomName,
  randomText,
  writeTree,
} from './random-files'

/** What must hold for every input; `npm test` tries some with a fixed seed, `npm run fuzz:edits` many others. */
export interface Property {
  title: string
  check(runs: fc.Parameters<unknown>): Promise<void>
}

/** The ways in which git writes a diff; settings of git among them are those with a dot. */
const WAYS: [string, string[]][] = [
  ['git diff', []],
  ['git diff with renames and copies', ['-M', '-C', '--find-copies-harder']],
  ['git diff with rewrites broken up', ['-B', '-M']],
  ['git diff without prefixes', ['--no-prefix']],
  ['git diff with other prefixes', ['diff.mnemonicPrefix=true']],
  ['git diff with prefixes of its own', ['--src-prefix=old/', '--dst-prefix=new/']],
  ['git diff without context', ['-U0']],
  ['git diff with plain names and bare empty lines', ['core.quotePath=false', 'diff.suppressBlankEmpty=true']],
  ['git diff with all context', ['-U1000', '--full-index', '--patience']],
]

export function gitDiffProperties(git: GitTrees): Property[] {
  return WAYS.map(([way, options]) => ({
    title: `${way} turns the old files into the new, byte for byte and mode for mode`,
    check: runs =>
      fc.assert(
        fc.asyncProperty(beforeAndAfter, async ({ before, after }) => {
          const diff = git.diff(before, after, options)
          if (diff.length === 0) return
          const [ours, expected] = [testProject(), testProject()]
          writeTree(ours.door.root, before)
          writeTree(expected.door.root, after)
          const failure = await applyDiff(ours, diff)
          if (failure !== undefined) throw new Error(`${failure}\n${diff}`)
          expectSame(ours, expected, diff)
        }),
        runs,
      ),
  }))
}

/** Files that went on since the diff was made: ours may refuse what git takes, but never makes something else of it. */
export function driftProperty(git: GitTrees): Property {
  const drift = fc.array(fc.tuple(fc.nat(), fc.constantFrom('insert', 'remove'), randomLine), { maxLength: 4 })
  return {
    title: 'a diff for files that went on since gives what git apply gives, or is refused',
    check: async runs => {
      let applied = 0
      await fc.assert(
        fc.asyncProperty(beforeAndAfter, drift, async ({ before, after }, steps) => {
          const diff = git.diff(before, after, [])
          if (diff.length === 0) return
          const [ours, theirs] = [testProject(), testProject()]
          const drifted = driftedTree(before, steps)
          writeTree(ours.door.root, drifted)
          writeTree(theirs.door.root, drifted)
          const start = ours.tree()
          const failure = await applyDiff(ours, diff)
          if (failure !== undefined) {
            expectSame(ours, { tree: () => start }, diff)
          } else if (gitApplies(theirs.door.root, diff, [])) {
            applied++
            expectSame(ours, theirs, diff)
          }
        }),
        runs,
      )
      if (applied === 0) throw new Error('no diff applied: the property says nothing')
    },
  }
}

function driftedTree(tree: RandomTree, steps: readonly [number, string, string][]): RandomTree {
  const entries = Object.entries(tree).map(([path, file], index) => {
    const lines = file.text.split('\n')
    const [place, what, line] = steps[index] ?? [0, 'keep', '']
    if (what === 'insert') lines.splice(place % lines.length, 0, line)
    if (what === 'remove') lines.splice(place % lines.length, 1)
    return [path, { ...file, text: lines.join('\n') }]
  })
  return Object.fromEntries(entries)
}

/** @returns why it could not be applied */
async function applyDiff(project: TestProject, diff: Uint8Array): Promise<string | undefined> {
  const proposal = readProposalBytes(diff)
  if (!proposal.ok) return proposal.error[0]!.message
  const changes = await buildChangeSet(proposal.value, project.door)
  if (!changes.ok) return changes.error[0]!.message
  const written = await writeChanges(changes.value, project.door)
  return written.ok ? undefined : written.error.message
}

function expectSame(ours: Pick<TestProject, 'tree'>, expected: Pick<TestProject, 'tree'>, diff: Uint8Array): void {
  const [a, b] = [ours.tree(), expected.tree()]
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  const different = names.find(name => a[name] !== b[name])
  if (different === undefined) return
  const [have, want] = [a[different], b[different]].map(each => JSON.stringify(each))
  throw new Error(`${JSON.stringify(different)} is ${have}, should be ${want}\n${diff}`)
}

export const OWN_DIFF: Property = {
  title: 'our own unified diff is applied by git to the same bytes',
  check: runs =>
    fc.assert(
      fc.asyncProperty(randomText, randomText, randomName, async (before, after, path) => {
        fc.pre(before !== after)
        const project = testProject()
        project.put(path, before)
        const diff = Buffer.from(unifiedDiff([{ path, before, after }]))
        if (!gitApplies(project.door.root, diff, [])) throw new Error(`git refuses\n${diff}`)
        if (project.text(path) !== after) throw new Error(`it became ${JSON.stringify(project.text(path))}\n${diff}`)
      }),
      runs,
    ),
}

const randomHunk = fc.record({
  action: fc.constantFrom('MODIFY', 'INSERT', 'DELETE', 'CREATE', 'DELETE_FILE', 'RENAME'),
  file: fc.nat({ max: 3 }),
  anchor: fc.nat(),
  new_text: fc.array(randomLine, { minLength: 1, maxLength: 3 }).map(lines => `${lines.join('\n')}new\n`),
})

const randomContents = fc.array(fc.tuple(randomText, randomFormat, randomMode), { minLength: 1, maxLength: 4 })

export const UNDO: Property = {
  title:
    'turns of hunks, undone, are as if they had never been, and redone, as if never undone; whatever the encodings',
  check: async runs => {
    let applied = 0
    const turns = fc.array(fc.array(randomHunk, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(randomContents, turns, async (contents, turnsOfHunks) => {
        const project = testProject()
        for (const [index, [text, format, mode]] of contents.entries()) {
          const path = pathOf(index)
          project.put(path, bytesOf({ text, format, mode }))
          chmodSync(project.at(path), mode)
        }
        const states = [project.tree()]
        for (const [turn, hunks] of turnsOfHunks.entries()) {
          if (!(await landHunks(project, contents, hunks, turn))) continue
          applied++
          const tree = project.tree()
          if (same(tree, states.at(-1)!)) throw new Error('a change set that changed nothing was written')
          states.push(tree)
        }
        for (const state of states.toReversed().slice(1)) await travel(project, undo, state)
        for (const state of states.slice(1)) await travel(project, redo, state)
        rmSync(dirname(project.door.root), { recursive: true })
      }),
      runs,
    )
    if (applied === 0) throw new Error('no hunk applied: the property says nothing')
  },
}

function pathOf(index: number): string {
  return `dir${index % 2}/f${index}.txt`
}

async function landHunks(
  project: TestProject,
  contents: readonly (readonly [string, ...unknown[]])[],
  actions: readonly { action: string; file: number; anchor: number; new_text: string }[],
  turn: number,
): Promise<boolean> {
  const hunks = actions.map(({ action, file, anchor, new_text }, index) => {
    const lines = contents[file % contents.length]![0].split('\n')
    return {
      id: `h${index}`,
      file_path: action === 'CREATE' ? `made${turn}/${index}.txt` : pathOf(file),
      action,
      anchor_text: `${lines[anchor % lines.length]}\n`,
      new_text,
      new_path: `moved${turn}/${index}.txt`,
      occurrence: 1,
    }
  })
  const proposal = readProposal(JSON.stringify(hunks))
  const changes = proposal.ok ? await buildChangeSet(proposal.value, project.door) : proposal
  if (!changes.ok) return false
  const written = await writeChanges(changes.value, project.door)
  if (!written.ok) throw new Error(written.error.message)
  const spoiled = Object.values(project.tree()).find(content => content.includes('\xef\xbf\xbd'))
  if (spoiled !== undefined) throw new Error(`a U+FFFD came into ${JSON.stringify(spoiled)}`)
  return true
}

async function travel(project: TestProject, how: typeof undo | typeof redo, state: Record<string, string>) {
  const report = await how({}, project.door)
  if (!report.ok) throw new Error(report.error.message)
  if (report.value.kept.length > 0) throw new Error(`kept ${report.value.kept[0]!.path}`)
  const tree = treeOf(project.door.root)
  if (!same(tree, state)) throw new Error(`${JSON.stringify(tree)} should be ${JSON.stringify(state)}`)
}

function same(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}
