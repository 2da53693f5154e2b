import { closeSync, openSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { readFrom, readInto } from './read-journal'
import { NumberList, WordTable } from './word-table'

/** Where a message stands: in which of the part's sessions, from which byte of its journal, and when it was saved. */
export interface Place {
  session: number
  offset: number
  at: number
}

/** Sizes and checksums of what a part's file holds: words, then places, then for each word the numbers of its places. */
export interface PartLayout {
  words: Region
  places: Region
}

interface Region {
  bytes: number
  crc32: number
}

/**
 * Collects the words of messages until they are written as one file. One serves for any number of parts, one after the
 * other: what is made anew for each would stay around until the next collection.
 */
export class PartBuilder {
  readonly #words = new WordTable()
  readonly #places: Place[] = []
  /** Which word was found in which place, by their numbers, in the order it was found. */
  readonly #foundWords = new NumberList()
  readonly #foundPlaces = new NumberList()
  /** The places of all words, one word's behind the other's, each in ascending order; and where those of a word begin. */
  readonly #sortedPlaces = new NumberList()
  readonly #starts = new NumberList()
  #lists: Buffer = Buffer.alloc(0)
  #file: Buffer = Buffer.alloc(0)

  /** @param text as `indexedText` makes it */
  add(place: Place, text: string): void {
    const number = this.#places.push(place) - 1
    for (const word of this.#words.numbersIn(text, number)) this.#note(word, number)
  }

  /** Goes on with a part that was written before. */
  addPart(part: PartReader): void {
    for (const place of part.places()) this.#places.push(place)
    for (const [word, places] of part.all()) {
      const [number = 0] = this.#words.numbersIn(word, 0)
      for (const place of places) this.#note(number, place)
    }
  }

  /** Begins another part. */
  clear(): void {
    this.#words.clear()
    this.#places.length = 0
    this.#foundWords.resize(0)
    this.#foundPlaces.resize(0)
  }

  #note(word: number, place: number): void {
    this.#foundWords.push(word)
    this.#foundPlaces.push(place)
  }

  /** The file, good until it is asked for again, and what has to be known to read it. */
  encode(): { layout: PartLayout; bytes: Buffer } {
    this.#sortPlaces()
    const [starts, places] = [this.#starts.values(), this.#sortedPlaces.values()]
    const placesBytes = this.#places.length * PLACE_BYTES
    const mostLists = this.#words.size * CHECKSUM_BYTES + places.length * MAX_NUMBER_BYTES
    const mostWords = 1 + this.#words.bytes + this.#words.size * MAX_LINE_BYTES
    this.#lists = atLeast(mostLists, this.#lists)
    this.#file = atLeast(mostWords + placesBytes + mostLists, this.#file)
    let listsEnd = 0
    let wordsEnd = this.#file.write('\n')
    for (const word of this.#words.sorted()) {
      const from = listsEnd
      listsEnd = writeNumbers(places, starts[word]!, starts[word + 1]!, this.#lists, from)
      wordsEnd = this.#words.write(word, this.#file, wordsEnd)
      const line = ` ${from.toString(36)} ${(listsEnd - from).toString(36)}\n`
      wordsEnd += this.#file.write(line, wordsEnd, 'latin1')
    }
    let end = wordsEnd
    for (const { session, offset, at } of this.#places) {
      for (const number of [session, offset, at]) end = this.#file.writeDoubleLE(number, end)
    }
    const placesEnd = end
    end += this.#lists.copy(this.#file, end, 0, listsEnd)
    return {
      layout: {
        words: regionOf(this.#file.subarray(0, wordsEnd)),
        places: regionOf(this.#file.subarray(wordsEnd, placesEnd)),
      },
      bytes: this.#file.subarray(0, end),
    }
  }

  #sortPlaces(): void {
    const [words, found] = [this.#foundWords.values(), this.#foundPlaces.values()]
    this.#starts.resize(this.#words.size + 1)
    this.#sortedPlaces.resize(found.length)
    const [starts, places] = [this.#starts.values().fill(0), this.#sortedPlaces.values()]
    for (const word of words) starts[word]!++
    for (let word = 1; word < starts.length; word++) starts[word]! += starts[word - 1]!
    // From the end, so that each word's places stay in their order, and what was its end becomes its start.
    for (let index = found.length - 1; index >= 0; index--) places[--starts[words[index]!]!] = found[index]!
  }
}

function atLeast(bytes: number, buffer: Buffer): Buffer {
  return buffer.length >= bytes ? buffer : Buffer.allocUnsafe(Math.ceil(bytes * 1.2))
}

/** A part's file, open for reading. Of the lists of places only those that are asked for are read. */
export class PartReader {
  readonly #fd: number
  readonly #layout: PartLayout
  readonly #words: Buffer

  private constructor(fd: number, layout: PartLayout, words: Buffer) {
    this.#fd = fd
    this.#layout = layout
    this.#words = words
  }

  /** Opens a file for as long as `use` reads it; `undefined` when it is damaged. Throws when it is missing. */
  static use<T>(path: string, layout: PartLayout, use: (part: PartReader) => T): T | undefined {
    const fd = openSync(path, 'r')
    try {
      return use(new PartReader(fd, layout, readWords(fd, layout.words)))
    } catch (thrown) {
      if (thrown instanceof DamagedPart) return undefined
      throw thrown
    } finally {
      closeSync(fd)
    }
  }

  places(): Place[] {
    const { words, places } = this.#layout
    const bytes = checked(readFrom(this.#fd, words.bytes, words.bytes + places.bytes), places)
    const numbers = new Float64Array(Uint8Array.from(bytes).buffer)
    return Array.from({ length: bytes.length / PLACE_BYTES }, (_, index) => ({
      session: numbers[index * 3] ?? 0,
      offset: numbers[index * 3 + 1] ?? 0,
      at: numbers[index * 3 + 2] ?? 0,
    }))
  }

  /** For each place whether it holds a word, or any word that begins with it. */
  find(word: string, isPrefix: boolean): Uint8Array {
    const found = new Uint8Array(this.#layout.places.bytes / PLACE_BYTES)
    // The words are sorted, so those with one beginning stand together.
    const wanted = `\n${word}${isPrefix ? '' : ' '}`
    const from = this.#words.indexOf(wanted)
    if (from < 0) return found
    let to = from
    while (this.#words.indexOf(wanted, to) === to) to = this.#words.indexOf('\n', to + 1)
    for (const [, list] of this.#lists(from, to)) {
      for (const place of numbersIn(list)) found[place] = 1
    }
    return found
  }

  *all(): Generator<[string, number[]], void> {
    for (const [word, list] of this.#lists(0, this.#words.length - 1)) yield [word, numbersIn(list)]
  }

  /** The words of some lines, each with its list of places. */
  *#lists(from: number, to: number): Generator<[string, Buffer], void> {
    const lines = this.#words
      .toString('utf8', from + 1, to)
      .split('\n')
      .map(line => line.split(' '))
    const startOf = (line: string[] | undefined) => Number.parseInt(line?.[1] ?? '', 36)
    const bytesOf = (line: string[] | undefined) => Number.parseInt(line?.[2] ?? '', 36)
    const [first, last] = [lines[0], lines.at(-1)]
    if (!first?.[1]) return
    const start = this.#layout.words.bytes + this.#layout.places.bytes
    const lists = readFrom(this.#fd, start + startOf(first), start + startOf(last) + bytesOf(last))
    for (const line of lines) {
      const at = startOf(line) - startOf(first)
      yield [line[0] ?? '', lists.subarray(at, at + bytesOf(line))]
    }
  }
}

class DamagedPart extends Error {}

function regionOf(bytes: Buffer): Region {
  return { bytes: bytes.length, crc32: crc32(bytes) }
}

/** Of the part that is read: hundreds are, one after the other, never two at once. */
let wordsBuffer: Buffer = Buffer.alloc(0)

function readWords(fd: number, region: Region): Buffer {
  wordsBuffer = atLeast(region.bytes, wordsBuffer)
  const bytes = wordsBuffer.subarray(0, region.bytes)
  return checked(bytes.subarray(0, readInto(fd, bytes, 0)), region)
}

function checked(bytes: Buffer, region: Region): Buffer {
  if (crc32(bytes) !== region.crc32) throw new DamagedPart()
  return bytes
}

/** Three numbers of 64 bits. */
const PLACE_BYTES = 24

const CHECKSUM_BYTES = 4

/** A part has fewer places than two million. */
const MAX_NUMBER_BYTES = 3

/** Of a word's line beside the word: two blanks, two numbers of 32 bits in base 36, a line feed. */
const MAX_LINE_BYTES = 17

/**
 * A stretch of ascending numbers as their differences, seven bits a byte, with a checksum in front; returns the offset after
 * them.
 */
function writeNumbers(numbers: Int32Array, first: number, end: number, bytes: Buffer, from: number): number {
  let at = from + CHECKSUM_BYTES
  let last = 0
  for (let index = first; index < end; index++) {
    let rest = numbers[index]! - last
    last = numbers[index]!
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
    bytes[at++] = rest
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(from + CHECKSUM_BYTES, at)), from)
  return at
}

function numbersIn(list: Buffer): number[] {
  const bytes = list.subarray(CHECKSUM_BYTES)
  if (list.length < CHECKSUM_BYTES || crc32(bytes) !== list.readUInt32LE()) throw new DamagedPart()
  const numbers: number[] = []
  let [last, rest, shift] = [0, 0, 0]
  for (const byte of bytes) {
    rest |= (byte & 0x7f) << shift
    shift += 7
    if (byte > 0x7f) continue
    last += rest
    numbers.push(last)
    rest = shift = 0
  }
  return numbers
}
