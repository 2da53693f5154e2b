import { clipLine, splitLines } from '#shared/base/text'

/** How the text was found: as quoted, but for white space at line ends, but for indentation, or but for typography. */
export type MatchKind = 'exact' | 'trailing-space' | 'indentation' | 'typography'

/** A run of lines in a file. */
export interface LineMatch {
  /** Index of the first line, from 0. */
  start: number
  /** Lines in the file. */
  length: number
  kind: MatchKind
}

export type LineSearch =
  | { kind: 'found'; match: LineMatch }
  /** Several places fit equally well; indexes from 0. */
  | { kind: 'ambiguous'; starts: number[] }
  | { kind: 'missing' }

/** From strict to lenient; the first level at which anything fits decides. */
const LEVELS: readonly { kind: MatchKind; normal: (line: string) => string }[] = [
  { kind: 'exact', normal: line => line },
  { kind: 'trailing-space', normal: line => line.trimEnd() },
  { kind: 'indentation', normal: line => line.trim() },
  { kind: 'typography', normal: line => plainTypography(line).trim() },
]

/**
 * Finds lines among the lines of a file.
 *
 * @param expectedStart wins when the lines are there, even if they are elsewhere too
 * @param kinds the levels to try
 */
export function findLines(
  lines: readonly string[],
  wanted: readonly string[],
  expectedStart?: number,
  kinds: readonly MatchKind[] = LEVELS.map(level => level.kind),
): LineSearch {
  // Nothing but blank lines would fit anywhere.
  const levels = wanted.some(line => line.trim() !== '') ? LEVELS : LEVELS.slice(0, 1)
  for (const level of levels) {
    if (!kinds.includes(level.kind)) continue
    const starts = placesOf(lines.map(level.normal), wanted.map(level.normal)).filter(
      start => level.kind === 'exact' || keepsShape(lines, wanted, start),
    )
    const start = expectedStart !== undefined && starts.includes(expectedStart) ? expectedStart : starts[0]
    if (start === undefined) continue
    if (starts.length > 1 && start !== expectedStart) return { kind: 'ambiguous', starts }
    return { kind: 'found', match: { start, length: wanted.length, kind: level.kind } }
  }
  return { kind: 'missing' }
}

function placesOf(lines: readonly string[], wanted: readonly string[]): number[] {
  const starts: number[] = []
  if (wanted.length === 0) return starts
  for (let start = lines.indexOf(wanted[0]!); start !== -1; start = lines.indexOf(wanted[0]!, start + 1)) {
    if (start + wanted.length > lines.length) break
    if (wanted.every((line, index) => lines[start + index] === line)) starts.push(start)
  }
  return starts
}

/** Whether one indentation of the quote always stands for one of the file; if not, the nesting differs. */
function keepsShape(lines: readonly string[], wanted: readonly string[], start: number): boolean {
  return indentMap(lines.slice(start, start + wanted.length), wanted) !== undefined
}

/** From each indentation in the quote to that in the file; `undefined` where they contradict each other. */
function indentMap(found: readonly string[], wanted: readonly string[]): Map<string, string> | undefined {
  const map = new Map<string, string>()
  for (const [index, line] of wanted.entries()) {
    if (line.trim() === '') continue
    const quoted = indentOf(line)
    const actual = indentOf(found[index]!)
    if ((map.get(quoted) ?? actual) !== actual) return undefined
    map.set(quoted, actual)
  }
  return map
}

/** New lines, indented as the place they go to is, where the quote was indented differently. */
export function reindent(newLines: readonly string[], found: readonly string[], wanted: readonly string[]): string[] {
  const map = indentMap(found, wanted)
  if (!map || [...map].every(([quoted, actual]) => quoted === actual)) return [...newLines]
  const known = [...map].sort((a, b) => b[0].length - a[0].length)
  return newLines.map(line => {
    const indent = indentOf(line)
    if (line.trim() === '') return line
    const base = known.find(([quoted]) => indent.startsWith(quoted)) ?? known.at(-1)
    if (!base) return line
    const [quoted, actual] = base
    const deeper = indent.startsWith(quoted) ? indent.slice(quoted.length) : ''
    return actual + inUnitsOf(actual, deeper) + line.trimStart()
  })
}

/** Blanks that deepen an indentation made of tabs become tabs. */
function inUnitsOf(indent: string, deeper: string): string {
  if (!indent.includes('\t') || deeper.includes('\t')) return deeper
  const width = deeper.length % 4 === 0 ? 4 : 2
  return deeper.length % width === 0 ? '\t'.repeat(deeper.length / width) : deeper
}

function indentOf(line: string): string {
  return line.slice(0, line.length - line.trimStart().length)
}

/** Quotes, dashes and blanks that models and word processors exchange for one another. */
function plainTypography(text: string): string {
  return text
    .replace(/[\u2018\u2019\u201a\u201b]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, ' ')
    .replaceAll('\u2026', '...')
}

/** A place that resembles what was quoted. */
export interface NearPlace {
  /** From 1. */
  line: number
  text: string
  /** Share of the quote that is there, 0 to 1. */
  likeness: number
}

/** The places that resemble the quote most, best first; empty when nothing does. */
export function nearestPlaces(text: string, quote: string, atMost = 3): NearPlace[] {
  const lines = splitLines(text)
  const wanted = splitLines(quote).map(line => line.trim())
  const firstLine = wanted.findIndex(line => line !== '')
  if (firstLine === -1) return []
  const wantedPairs = wanted.map(letterPairs)
  const linePairs = lines.map(line => letterPairs(line.trim()))
  const places: NearPlace[] = []
  for (let start = -firstLine; start < lines.length - firstLine; start++) {
    // The first line must be somewhat alike already; comparing every run of lines in full is slow in long files.
    if (likenessOf(linePairs[start + firstLine]!, wantedPairs[firstLine]!) < 0.3) continue
    let sum = 0
    for (const [index, pairs] of wantedPairs.entries()) {
      if (wanted[index] !== '') sum += likenessOf(linePairs[start + index] ?? new Set(), pairs)
    }
    const likeness = sum / wanted.filter(line => line !== '').length
    if (likeness >= 0.4) {
      places.push({ line: start + firstLine + 1, text: clipLine(lines[start + firstLine]!.trim()), likeness })
    }
  }
  return places.sort((a, b) => b.likeness - a.likeness).slice(0, atMost)
}

function letterPairs(text: string): Set<string> {
  const pairs = new Set<string>()
  for (let at = 0; at + 1 < text.length; at++) pairs.add(text.slice(at, at + 2))
  return pairs
}

/** Dice coefficient over letter pairs: cheap, and kind to a changed word. */
function likenessOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 1
  let shared = 0
  for (const pair of a) if (b.has(pair)) shared++
  return (2 * shared) / (a.size + b.size)
}

/** Where single lines of the quote are: what is left when no place resembles it as a whole. */
function placesOfSingleLines(text: string, quote: string, atMost = 3): NearPlace[] {
  const wanted = new Set(splitLines(quote).map(line => line.trim()))
  return splitLines(text)
    .map((line, index) => ({ line: index + 1, text: clipLine(line.trim()), likeness: 0 }))
    .filter(place => /\w/.test(place.text) && wanted.has(place.text))
    .slice(0, atMost)
}

/** What models do to a quote so that it is found nowhere, as words for a message; empty when it is none of that. */
export function habitInWords(quote: string): string {
  const lines = splitLines(quote).filter(line => line.trim() !== '')
  if (lines.every(line => /^\s*\d+\s*[\t|:→]/.test(line))) return ' Leave out the line numbers.'
  if (lines.some(line => /^\s*(?:[/#]+\s*)?(?:\.{3}|…)/.test(line))) return ' Quote every line instead of "...".'
  return ''
}

/** The nearest places as words for a message; empty when there are none. */
export function nearestInWords(text: string, quote: string): string {
  const alike = nearestPlaces(text, quote)
  const places = alike.length > 0 ? alike : placesOfSingleLines(text, quote)
  if (places.length === 0) return ''
  return ` Closest: ${places.map(place => `line ${place.line} "${place.text}"`).join('; ')}.`
}
