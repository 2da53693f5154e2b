import { fail, ok, type Result } from '#shared/base/result'
import { splitLines } from '#shared/base/text'
import type { EditProblem } from './change-set'
import { findLines, type MatchKind, nearestInWords, reindent } from './locate'

/** A hunk of a patch: lines that stay, go and come. */
export interface LineHunk {
  /** Of its first old line, from 1; absent where the patch does not say. For a hunk without old lines the line before. */
  oldStart?: number
  lines: PatchLine[]
  /** Lines that come somewhere before it, such as a function header; apply_patch's `@@`. */
  after?: string[]
  /** Its last old line is the last of the file. */
  isAtEnd?: boolean
}

export interface PatchLine {
  kind: 'context' | 'delete' | 'add'
  /** Without line feed; a `\r` before it is kept. */
  text: string
  /** The patch says that no newline follows. */
  noNewline?: boolean
}

export interface PatchedText {
  text: string
  notes: string[]
}

/**
 * Applies the hunks of a patch to a text. Context and deleted lines are compared; a hunk that is not where it says is
 * applied where its lines are, if that is one place only, and the notes tell how far off it was. Hunks that do not fit
 * in their order are tried in that of their line numbers.
 */
export function applyLineHunks(
  text: string,
  hunks: readonly LineHunk[],
  path: string,
): Result<PatchedText, EditProblem> {
  const labelled = hunks.map((hunk, index) => ({
    hunk,
    label: hunks.length === 1 ? 'the hunk' : `hunk ${index + 1}`,
  }))
  const patched = applyInOrder(text, labelled, path)
  if (patched.ok) return patched
  const sorted = labelled.toSorted((a, b) => (a.hunk.oldStart ?? 0) - (b.hunk.oldStart ?? 0))
  if (sorted.every((each, index) => each === labelled[index])) return patched
  const retried = applyInOrder(text, sorted, path)
  return retried.ok ? retried : patched
}

function applyInOrder(
  text: string,
  hunks: readonly { hunk: LineHunk; label: string }[],
  path: string,
): Result<PatchedText, EditProblem> {
  const file = new PatchedFile(text)
  const notes: string[] = []
  for (const { hunk, label } of hunks) {
    const problem = applyOne(file, hunk, label, path, notes)
    if (problem) return fail(problem)
  }
  return ok({ text: file.toString(), notes })
}

/** A file on its way from old to new: lines with their line ends, and how far they have moved. */
class PatchedFile {
  /** Without line feeds. */
  readonly lines: string[]
  endsInNewline: boolean
  /** Lines added less lines removed by the hunks so far, plus how far off the last one was. */
  drift = 0
  /** Hunks before this line are done; they do not overlap. */
  doneUpTo = 0

  constructor(text: string) {
    this.lines = splitLines(text)
    this.endsInNewline = text === '' || text.endsWith('\n')
  }

  toString(): string {
    const body = this.lines.join('\n')
    return this.endsInNewline && this.lines.length > 0 ? `${body}\n` : body
  }
}

function applyOne(
  file: PatchedFile,
  hunk: LineHunk,
  label: string,
  path: string,
  notes: string[],
): EditProblem | undefined {
  const old = hunk.lines.filter(line => line.kind !== 'add')
  if (old.length === hunk.lines.length && old.every(line => line.kind === 'context')) {
    return { kind: 'no-change', path, message: `${path}: ${label} changes nothing: it has no + and no - line.` }
  }
  const place = old.length === 0 ? placeWithoutOldLines(file, hunk, path, label) : placeOf(file, hunk, old, path, label)
  if (!place.ok) return place.error
  const { start, kind } = place.value

  const found = file.lines.slice(start, start + old.length)
  const replacement = newLines(hunk.lines, found, kind, file)
  const reachesEnd = start + old.length >= file.lines.length
  file.lines.splice(start, old.length, ...replacement)
  if (reachesEnd) file.endsInNewline = newlineAtEnd(hunk.lines, file.endsInNewline)

  if (hunk.oldStart !== undefined) {
    const expected = expectedStart(hunk, old.length) + file.drift
    const offset = start - expected
    if (offset !== 0) notes.push(`${path}: ${label} applied ${lineCount(offset)} than it says (line ${start + 1}).`)
    file.drift += offset + replacement.length - old.length
  }
  if (kind !== 'exact') notes.push(`${path}: ${label} fits but for white space (line ${start + 1}).`)
  file.doneUpTo = start + replacement.length
  return undefined
}

function lineCount(offset: number): string {
  const lines = Math.abs(offset)
  return `${lines} line${lines === 1 ? '' : 's'} ${offset > 0 ? 'further down' : 'further up'}`
}

/** Index, from 0, that the patch names; without old lines the header names the line before. */
function expectedStart(hunk: LineHunk, oldCount: number): number {
  return oldCount === 0 ? (hunk.oldStart ?? 0) : Math.max(0, (hunk.oldStart ?? 1) - 1)
}

interface Place {
  start: number
  kind: MatchKind
}

function placeWithoutOldLines(
  file: PatchedFile,
  hunk: LineHunk,
  path: string,
  label: string,
): Result<Place, EditProblem> {
  const afterLine = positionAfter(file, hunk, path, label)
  if (!afterLine.ok) return afterLine
  if (hunk.after?.length) return ok({ start: afterLine.value, kind: 'exact' })
  if (hunk.oldStart === undefined) return ok({ start: file.lines.length, kind: 'exact' })
  const start = hunk.oldStart + file.drift
  if (start >= 0 && start <= file.lines.length) return ok({ start, kind: 'exact' })
  return fail({
    kind: 'anchor-missing',
    path,
    line: hunk.oldStart,
    message: `${path}: ${label} adds after line ${hunk.oldStart}, but the file has ${file.lines.length} lines. Read the file, then make the patch again.`,
  })
}

function placeOf(
  file: PatchedFile,
  hunk: LineHunk,
  old: readonly PatchLine[],
  path: string,
  label: string,
): Result<Place, EditProblem> {
  const from = positionAfter(file, hunk, path, label)
  if (!from.ok) return from
  const wanted = old.map(line => line.text)
  const expected = hunk.oldStart === undefined ? undefined : expectedStart(hunk, old.length) + file.drift
  const rest = file.lines.slice(from.value)
  const atEnd = hunk.isAtEnd ? file.lines.length - wanted.length - from.value : undefined
  const search = findLines(rest, wanted, atEnd ?? (expected === undefined ? undefined : expected - from.value))
  if (search.kind === 'found') return ok({ start: search.match.start + from.value, kind: search.match.kind })
  if (search.kind === 'ambiguous') {
    const lines = search.starts.map(start => start + from.value + 1)
    // Without a line number the first place after the hunk before is meant, if a header led there.
    if (hunk.oldStart === undefined && hunk.after?.length) return ok({ start: lines[0]! - 1, kind: 'exact' })
    return fail({
      kind: 'anchor-ambiguous',
      path,
      line: lines[0]!,
      message: `${path}: ${label} fits ${lines.length} places (lines ${lines.slice(0, 10).join(', ')}). Give it more context or the right line number.`,
    })
  }
  return fail(missing(file, wanted, expected, path, label))
}

/** Where to look from: after the hunk before, and after the lines its header names. */
function positionAfter(file: PatchedFile, hunk: LineHunk, path: string, label: string): Result<number, EditProblem> {
  let position = file.doneUpTo
  for (const line of hunk.after ?? []) {
    const index = file.lines.findIndex((each, at) => at >= position && each.trim() === line.trim())
    if (index === -1) {
      return fail({
        kind: 'anchor-missing',
        path,
        message: `${path}: ${label} comes after "${line.trim()}", which is not there.${nearestInWords(file.toString(), line)}`,
      })
    }
    position = index + 1
  }
  return ok(position)
}

function missing(
  file: PatchedFile,
  wanted: readonly string[],
  expected: number | undefined,
  path: string,
  label: string,
): EditProblem {
  const advice = 'Read the file, then make the patch again.'
  const earlier = findLines(file.lines, wanted)
  if (earlier.kind === 'found') {
    const line = earlier.match.start + 1
    const message = `${path}: ${label} overlaps the one before it, or comes too late: its lines are at line ${line}. ${advice}`
    return { kind: 'anchor-missing', path, line, message }
  }
  if (expected !== undefined) {
    const at = wanted.findIndex((line, index) => file.lines[expected + index]?.trimEnd() !== line.trimEnd())
    const actual = file.lines[expected + at]
    if (at !== -1 && expected + at >= 0) {
      return {
        kind: 'anchor-missing',
        path,
        line: expected + at + 1,
        message: `${path}: ${label} does not fit: line ${expected + at + 1} should be ${quote(wanted[at]!)}, but ${actual === undefined ? 'the file ends before it' : `is ${quote(actual)}`}. ${advice}`,
      }
    }
  }
  const nearest = nearestInWords(file.toString(), wanted.join('\n'))
  return {
    kind: 'anchor-missing',
    path,
    message: `${path}: ${label} does not fit: its lines are not there.${nearest} ${advice}`,
  }
}

function quote(line: string): string {
  return JSON.stringify(line.length > 100 ? `${line.slice(0, 99)}…` : line)
}

/** Context stays as the file has it; added lines get the indentation and the line ends of their place. */
function newLines(lines: readonly PatchLine[], found: readonly string[], kind: MatchKind, file: PatchedFile): string[] {
  const old = lines.filter(line => line.kind !== 'add').map(line => line.text)
  const added = lines.filter(line => line.kind === 'add').map(line => line.text)
  const fitted = kind === 'exact' ? added : withReturnsLike(reindent(added, found, old), found, file)
  const fromFile = found[Symbol.iterator]()
  const fromPatch = fitted[Symbol.iterator]()
  return lines.flatMap(line => {
    if (line.kind === 'add') return fromPatch.next().value ?? []
    const there = fromFile.next().value ?? []
    return line.kind === 'context' ? there : []
  })
}

function withReturnsLike(added: readonly string[], found: readonly string[], file: PatchedFile): string[] {
  const sample = found.length > 0 ? found : file.lines
  const hasReturns = sample.filter(line => line.endsWith('\r')).length * 2 > sample.length
  return added.map(line => line.replace(/\r$/, '') + (hasReturns ? '\r' : ''))
}

/** Whether the file ends in a newline after a hunk that reaches its end. */
function newlineAtEnd(lines: readonly PatchLine[], before: boolean): boolean {
  const lastNew = lines.findLast(line => line.kind !== 'delete')
  if (lastNew?.noNewline) return false
  const lastOld = lines.findLast(line => line.kind !== 'add')
  // Only a patch that saw the missing newline may bring one; others keep what the file has.
  return lastOld?.noNewline ? true : before
}
