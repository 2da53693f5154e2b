import { structuredPatch } from 'diff'

/** A run of changed lines. Lines count from 0; a range of no lines stands before its start. */
export interface Hunk {
  beforeStart: number
  beforeLines: string[]
  afterStart: number
  afterLines: string[]
}

/** The differences between two texts, without context, in order. Lines keep their line ends. */
export function hunksBetween(before: string, after: string): Hunk[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: 0 })
  return patch.hunks.map(hunk => {
    const linesOf = (sign: string) =>
      hunk.lines.flatMap((line, index) => {
        if (!line.startsWith(sign)) return []
        const isLastOfFile = hunk.lines[index + 1]?.startsWith('\\') ?? false
        return [line.slice(1) + (isLastOfFile ? '' : '\n')]
      })
    return {
      beforeStart: hunk.oldStart - 1,
      beforeLines: linesOf('-'),
      afterStart: hunk.newStart - 1,
      afterLines: linesOf('+'),
    }
  })
}

/** The text without one of its hunks: those lines are again as they were. */
export function withoutHunk(after: string, hunk: Hunk): string {
  const lines = linesWithEnds(after)
  lines.splice(hunk.afterStart, hunk.afterLines.length, ...hunk.beforeLines)
  return lines.join('')
}

/** Tells a hunk apart from others of the same file, whatever happens above it. */
export function hunkKey(hunk: Hunk): string {
  return JSON.stringify([hunk.beforeStart, hunk.beforeLines, hunk.afterLines])
}

function linesWithEnds(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}
