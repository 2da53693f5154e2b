/**
 * Cuts a text in the middle so that its head and its tail stay, and says how much is missing.
 *
 * @param maxChars length of what remains, the note not counted
 */
export function cutMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const headChars = Math.floor(maxChars * 0.4)
  const head = text.slice(0, safeCut(text, headChars))
  const tail = text.slice(safeCut(text, text.length - (maxChars - headChars)))
  return `${head}\n[… ${text.length - head.length - tail.length} characters left out …]\n${tail}`
}

/** Never splits a surrogate pair. */
function safeCut(text: string, at: number): number {
  const code = text.charCodeAt(at - 1)
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at
}

/** What a stored tool result may hold, before the factor for large windows. Source: spec/koda.md §9.5. */
export const RESULT_LIMIT_CHARS = 10_000
