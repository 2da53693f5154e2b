/**
 * The identifiers of a file, found without knowing its language: every run of letters, digits, `_`, `$` and non-ASCII bytes that does
 * not begin with a digit, in comments and strings too. Kept as 32-bit hashes, sorted: 4 bytes a name, and a look-up is a binary search.
 * Two names with one hash only cost a look at a file that turns out not to use the name.
 */
export function scanNames(bytes: Uint8Array): Uint32Array {
  found.clear()
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at]!
    if (!IS_NAME_BYTE[byte]) continue
    const isNumber = byte < 58 && byte > 47
    let hash = SEED
    do {
      hash = Math.imul(hash ^ byte, PRIME)
      byte = ++at < bytes.length ? bytes[at]! : 0
    } while (IS_NAME_BYTE[byte])
    if (!isNumber) found.add(hash >>> 0)
  }
  return found.sorted()
}

/** The hashes of one file. Made of plain numbers: a `Set` takes three times as long, and every identifier of a project comes by here. */
class HashSet {
  /** Open addressing; 0 is an empty place, its size a power of two. */
  #places = new Uint32Array(4096)
  #hashes = new Uint32Array(2048)
  #count = 0

  add(hash: number): void {
    const mask = this.#places.length - 1
    let place = hash & mask
    for (let there = this.#places[place]; there !== 0; there = this.#places[place]) {
      if (there === hash) return
      place = (place + 1) & mask
    }
    this.#places[place] = hash
    this.#hashes[this.#count++] = hash
    if (this.#count === this.#hashes.length) this.#grow()
  }

  sorted(): Uint32Array {
    return this.#hashes.slice(0, this.#count).sort()
  }

  clear(): void {
    this.#places.fill(0)
    this.#count = 0
  }

  #grow(): void {
    const hashes = this.#hashes
    this.#places = new Uint32Array(this.#places.length * 2)
    this.#hashes = new Uint32Array(hashes.length * 2)
    this.#count = 0
    for (const hash of hashes) this.add(hash)
  }
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

const found = new HashSet()
const utf8 = new TextEncoder()

// FNV-1a.
const SEED = 0x811c9dc5
const PRIME = 0x01000193

/** By byte: 0-9, A-Z, a-z, `_`, `$`, and what UTF-8 writes other letters with. */
const IS_NAME_BYTE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 128 || /[\w$]/.test(String.fromCharCode(byte)) ? 1 : 0,
)
