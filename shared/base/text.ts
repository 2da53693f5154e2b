/** Lines, line ends and positions in text. Lines count from 1; a line end is `\n`, `\r\n` or, in old files, `\r` alone. */

export type LineEnd = '\n' | '\r\n' | '\r'

/** The most frequent line end; `undefined` where there is none. `\r` counts only in text without any `\n`. */
export function dominantLineEnd(text: string): LineEnd | undefined {
  let all = 0
  let withReturn = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    all++
    if (text[at - 1] === '\r') withReturn++
  }
  if (all > 0) return withReturn * 2 > all ? '\r\n' : '\n'
  return text.includes('\r') ? '\r' : undefined
}

/** Text with `\n` as its only line end. */
export function withPlainLineEnds(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

/** Text whose line ends are all the given one. */
export function withLineEnds(text: string, lineEnd: LineEnd): string {
  const plain = withPlainLineEnds(text)
  return lineEnd === '\n' ? plain : plain.replaceAll('\n', lineEnd)
}

/** Lines without their ends (a `\r` before the `\n` stays); text that ends in `\n` has no empty last line. */
export function splitLines(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The line, from 1, that an offset is on. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** One line for a message: cut in length, with what was cut said by an ellipsis. */
export function clipLine(line: string, maxLength = 120): string {
  const trimmed = line.trimEnd()
  return trimmed.length > maxLength ? `${trimmed.slice(0, maxLength - 1)}…` : trimmed
}

/** Text as a terminal leaves it: of a line that carriage returns took back to its start, what was written last. */
export function withoutOverwritten(text: string): string {
  return text
    .split('\n')
    .map(line => {
      let end = line.length
      while (line[end - 1] === '\r') end--
      return line.slice(line.lastIndexOf('\r', end - 1) + 1, end)
    })
    .join('\n')
}
