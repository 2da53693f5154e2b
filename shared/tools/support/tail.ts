/** The end of a text, from the beginning of a line where that is near; never half a character. */
export function tailOf(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const tail = text.slice(-maxChars)
  const lineStart = tail.indexOf('\n') + 1
  const start = lineStart > 0 && lineStart < maxChars / 2 ? lineStart : /^[\udc00-\udfff]/.test(tail) ? 1 : 0
  return `[…]\n${tail.slice(start)}`
}
