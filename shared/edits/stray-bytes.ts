import { fail, ok, type Result } from '#shared/base/result'
import type { Unencodable } from './unencodable'

/**
 * UTF-8 with some bytes that are none, such as a Latin-1 name pasted into a source file. Such a byte becomes the lone
 * surrogate U+DC00 + byte, which no valid text holds, and turns into the same byte again.
 */
export function decodeWithStrayBytes(bytes: Buffer): string {
  let text = ''
  let start = 0
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    text += bytes.toString('utf8', start, at) + String.fromCharCode(STRAY + bytes[at]!)
    start = ++at
  }
  return text + bytes.toString('utf8', start)
}

const STRAY = 0xdc00

/** Whether a text holds bytes that were no UTF-8. */
export function hasStrayBytes(text: string): boolean {
  return /[\udc80-\udcff]/.test(text) && /[\udc80-\udcff]/u.test(text)
}

/** The reverse of `decodeWithStrayBytes`. */
export function encodeWithStrayBytes(text: string): Result<Uint8Array, Unencodable> {
  const pieces: Uint8Array[] = []
  let start = 0
  // With the u flag a surrogate matches only where it is alone.
  for (const match of text.matchAll(/\p{Surrogate}/gu)) {
    const code = match[0].charCodeAt(0)
    if (code < STRAY + 0x80 || code > STRAY + 0xff) return fail({ character: match[0], offset: match.index })
    pieces.push(Buffer.from(text.slice(start, match.index), 'utf8'), Uint8Array.of(code - STRAY))
    start = match.index + 1
  }
  pieces.push(Buffer.from(text.slice(start), 'utf8'))
  return ok(Buffer.concat(pieces))
}

/** Whether most of what is not ASCII is valid UTF-8. */
export function mostlyUtf8(bytes: Buffer): boolean {
  let valid = 0
  let stray = 0
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    if (length > 1) valid += length
    if (length === 0) stray++
    at += length || 1
  }
  return valid > stray * 2
}

/** Bytes of the valid UTF-8 sequence that begins here; 0 where none does. Table 3-7 of the Unicode standard. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  const second = bytes[at + 1] ?? 0
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let index = 2; index < length; index++) {
    if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0
  }
  return length
}
