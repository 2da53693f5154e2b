import { diffArrays } from 'diff'
import { dominantLineEnd, withLineEnds } from '#shared/base/text'

/**
 * The whole new text of a file, with the line ends the file has: a line that was there keeps its own, a new one gets
 * that of the line before it.
 */
export function keepLineEnds(before: string, after: string): string {
  const lineEnd = dominantLineEnd(before)
  if (lineEnd === undefined) return after
  if (!isMixed(before)) return withLineEnds(after, lineEnd)
  const oldLines = before.split('\n')
  const newLines = withLineEnds(after, '\n').split('\n')
  const plainOldLines = oldLines.map(line => line.replace(/\r$/, ''))
  const result: string[] = []
  let oldIndex = 0
  let endsInReturn = lineEnd === '\r\n'
  for (const part of diffArrays(plainOldLines, newLines)) {
    for (const line of part.removed ? [] : part.value) {
      if (!part.added) endsInReturn = oldLines[oldIndex++]!.endsWith('\r')
      result.push(endsInReturn ? `${line}\r` : line)
    }
    if (part.removed) oldIndex += part.value.length
  }
  // What follows the last line feed is no line and has no end.
  result[result.length - 1] = newLines.at(-1) ?? ''
  return result.join('\n')
}

function isMixed(text: string): boolean {
  let plain = false
  let withReturn = false
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (text[at - 1] === '\r') withReturn = true
    else plain = true
    if (plain && withReturn) return true
  }
  return false
}
