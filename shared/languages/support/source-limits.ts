/**
 * Parsers answer in milliseconds below this size; what is larger was made by a program.
 * A SKIP with this reason is better than a gate that takes seconds.
 */
const MAX_CHARS = 2_000_000

/** Why a text is not to be parsed at all, if there is a reason. */
export function unparsable(text: string): string | undefined {
  if (text.length > MAX_CHARS) return `the file is larger than ${MAX_CHARS / 1_000_000} million characters`
  if (text.includes('\0')) return 'the file holds NUL characters'
  return undefined
}
