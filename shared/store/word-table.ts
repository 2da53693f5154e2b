import { LONGEST_WORD } from './words'

/**
 * Numbers words in the order they first come. Words are looked up by their bytes: a string for each word of some megabytes
 * of text would cost ten times as much.
 */
export class WordTable {
  /** All words, one behind the other. */
  #bytes = new Uint8Array(1 << 20)
  /** Where each word ends in them. */
  readonly #ends = new NumberList()
  readonly #hashes = new NumberList()
  readonly #order = new NumberList()
  /** The text that is looked at. */
  #text = Buffer.alloc(0)
  /** The text in which each word was seen last. */
  readonly #seenIn = new NumberList()
  /** Numbers of words plus one, by the lower bits of their hash; the next free one where it is taken. */
  #slots = new Int32Array(1 << 16)

  get size(): number {
    return this.#ends.length
  }

  /**
   * The words of a text, each once, by their numbers; new ones are added. A word is what stands between anything in ASCII
   * that is no letter or digit, in lower case and cut to `LONGEST_WORD`; words with other characters are taken as they are.
   *
   * @param text another number for each text, from 0
   */
  numbersIn(content: string, text: number): number[] {
    // A buffer for each text would stay around until the next collection.
    if (this.#text.length < content.length * MOST_BYTES)
      this.#text = Buffer.allocUnsafe(content.length * MOST_BYTES * 2)
    const bytes = this.#text
    const length = bytes.write(content)
    const found: number[] = []
    for (let from = 0; from < length; from++) {
      let hash = 0x811c9dc5
      let highest = 0
      let to = from
      for (; to < length; to++) {
        const folded = FOLDED[bytes[to]!]!
        if (folded === NO_WORD) break
        highest |= folded
        if (to - from >= LONGEST_WORD && highest < 0x80) continue
        bytes[to] = folded
        hash = Math.imul(hash ^ folded, 0x01000193)
      }
      if (to > from) {
        const end = highest < 0x80 ? Math.min(to, from + LONGEST_WORD) : to
        const number = this.#numberOf(bytes, from, end, hash)
        if (this.#seenIn.at(number) !== text) found.push(number)
        this.#seenIn.set(number, text)
      }
      from = to
    }
    return found
  }

  /** The numbers of all words, in the order of their bytes; good until they are asked for again. */
  sorted(): Int32Array {
    const bytes = this.#bytes
    this.#order.resize(this.size)
    const order = this.#order.values()
    for (let number = 0; number < order.length; number++) order[number] = number
    return order.sort((a, b) => {
      let [left, right] = [this.#startOf(a), this.#startOf(b)]
      const [leftEnd, rightEnd] = [this.#ends.at(a), this.#ends.at(b)]
      while (left < leftEnd && right < rightEnd && bytes[left] === bytes[right]) {
        left++
        right++
      }
      return (left < leftEnd ? bytes[left]! : -1) - (right < rightEnd ? bytes[right]! : -1)
    })
  }

  /** Bytes of all words together. */
  get bytes(): number {
    return this.size === 0 ? 0 : this.#ends.at(this.size - 1)
  }

  /** Writes the bytes of a word; returns the offset after them. */
  write(number: number, target: Uint8Array, from: number): number {
    let at = from
    const end = this.#ends.at(number)
    for (let byte = this.#startOf(number); byte < end; byte++) target[at++] = this.#bytes[byte]!
    return at
  }

  /** Forgets all words, and keeps its memory for the next. */
  clear(): void {
    for (const list of [this.#ends, this.#hashes, this.#seenIn]) list.resize(0)
    this.#slots.fill(0)
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : this.#ends.at(number - 1)
  }

  #numberOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (let taken = this.#slots[slot]!; taken !== 0; taken = this.#slots[slot]!) {
      if (this.#hashes.at(taken - 1) === hash && this.#isWord(taken - 1, bytes, from, to)) return taken - 1
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = this.#add(bytes, from, to, hash) + 1
    if (this.size * 2 > this.#slots.length) this.#grow()
    return this.size - 1
  }

  #isWord(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#startOf(number)
    if (this.#ends.at(number) - start !== to - from) return false
    for (let at = from; at < to; at++) if (bytes[at] !== this.#bytes[start + at - from]) return false
    return true
  }

  #add(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const start = this.bytes
    const end = start + to - from
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(from, to), start)
    this.#hashes.push(hash)
    this.#seenIn.push(-1)
    return this.#ends.push(end)
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let number = 0; number < this.size; number++) {
      const hash = this.#hashes.at(number)
      let slot = (hash ^ (hash >>> 15)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    }
  }
}

/** UTF-8 takes for one unit of UTF-16. */
const MOST_BYTES = 3

/** For each byte the one that stands for it in a word. */
const NO_WORD = 0
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  if (byte >= 0x80) return byte
  return /[a-z0-9]/i.test(char) ? char.toLowerCase().charCodeAt(0) : NO_WORD
})

/** Whole numbers of 32 bits, packed. */
export class NumberList {
  #values = new Int32Array(1 << 12)
  length = 0

  /** Returns its index. */
  push(value: number): number {
    this.resize(this.length + 1)
    this.#values[this.length - 1] = value
    return this.length - 1
  }

  /** @param index below `length` */
  at(index: number): number {
    return this.#values[index]!
  }

  set(index: number, value: number): void {
    this.#values[index] = value
  }

  values(): Int32Array {
    return this.#values.subarray(0, this.length)
  }

  /** Makes it longer or shorter; what is new in it is of no certain value. */
  resize(length: number): void {
    if (length > this.#values.length) {
      const larger = new Int32Array(Math.max(length, this.#values.length * 2))
      larger.set(this.#values)
      this.#values = larger
    }
    this.length = length
  }
}
