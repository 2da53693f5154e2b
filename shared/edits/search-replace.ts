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

const SEARCH = /^<{5,9} ?SEARCH\b.*$/m
const DIVIDER = /^={5,9}\s*$/m
const REPLACE = /^>{5,9} ?REPLACE\b.*$/m

/** Reads the blocks; a block without a path before it is about the file of the block before. */
export function readSearchReplace(text: string): Result<SearchReplaceBlock[], EditProblem[]> {
  const blocks: SearchReplaceBlock[] = []
  const lines = withPlainLineEnds(text).split('\n')
  let path: string | undefined
  for (let at = 0; at < lines.length; at++) {
    if (!SEARCH.test(lines[at]!)) {
      path = pathOnLine(lines[at]!) ?? path
      continue
    }
    const label = `block ${blocks.length + 1}`
    const divider = indexFrom(lines, at + 1, DIVIDER)
    const end = divider === -1 ? -1 : indexFrom(lines, divider + 1, REPLACE)
    if (end === -1)
      return fail([invalid(path, `The search/replace ${label} never ends: "=======" or ">>>>>>> REPLACE" is missing.`)])
    if (path === undefined) return fail([invalid(path, `No path stands before the search/replace ${label}.`)])
    blocks.push({ path, search: joined(lines.slice(at + 1, divider)), replace: joined(lines.slice(divider + 1, end)) })
    at = end
  }
  return ok(blocks)
}

function indexFrom(lines: readonly string[], start: number, pattern: RegExp): number {
  return lines.findIndex((line, index) => index >= start && pattern.test(line))
}

function joined(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

function invalid(path: string | undefined, message: string): EditProblem {
  return { kind: 'invalid-hunk', path: path ?? '', message }
}
