import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

/**
 * The part of a patch that git takes for a binary file: both contents whole, and their names.
 *
 * @param before null: there is no file
 */
export function binaryPatch(before: Buffer | null, after: Buffer | null): string {
  const names = `index ${blobName(before)}..${blobName(after)}`
  return `${names}\nGIT binary patch\n${literal(after)}\n${literal(before)}\n`
}

function blobName(content: Buffer | null): string {
  if (content === null) return '0'.repeat(40)
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

/** Each line begins with how many bytes it holds. */
function literal(content: Buffer | null): string {
  const packed = deflateSync(content ?? Buffer.alloc(0))
  let text = `literal ${content?.length ?? 0}\n`
  for (let start = 0; start < packed.length; start += LINE_BYTES) {
    const piece = packed.subarray(start, start + LINE_BYTES)
    text += `${LENGTHS[piece.length - 1]}${base85(piece)}\n`
  }
  return text
}

const LINE_BYTES = 52
const LENGTHS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~'

/** Four bytes are five digits; the last ones are filled up with zeros. */
function base85(bytes: Buffer): string {
  const filled = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  let text = ''
  for (let place = 0; place < filled.length; place += 4) {
    const value = filled.readUInt32BE(place)
    for (const weight of WEIGHTS) text += DIGITS[Math.floor(value / weight) % 85]
  }
  return text
}

const WEIGHTS = [85 ** 4, 85 ** 3, 85 ** 2, 85, 1]
