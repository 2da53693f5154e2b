import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { dominantLineEnd, withLineEnds, withPlainLineEnds } from '#shared/base/text'
import type { EditProblem } from './change-set'
import { findJson } from './json-in-text'
import { applyReplacements, findPlaces, lineEndAround } from './replace'

export const HUNK_ACTIONS = ['MODIFY', 'INSERT', 'DELETE', 'CREATE', 'DELETE_FILE', 'RENAME'] as const
export type HunkAction = (typeof HUNK_ACTIONS)[number]

/** One targeted change to one file; spec/kode.md §6.1. */
export interface Hunk {
  /** Unique by convention; a repeated id names several hunks, which apply in order. */
  id: string
  /** Relative to the project, with forward slashes. */
  file_path: string
  action: HunkAction
  /** Existing text that MODIFY replaces, DELETE removes, and INSERT puts new text after. */
  anchor_text?: string | undefined
  new_text?: string | undefined
  /** RENAME: where the file goes. */
  new_path?: string | undefined
  /** Which of several equal anchors, from 1. */
  occurrence?: number | undefined
  target_symbol?: string | undefined
  explanation?: string | undefined
}

const optionalText = v.optional(v.nullable(v.string()))

const looseHunk = v.object({
  id: v.optional(v.nullable(v.union([v.string(), v.number()]))),
  file_path: optionalText,
  action: v.optional(v.nullable(v.string())),
  anchor_text: optionalText,
  new_text: optionalText,
  new_path: optionalText,
  occurrence: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)))),
  target_symbol: optionalText,
  explanation: optionalText,
})

/** The hunk as a schema, for models that reply in a given shape. */
export const hunkSchema = v.object({
  id: v.string(),
  file_path: v.string(),
  action: v.picklist(HUNK_ACTIONS),
  anchor_text: v.optional(v.string()),
  new_text: v.optional(v.string()),
  new_path: v.optional(v.string()),
  occurrence: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  target_symbol: v.optional(v.string()),
  explanation: v.optional(v.string()),
})

/**
 * The hunks in a model's reply or in a file: an array, one object, or `{"hunks": […]}`, with or without fences and prose.
 *
 * @returns every hunk, or all that is wrong with them
 */
export function readHunks(text: string): Result<Hunk[], EditProblem[]> {
  const { values, isCutOff } = findJson(text)
  // Brackets in prose, such as [1], stand beside the real thing; several values that look like hunks belong together.
  const list = values
    .map(hunkList)
    .filter(entries => entries?.some(looksLikeHunk))
    .flatMap(entries => entries ?? [])
  if (list.length > 0 && !isCutOff) return checkHunks(list)
  const message = isCutOff ? CUT_OFF : NO_HUNKS
  return fail([{ kind: 'invalid-hunk', path: '', message }])
}

const CUT_OFF = 'The JSON with the hunks is cut off: it never ends. Send all of it, or fewer hunks at a time.'
const NO_HUNKS = 'There are no hunks in it. Send a JSON array of hunks, each with id, file_path, action and its texts.'

/** The same checks for hunks that come as data. */
export function checkHunks(values: readonly unknown[]): Result<Hunk[], EditProblem[]> {
  const checked = values.map(checkHunk)
  const problems = checked.flatMap(result => (result.ok ? [] : [result.error]))
  return problems.length > 0 ? fail(problems) : ok(checked.flatMap(result => (result.ok ? [result.value] : [])))
}

function hunkList(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value.every(entry => typeof entry === 'object') ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if ('hunks' in value) return Array.isArray(value.hunks) ? value.hunks : undefined
  return looksLikeHunk(value) ? [value] : undefined
}

function looksLikeHunk(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('file_path' in value || 'action' in value)
}

function checkHunk(value: unknown, index: number): Result<Hunk, EditProblem> {
  const parsed = v.safeParse(looseHunk, value)
  const place = `hunk ${index + 1}`
  if (!parsed.success) {
    const issue = parsed.issues[0]
    return invalid('', hunkIdFor(index), `${place}: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`)
  }
  const { id, file_path, action: givenAction, ...texts } = parsed.output
  const hunkId = id === undefined || id === null || id === '' ? hunkIdFor(index) : String(id)
  if (!file_path) return invalid('', hunkId, `${place} (id ${hunkId}) has no file_path.`)
  const action = HUNK_ACTIONS.find(name => name === givenAction?.toUpperCase())
  if (!action) {
    return invalid(
      file_path,
      hunkId,
      `${hunkId}: unknown action ${JSON.stringify(givenAction ?? '')}. Use ${HUNK_ACTIONS.join(', ')}.`,
    )
  }
  const hunk: Hunk = { id: hunkId, file_path, action, ...withoutNulls(texts) }
  const missing = missingField(hunk)
  return missing ? invalid(file_path, hunkId, `${hunkId}: ${action} needs ${missing}.`) : ok(hunk)
}

function withoutNulls<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], null> } {
  const kept = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], null> }
}

function missingField(hunk: Hunk): string | undefined {
  switch (hunk.action) {
    case 'MODIFY':
    case 'DELETE':
      return hunk.anchor_text ? undefined : 'anchor_text, the existing text'
    case 'INSERT':
      return hunk.new_text ? undefined : 'new_text'
    case 'CREATE':
      return hunk.new_text === undefined ? 'new_text, the whole file' : undefined
    case 'RENAME':
      return hunk.new_path ? undefined : 'new_path'
    case 'DELETE_FILE':
      return undefined
  }
}

/** The name of a step that has none, by its place in the proposal. */
export function hunkIdFor(index: number): string {
  return `hunk-${index + 1}`
}

function invalid(path: string, hunkId: string, message: string): { ok: false; error: EditProblem } {
  return fail({ kind: 'invalid-hunk', path, hunkId, message })
}

/** Text after a hunk, and what to tell about it. */
export interface AppliedHunk {
  text: string
  notes: string[]
}

/** Applies a hunk that edits text (MODIFY, INSERT, DELETE) to the text of its file; spec/kode.md §6.3. */
export function applyTextHunk(
  text: string,
  hunk: Hunk & { action: 'MODIFY' | 'INSERT' | 'DELETE' },
): Result<AppliedHunk, EditProblem> {
  const anchor = hunk.anchor_text ?? ''
  if (hunk.action === 'INSERT') return anchor === '' ? ok(appended(text, hunk)) : insertedAfter(text, anchor, hunk)
  const newText = hunk.action === 'DELETE' ? '' : (hunk.new_text ?? '')
  const place = placeOf(text, anchor, hunk)
  if (!place.ok) return place
  const { start, end } = place.value.range
  // Within the range the quote is the only match; a tolerant one is fitted to its surroundings there.
  const inside = applyReplacements(text.slice(start, end), [{ old_str: anchor, new_str: newText }], hunk.file_path)
  if (!inside.ok) return inside
  const lineEnd = lineEndAround(text, place.value.range)
  return ok({
    text: text.slice(0, start) + withLineEnds(inside.value.text, lineEnd) + text.slice(end),
    notes: place.value.notes,
  })
}

function placeOf(text: string, anchor: string, hunk: Hunk) {
  const places = findPlaces(text, anchor, hunk.file_path, `${hunk.id}: anchor_text`, hunk.occurrence ?? 'only')
  if (!places.ok) return fail<EditProblem>({ ...places.error, hunkId: hunk.id })
  const { ranges, match } = places.value
  const notes = match === 'exact' ? [] : [`${hunk.id}: the anchor was found but for ${DIFFERENCE[match]}.`]
  return ok({ range: ranges[0]!, notes })
}

const DIFFERENCE = {
  'trailing-space': 'white space at line ends',
  indentation: 'its indentation',
  typography: 'typographic characters',
}

function insertedAfter(text: string, anchor: string, hunk: Hunk): Result<AppliedHunk, EditProblem> {
  const place = placeOf(text, anchor, hunk)
  if (!place.ok) return place
  const { range, notes } = place.value
  const lineEnd = lineEndAround(text, range)
  const before = text.slice(0, range.end)
  const rest = text.slice(range.end)
  const newText = withPlainLineEnds(hunk.new_text ?? '')
  // A whole line stands between line ends, once each, whoever brought them along.
  const lead = before.endsWith('\n') ? '' : '\n'
  const needsEnd = before.endsWith('\n') && rest !== ''
  const body = /^\r?\n/.test(rest) && newText.endsWith('\n') && lead !== '' ? newText.slice(0, -1) : newText
  const tail = needsEnd && !body.endsWith('\n') ? '\n' : ''
  return ok({ text: before + withLineEnds(lead + body + tail, lineEnd) + rest, notes })
}

/** At the end of the file, on a line of its own; the file ends in a newline afterwards if it did before. */
function appended(text: string, hunk: Hunk): AppliedHunk {
  const newText = withPlainLineEnds(hunk.new_text ?? '')
  if (text === '') return { text: newText, notes: [] }
  const lineEnd = dominantLineEnd(text) ?? '\n'
  const endsInNewline = text.endsWith('\n')
  const lead = endsInNewline ? '' : '\n'
  const tail = endsInNewline && !newText.endsWith('\n') ? '\n' : ''
  return { text: text + withLineEnds(lead + newText + tail, lineEnd), notes: [] }
}
