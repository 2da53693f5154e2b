import { fail, ok, type Result } from '#shared/base/result'
import { withPlainLineEnds } from '#shared/base/text'
import type { EditProblem } from './change-set'
import { pathOnLine } from './whole-files'

/** One `<<<<<<< SEARCH … ======= … >>>>>>> REPLACE` block. */
export interface SearchReplaceBlock {
  path: string
  /** Empty: the new text is the file, or goes to its end. */
  search: string
  replace: string
}

/** Whether a text holds search/replace blocks. */
export function looksLikeSearchReplace(text: string): boolean {
  return SEARCH.test(text) && REPLACE.test(text)
}

const SEARCH = /^(<{5,9}) ?SEARCH\b(.*)$/m
const REPLACE = /^>{5,9} ?REPLACE\b.*$/m

/** Reads the blocks; a block without a path before it is about the file of the block before. */
export function readSearchReplace(text: string): Result<SearchReplaceBlock[], EditProblem[]> {
  const blocks: SearchReplaceBlock[] = []
  const lines = withPlainLineEnds(text).split('\n')
  let path: string | undefined
  for (let at = 0; at < lines.length; at++) {
    const opening = SEARCH.exec(lines[at]!)
    path = pathOnLine(opening ? opening[2]! : lines[at]!) ?? path
    if (!opening) continue
    const label = `block ${blocks.length + 1}`
    const ends = linesBetween(lines, at + 1, lines.length, REPLACE)
    const end = ends.find(index => /^>+/.exec(lines[index]!)![0].length === opening[1]!.length) ?? ends[0] ?? -1
    const dividers = dividersBetween(lines, at + 1, end, opening[1]!.length)
    const [divider] = dividers
    if (divider === undefined)
      return fail([invalid(path, `The search/replace ${label} never ends: "=======" or ">>>>>>> REPLACE" is missing.`)])
    if (path === undefined) return fail([invalid(path, `No path stands before the search/replace ${label}.`)])
    if (dividers.length > 1) {
      const advice = 'Put longer marks around it (<<<<<<<<< SEARCH, =========, >>>>>>>>> REPLACE).'
      return fail([invalid(path, `The search/replace ${label} can be divided at ${dividers.length} lines. ${advice}`)])
    }
    blocks.push({ path, search: joined(lines.slice(at + 1, divider)), replace: joined(lines.slice(divider + 1, end)) })
    at = end
  }
  return ok(blocks)
}

/** Lines of "=" as long as the opening mark; where there are none, of any length that serves as a mark. */
function dividersBetween(lines: readonly string[], start: number, end: number, markLength: number): number[] {
  const found = linesBetween(lines, start, end, /^={5,9}\s*$/)
  const exact = found.filter(index => lines[index]!.trimEnd().length === markLength)
  return exact.length > 0 ? exact : found
}

function linesBetween(lines: readonly string[], start: number, end: number, pattern: RegExp): number[] {
  return lines.flatMap((line, index) => (index >= start && index < end && pattern.test(line) ? [index] : []))
}

function joined(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

function invalid(path: string | undefined, message: string): EditProblem {
  return { kind: 'invalid-hunk', path: path ?? '', message }
}
