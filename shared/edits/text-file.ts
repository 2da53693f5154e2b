import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileBase, TextFormat } from './change-set'
import { decodeMultibyte, encodeMultibyte, looksLike, type MultibyteEncoding } from './multibyte'
import { decodeWithStrayBytes, encodeWithStrayBytes, hasStrayBytes, mostlyUtf8 } from './stray-bytes'
import type { Unencodable } from './unencodable'

/** A text file as it was read. */
export interface TextFile {
  /** Decoded, without BOM, line ends as they are. */
  text: string
  base: FileBase
}

/** `utf-8-stray` is UTF-8 with a few bytes that are none; they are kept as lone surrogates. */
export const ENCODINGS = ['utf-8', 'utf-8-stray', 'utf-16le', 'utf-16be', 'shift_jis', 'gbk', 'windows-1252'] as const
type Encoding = (typeof ENCODINGS)[number]

export const NEW_FILE_FORMAT: TextFormat = { encoding: 'utf-8', hasBom: false }

/** The format of a new file: UTF-8, except where a patch brings bytes that are none. */
export function newFileFormat(text: string): TextFormat {
  return hasStrayBytes(text) ? { encoding: 'utf-8-stray', hasBom: false } : NEW_FILE_FORMAT
}

/** The bytes of a patch as text: no encoding is guessed, since each file in it may have its own. */
export function decodePatch(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString('utf8') : decodeWithStrayBytes(buffer)
}

/** SHA-256 of a file's bytes, hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Bytes as text. The encoding is chosen so that encoding the text again gives the same bytes, always; so bytes that an
 * edit does not touch never change, even where the guess is wrong.
 *
 * @returns `undefined` for a binary file
 */
export function decodeText(bytes: Uint8Array): TextFile | undefined {
  const found = detect(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!found) return undefined
  const { text, ...format } = found
  return { text, base: { hash: hashOf(bytes), ...format } }
}

/** Whether a file has two bytes per character, so that no program patches it byte by byte. */
export function isUtf16({ encoding }: TextFormat): boolean {
  return encoding === 'utf-16le' || encoding === 'utf-16be'
}

/** Text as the bytes of a file of the given format. */
export function encodeText(text: string, format: TextFormat): Result<Uint8Array, Unencodable> {
  const encoded = encodeBody(text, format.encoding as Encoding)
  if (!encoded.ok || !format.hasBom) return encoded
  return ok(Buffer.concat([BOMS[format.encoding] ?? new Uint8Array(), encoded.value]))
}

const BOMS: Record<string, Uint8Array> = {
  'utf-8': Uint8Array.of(0xef, 0xbb, 0xbf),
  'utf-8-stray': Uint8Array.of(0xef, 0xbb, 0xbf),
  'utf-16le': Uint8Array.of(0xff, 0xfe),
  'utf-16be': Uint8Array.of(0xfe, 0xff),
}

interface Detected extends TextFormat {
  encoding: Encoding
  text: string
}

function detect(bytes: Buffer): Detected | undefined {
  if (startsWith(bytes, BOMS['utf-16le']!) || startsWith(bytes, BOMS['utf-16be']!)) return detectUtf16(bytes, true)
  if (bytes.includes(0)) return detectUtf16(bytes, false)
  const hasBom = startsWith(bytes, BOMS['utf-8']!)
  const body = hasBom ? bytes.subarray(3) : bytes
  if (isUtf8(body)) return { encoding: 'utf-8', hasBom, text: body.toString('utf8') }
  if (hasBom || mostlyUtf8(body)) return { encoding: 'utf-8-stray', hasBom, text: decodeWithStrayBytes(body) }
  return detectMultibyte(body, 'shift_jis') ?? detectMultibyte(body, 'gbk') ?? decodeSingleByte(body)
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}

/** Without a BOM only what is clearly text: NUL bytes on one side of the pairs only, and hardly any other control code. */
function detectUtf16(bytes: Buffer, hasBom: boolean): Detected | undefined {
  if (bytes.length % 2 !== 0) return undefined
  const isBigEndian = hasBom ? bytes[0] === 0xfe : isNulFirst(bytes)
  if (isBigEndian === undefined) return undefined
  const body = hasBom ? bytes.subarray(2) : bytes
  const text = (isBigEndian ? Buffer.from(body).swap16() : body).toString('utf16le')
  if (/[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffe\uffff]/.test(text)) return undefined
  return { encoding: isBigEndian ? 'utf-16be' : 'utf-16le', hasBom, text }
}

function isNulFirst(bytes: Buffer): boolean | undefined {
  const nuls = [0, 0]
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) nuls[at % 2]!++
  const [first = 0, second = 0] = nuls
  // Latin script has a NUL in nearly every pair; fewer is a binary file.
  if (Math.max(first, second) * 2 < bytes.length / 2 || Math.min(first, second) > 0) return undefined
  return first > 0
}

function detectMultibyte(body: Buffer, encoding: MultibyteEncoding): Detected | undefined {
  if (!looksLike(body, encoding)) return undefined
  const text = decodeMultibyte(body, encoding)
  if (text === undefined) return undefined
  const again = encodeMultibyte(text, encoding)
  if (!again.ok || !body.equals(again.value)) return undefined
  return { encoding, hasBom: false, text }
}

/** What Windows-1252 has at 0x80 to 0x9f; elsewhere it is Latin-1. Node's own decoder takes it for Latin-1 throughout. */
const WINDOWS_1252_HIGH = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

function decodeWindows1252(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, character => WINDOWS_1252_HIGH.charAt(character.charCodeAt(0) - 0x80))
}

/** Every byte is a character of it, so this one always fits. Many control codes are no text, though. */
function decodeSingleByte(body: Buffer): Detected | undefined {
  const controls = body.reduce(
    (count, byte) => count + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) ? 1 : 0),
    0,
  )
  if (controls * 100 > body.length) return undefined
  return { encoding: 'windows-1252', hasBom: false, text: decodeWindows1252(body) }
}

function encodeBody(text: string, encoding: Encoding): Result<Uint8Array, Unencodable> {
  switch (encoding) {
    case 'utf-8-stray':
      return encodeWithStrayBytes(text)
    case 'utf-16le':
      return ok(Buffer.from(text, 'utf16le'))
    case 'utf-16be':
      return ok(Buffer.from(text, 'utf16le').swap16())
    case 'shift_jis':
    case 'gbk':
      return encodeMultibyte(text, encoding)
    case 'windows-1252':
      return encodeSingleByte(text)
    case 'utf-8':
      return encodeUtf8(text)
  }
}

/** A lone surrogate would become U+FFFD without a word. */
function encodeUtf8(text: string): Result<Uint8Array, Unencodable> {
  const offset = text.search(/\p{Surrogate}/u)
  if (offset === -1) return ok(Buffer.from(text, 'utf8'))
  return fail({ character: text.charAt(offset), offset })
}

function encodeSingleByte(text: string): Result<Uint8Array, Unencodable> {
  const bytes = Buffer.alloc(text.length)
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    const high = code < 0x80 || (code >= 0xa0 && code <= 0xff) ? -1 : WINDOWS_1252_HIGH.indexOf(text.charAt(offset))
    if (high === -1 && (code > 0xff || (code >= 0x80 && code < 0xa0))) {
      return fail({ character: characterAt(text, offset), offset })
    }
    bytes[offset] = high === -1 ? code : 0x80 + high
  }
  return ok(bytes)
}

function characterAt(text: string, offset: number): string {
  return String.fromCodePoint(text.codePointAt(offset) ?? 0)
}
