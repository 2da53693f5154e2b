import { fail, ok, type Result } from '#shared/base/result'
import type { Unencodable } from './unencodable'

/** Shift-JIS and GBK: decoded by the platform, encoded by the same tables read backwards. */
export type MultibyteEncoding = 'shift_jis' | 'gbk'

/** @returns `undefined` when the bytes are not of this encoding */
export function decodeMultibyte(bytes: Uint8Array, encoding: MultibyteEncoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** Text as bytes of this encoding. */
export function encodeMultibyte(text: string, encoding: MultibyteEncoding): Result<Uint8Array, Unencodable> {
  const table = tableOf(encoding)
  const bytes = Buffer.alloc(text.length * 2)
  let length = 0
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code < 0x80) {
      bytes[length++] = code
      continue
    }
    const encoded = table.get(text.charAt(offset))
    if (encoded === undefined) return fail({ character: String.fromCodePoint(text.codePointAt(offset) ?? 0), offset })
    if (encoded > 0xff) bytes[length++] = encoded >> 8
    bytes[length++] = encoded & 0xff
  }
  return ok(bytes.subarray(0, length))
}

/**
 * Whether text in this encoding is likely, judged by how many of the characters beyond ASCII are common ones.
 * Western text reads as rare characters: é before s is a kanji of the second level.
 */
export function looksLike(bytes: Buffer, encoding: MultibyteEncoding): boolean {
  let common = 0
  let all = 0
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at]!
    if (first < 0x80) continue
    // Half-width katakana say nothing: they are the accented capitals of Latin-1.
    if (encoding === 'shift_jis' && first >= 0xa1 && first <= 0xdf) continue
    const second = bytes[at + 1] ?? 0
    all++
    if (isCommon(first, second, encoding)) common++
    at++
  }
  return all > 0 && common * 10 >= all * 8
}

function isCommon(first: number, second: number, encoding: MultibyteEncoding): boolean {
  if (encoding === 'gbk') {
    // Punctuation, full-width forms, and the 3,755 hanzi of the first level.
    return second >= 0xa1 && (first === 0xa1 || first === 0xa3 || (first >= 0xb0 && first <= 0xd7))
  }
  if (second < 0x40) return false
  // Punctuation, full-width forms and kana, and the 2,965 kanji of the first level.
  return (first >= 0x81 && first <= 0x83) || (first >= 0x88 && first <= 0x98)
}

const tables = new Map<MultibyteEncoding, Map<string, number>>()

function tableOf(encoding: MultibyteEncoding): Map<string, number> {
  const known = tables.get(encoding)
  if (known) return known
  const table = new Map<string, number>()
  const add = (code: number) => {
    const bytes = code > 0xff ? Uint8Array.of(code >> 8, code & 0xff) : Uint8Array.of(code)
    const character = decodeMultibyte(bytes, encoding)
    // A character with two codes is written with the first, as browsers and Windows do.
    if (character?.length === 1 && !table.has(character)) table.set(character, code)
  }
  for (let code = 0x80; code <= 0xff; code++) add(code)
  for (const first of leadBytes(encoding)) {
    for (let second = 0x40; second <= 0xfe; second++) add((first << 8) | second)
  }
  tables.set(encoding, table)
  return table
}

/** Of Shift-JIS the doubled IBM characters (0xED, 0xEE) come last: nobody writes them any more. */
function leadBytes(encoding: MultibyteEncoding): number[] {
  const all = Array.from({ length: 0xfe - 0x81 + 1 }, (_, index) => 0x81 + index)
  if (encoding === 'gbk') return all
  const doubled = [0xed, 0xee]
  return [...all.filter(byte => (byte < 0xa0 || byte > 0xdf) && !doubled.includes(byte)), ...doubled]
}
