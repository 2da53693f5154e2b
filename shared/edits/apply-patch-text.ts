import { fail, ok, type Result } from '#shared/base/result'
import { withPlainLineEnds } from '#shared/base/text'
import type { EditProblem } from './change-set'
import type { LineHunk } from './line-hunks'
import type { FilePatch } from './unified-diff'

/** Whether a text is in the format of the `apply_patch` tool. */
export function looksLikeApplyPatch(text: string): boolean {
  return /^\*\*\* (Begin Patch|(Add|Update|Delete) File: )/m.test(text)
}

/** Reads `*** Begin Patch` text: sections that add, update, move or delete a file; hunks found by context alone. */
export function readApplyPatch(text: string): Result<FilePatch[], EditProblem[]> {
  const patches: FilePatch[] = []
  let hunk: LineHunk | undefined
  for (const line of patchLines(text)) {
    const section = /^\*\*\* (Add|Update|Delete) File: (.+)$/.exec(line)
    const patch = patches.at(-1)
    if (section) {
      patches.push(startOf(section[1]!, section[2]!.trim()))
      hunk = undefined
    } else if (!patch) {
      // before the first section
    } else if (line.startsWith('*** Move to: ')) {
      patch.newPath = line.slice('*** Move to: '.length).trim()
    } else if (line === '*** End of File') {
      if (hunk) hunk.isAtEnd = true
    } else if (line.startsWith('@@')) {
      hunk = nextHunk(patch, hunk, headingOf(line))
    } else {
      hunk ??= nextHunk(patch, undefined, '')
      const added = addLine(hunk, line)
      if (!added) return fail([unreadable(patch, line)])
    }
  }
  for (const patch of patches) patch.hunks = patch.hunks.filter(each => each.lines.length > 0)
  if (patches.length > 0) return ok(patches)
  return fail([
    {
      kind: 'invalid-hunk',
      path: '',
      message: 'The patch holds no "*** Add File", "*** Update File" or "*** Delete File" section.',
    },
  ])
}

function patchLines(text: string): string[] {
  const lines = withPlainLineEnds(text).split('\n')
  const start = lines.findIndex(line => line.startsWith('*** '))
  const end = lines.findIndex(line => line.startsWith('*** End Patch'))
  const section = lines.slice(start, end === -1 ? undefined : end)
  if (section.at(-1) === '') section.pop()
  return section
}

function startOf(kind: string, path: string): FilePatch {
  if (kind === 'Add') return { newPath: path, hunks: [] }
  if (kind === 'Delete') return { oldPath: path, hunks: [] }
  return { oldPath: path, newPath: path, hunks: [] }
}

/** The line that an `@@` leads to; numbers in it, as a unified diff has them, say nothing here. */
function headingOf(line: string): string {
  return line
    .slice(2)
    .replace(/^ *-\d+(,\d+)? \+\d+(,\d+)? @@.*$/, '')
    .trim()
}

/** Several `@@` lines in a row lead to one place, from the outer to the inner. */
function nextHunk(patch: FilePatch, current: LineHunk | undefined, header: string): LineHunk {
  const heading = header === '' ? [] : [header]
  if (current && current.lines.length === 0) {
    current.after = [...(current.after ?? []), ...heading]
    return current
  }
  const hunk: LineHunk = { lines: [], after: heading }
  patch.hunks.push(hunk)
  return hunk
}

function addLine(hunk: LineHunk, line: string): boolean {
  if (line.startsWith('+')) hunk.lines.push({ kind: 'add', text: line.slice(1) })
  else if (line.startsWith('-')) hunk.lines.push({ kind: 'delete', text: line.slice(1) })
  else if (line === '' || line.startsWith(' ')) hunk.lines.push({ kind: 'context', text: line.slice(1) })
  else return false
  return true
}

function unreadable(patch: FilePatch, line: string): EditProblem {
  const path = patch.newPath ?? patch.oldPath ?? ''
  return {
    kind: 'invalid-hunk',
    path,
    message: `${path}: the line ${JSON.stringify(line)} begins with none of "+", "-" and " ".`,
  }
}
