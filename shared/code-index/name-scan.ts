/**
 * The identifiers of a file, found without knowing its language: every run of letters, digits, `_`, `$` and non-ASCII bytes that does
 * not begin with a digit, in comments and strings too. Kept as 32-bit hashes, sorted: 4 bytes a name, and a look-up is a binary search.
 * Two names with one hash only cost a look at a file that turns out not to use the name.
 */
export function scanNames(bytes: Uint8Array): Uint32Array {
  const seen = new Set<number>()
  let hash = 0
  let isInside = false
  let isNumber = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (IS_NAME_BYTE[byte]) {
      if (!isInside) {
        isInside = true
        isNumber = byte < 58 && byte > 47
        hash = SEED
      }
      hash = Math.imul(hash ^ byte, PRIME)
    } else if (isInside) {
      isInside = false
      if (!isNumber) seen.add(hash >>> 0)
    }
  }
  if (isInside && !isNumber) seen.add(hash >>> 0)
  return Uint32Array.from(seen).sort()
}

/** Whether a scanned file has a name, or one that looks the same. */
export function hasName(names: Uint32Array, nameHash: number): boolean {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const value = names[middle]!
    if (value === nameHash) return true
    if (value < nameHash) low = middle + 1
    else high = middle
  }
  return false
}

/** The hash under which `scanNames` keeps a name. */
export function hashOfName(name: string): number {
  let hash = SEED
  for (const byte of utf8.encode(name)) hash = Math.imul(hash ^ byte, PRIME)
  return hash >>> 0
}

const utf8 = new TextEncoder()

// FNV-1a.
const SEED = 0x811c9dc5
const PRIME = 0x01000193

/** By byte: 0-9, A-Z, a-z, `_`, `$`, and what UTF-8 writes other letters with. */
const IS_NAME_BYTE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 128 || /[\w$]/.test(String.fromCharCode(byte)) ? 1 : 0,
)
