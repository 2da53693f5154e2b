import type { IndexedFile } from './indexed-file'

/** Grows with every change of what is stored or of how it is found. */
const FORMAT = 2

/** An index as bytes: a length, a table of files and a sum of the hashes in JSON, then all their name hashes in one run. */
export function encodeIndex(files: readonly IndexedFile[]): Uint8Array {
  const table = files.map(({ path, version, imports, names, passesAllOn }) => [
    path,
    version,
    imports,
    names.length,
    passesAllOn,
  ])
  const count = files.reduce((sum, { names }) => sum + names.length, 0)
  const hashSum = files.reduce((sum, { names }) => sumOf(names, sum), 0)
  const head = new TextEncoder().encode(JSON.stringify({ format: FORMAT, hashSum, files: table }))
  const padding = (4 - (head.length % 4)) % 4
  const bytes = new Uint8Array(4 + head.length + padding + count * 4)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, 4)
  const hashes = new Uint32Array(bytes.buffer, 4 + head.length + padding, count)
  let at = 0
  for (const { names } of files) {
    hashes.set(names, at)
    at += names.length
  }
  return bytes
}

/** @returns undefined for what another version wrote, or what is damaged: the index is then built anew */
export function decodeIndex(stored: Uint8Array): IndexedFile[] | undefined {
  // Views of 32-bit numbers have to begin at a multiple of four.
  const bytes = stored.byteOffset % 4 === 0 ? stored : stored.slice()
  if (bytes.length < 4) return undefined
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const head = parseHead(bytes.subarray(4, 4 + headLength))
  if (!head) return undefined
  const start = 4 + headLength + ((4 - (headLength % 4)) % 4)
  const count = head.files.reduce((sum, [, , , names]) => sum + names, 0)
  if (start + count * 4 !== bytes.length) return undefined
  const hashes = new Uint32Array(bytes.buffer, bytes.byteOffset + start, count)
  // It is not synced: after a crash of the machine its end may be missing, or empty.
  if (sumOf(hashes, 0) !== head.hashSum) return undefined
  let at = 0
  return head.files.map(([path, version, imports, length, passesAllOn]) => {
    const names = hashes.subarray(at, at + length)
    at += length
    return { path, version, imports, names, passesAllOn }
  })
}

type Row = [path: string, version: string, imports: string[], names: number, passesAllOn: boolean]

function parseHead(bytes: Uint8Array): { files: Row[]; hashSum: unknown } | undefined {
  try {
    const head: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof head !== 'object' || head === null || !('format' in head) || head.format !== FORMAT) return undefined
    if (!('files' in head && Array.isArray(head.files) && head.files.every(isRow) && 'hashSum' in head))
      return undefined
    return { files: head.files, hashSum: head.hashSum }
  } catch {
    return undefined
  }
}

function sumOf(hashes: Uint32Array, start: number): number {
  let sum = start
  for (let at = 0; at < hashes.length; at++) sum = (sum + hashes[at]!) | 0
  return sum
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row) || row.length !== 5) return false
  const [path, version, imports, names] = row
  return typeof path === 'string' && typeof version === 'string' && Array.isArray(imports) && Number.isInteger(names)
}
