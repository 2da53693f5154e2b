import { fail, ok, type Result } from '#shared/base/result'
import { dominantLineEnd, type LineEnd, lineAt, splitLines, withLineEnds, withPlainLineEnds } from '#shared/base/text'
import type { EditProblem } from './change-set'
import { findLines, habitInWords, type MatchKind, nearestInWords, reindent } from './locate'

/** Text to find, and what to put there. */
export interface Replacement {
  old_str: string
  new_str: string
  /** Every place instead of the only one. */
  replace_all?: boolean | undefined
}

export interface Replaced {
  text: string
  /** One per replacement, in order. */
  edits: ReplacedEdit[]
}

export interface ReplacedEdit {
  /** Lines, from 1, in the text as it was before this replacement. */
  lines: number[]
  match: MatchKind
}

/**
 * Applies replacements in order, each to what the earlier ones left; all or none.
 * Line ends of the file stay: `\n` in `old_str` fits any, and `new_str` takes those of its surroundings.
 *
 * @param path for messages only
 */
export function applyReplacements(
  text: string,
  replacements: readonly Replacement[],
  path: string,
): Result<Replaced, EditProblem> {
  const edits: ReplacedEdit[] = []
  let current = text
  for (const [index, replacement] of replacements.entries()) {
    const label = replacements.length === 1 ? 'old_str' : `replacements[${index}].old_str`
    const places = findPlaces(current, replacement.old_str, path, label, replacement.replace_all ? 'all' : 'only')
    if (!places.ok) return places
    edits.push({
      lines: places.value.ranges.map(range => lineAt(current, range.start)),
      match: places.value.match,
    })
    current = putInto(current, places.value, replacement)
  }
  if (current === text) {
    return fail({
      kind: 'no-change',
      path,
      message: `The edit leaves ${path} as it is: old_str and new_str are the same.`,
    })
  }
  return ok({ text: current, edits })
}

/** Part of a text, in UTF-16 units; the end is exclusive. */
export interface TextRange {
  start: number
  end: number
}

export interface Places {
  ranges: TextRange[]
  match: MatchKind
  /** Whole lines were compared; the text there is not the quote itself. */
  isByLines: boolean
}

/**
 * Where a quote is in a text: as it is, or else at the one place that differs in white space or typography only.
 *
 * @param which `all`, the `only` one (several are a failure), or the n-th from 1
 * @param label what the caller calls the quote, for messages
 */
export function findPlaces(
  text: string,
  quote: string,
  path: string,
  label: string,
  which: 'all' | 'only' | number,
): Result<Places, EditProblem> {
  if (quote === '') return fail({ kind: 'invalid-hunk', path, message: `${label} is empty. Quote the text to find.` })
  const exact = exactPlaces(text, quote)
  if (exact.length > 0) return choose(text, exact, path, label, which)

  const lines = splitLines(withPlainLineEnds(text))
  const wanted = splitLines(withPlainLineEnds(quote))
  const search = findLines(lines, wanted)
  if (search.kind === 'found') {
    const range = rangeOfLines(text, search.match.start, wanted.length, quote.endsWith('\n'))
    return ok({ ranges: [range], match: search.match.kind, isByLines: true })
  }
  if (search.kind === 'ambiguous') {
    const at = search.starts.map(start => start + 1)
    return fail({
      kind: 'anchor-ambiguous',
      path,
      line: at[0]!,
      message: `${label} is not in ${path} as quoted, and fits ${at.length} places but for white space (lines ${listed(at)}). Quote it exactly, with more lines around it.`,
    })
  }
  return fail({
    kind: 'anchor-missing',
    path,
    message: `${label} was not found in ${path}.${nearestInWords(text, quote)}${habitInWords(quote)} Read the file, then quote the text as it is there.`,
  })
}

function choose(
  text: string,
  ranges: TextRange[],
  path: string,
  label: string,
  which: 'all' | 'only' | number,
): Result<Places, EditProblem> {
  if (which === 'all' || (which === 'only' && ranges.length === 1))
    return ok({ ranges, match: 'exact', isByLines: false })
  const at = ranges.map(range => lineAt(text, range.start))
  if (which === 'only') {
    return fail({
      kind: 'anchor-ambiguous',
      path,
      line: at[0]!,
      message: `${label} is ${ranges.length} times in ${path} (lines ${listed(at)}). Quote more of its surroundings, or say which or all.`,
    })
  }
  const chosen = ranges[which - 1]
  if (chosen) return ok({ ranges: [chosen], match: 'exact', isByLines: false })
  return fail({
    kind: 'anchor-missing',
    path,
    message: `${label} is ${ranges.length === 1 ? 'only once' : `${ranges.length} times`} in ${path} (line${ranges.length === 1 ? '' : 's'} ${listed(at)}); there is no occurrence ${which}.`,
  })
}

/** Not overlapping. Where line ends differ from those of the quote, they do not count. */
function exactPlaces(text: string, quote: string): TextRange[] {
  const plain = new PlainView(text)
  const wanted = withPlainLineEnds(quote)
  const ranges: TextRange[] = []
  for (let at = plain.text.indexOf(wanted); at !== -1; at = plain.text.indexOf(wanted, at + wanted.length)) {
    ranges.push({ start: plain.sourceOffset(at), end: plain.sourceOffset(at + wanted.length) })
  }
  return ranges
}

/** A text with `\n` as line end, and the way back to offsets in the original. */
class PlainView {
  readonly text: string
  /** Offsets, in the plain text, of the line feeds that had a `\r` before them; ascending. */
  readonly #shortened: number[] = []

  constructor(source: string) {
    this.text = withPlainLineEnds(source)
    if (this.text.length === source.length) return
    for (let at = source.indexOf('\r\n'); at !== -1; at = source.indexOf('\r\n', at + 2)) {
      this.#shortened.push(at - this.#shortened.length)
    }
  }

  sourceOffset(plainOffset: number): number {
    let low = 0
    let high = this.#shortened.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#shortened[middle]! < plainOffset) low = middle + 1
      else high = middle
    }
    return plainOffset + low
  }
}

/** Whole lines as a range; the end of the last line belongs to it only if asked for. */
function rangeOfLines(text: string, firstLine: number, count: number, withLastEnd: boolean): TextRange {
  let start = 0
  for (let line = 0; line < firstLine; line++) start = text.indexOf('\n', start) + 1
  let end = start
  for (let line = 0; line < count; line++) {
    const next = text.indexOf('\n', end)
    if (next === -1) return { start, end: text.length }
    end = next + 1
  }
  if (withLastEnd) return { start, end }
  const hasReturn = text[end - 2] === '\r'
  return { start, end: end - (hasReturn ? 2 : 1) }
}

function putInto(text: string, places: Places, replacement: Replacement): string {
  let result = ''
  let last = 0
  for (const range of places.ranges) {
    const found = text.slice(range.start, range.end)
    const wanted = places.isByLines ? fitted(replacement, found) : replacement.new_str
    result += text.slice(last, range.start) + withLineEnds(wanted, lineEndAround(text, range))
    last = range.end
  }
  return result + text.slice(last)
}

/** The new text as it goes to a place that was found by its words only. */
function fitted(replacement: Replacement, found: string): string {
  const foundLines = splitLines(withPlainLineEnds(found))
  const oldLines = splitLines(withPlainLineEnds(replacement.old_str))
  const newText = withPlainLineEnds(replacement.new_str)
  const lines = reindent(splitLines(newText), foundLines, oldLines).join('\n')
  // The last line of a file may have no end; then it gets none.
  const lacksEnd = replacement.old_str.endsWith('\n') && !found.endsWith('\n')
  return newText.endsWith('\n') && !lacksEnd ? `${lines}\n` : lines
}

/** The line end that new text at a place gets: that of the replaced lines, else of the line it is on, else of the file. */
export function lineEndAround(text: string, range: TextRange): LineEnd {
  const inside = dominantLineEnd(text.slice(range.start, range.end))
  if (inside) return inside
  const next = text.indexOf('\n', range.end)
  if (next !== -1) return text[next - 1] === '\r' ? '\r\n' : '\n'
  const previous = text.lastIndexOf('\n', range.start - 1)
  if (previous !== -1 && range.start > 0) return text[previous - 1] === '\r' ? '\r\n' : '\n'
  return dominantLineEnd(text) ?? '\n'
}

const MOST_LISTED = 10

function listed(lines: readonly number[]): string {
  const shown = lines.slice(0, MOST_LISTED).join(', ')
  return lines.length > MOST_LISTED ? `${shown}, …` : shown
}
