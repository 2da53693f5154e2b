import { crc32 } from 'node:zlib'

/**
 * One record of a journal: `\n<crc32> <bytes> <kind> <id> <json>`, the checksum and the length covering what follows them.
 * The line feed in front is a place to start again after damage and after a record that a crash cut short (JSON holds none
 * itself).
 */
export interface JournalRecord {
  kind: string
  id: string
  /** JSON, not parsed yet. */
  body: Buffer
  /** Where it begins in its file. */
  offset: number
}

export interface Scan {
  records: JournalRecord[]
  /** Offset after the last whole record. */
  end: number
  /** Byte ranges that hold no valid record, although valid ones follow, or although all their bytes are there. */
  damaged: { from: number; to: number }[]
  /** The last record is not all there: it was never acknowledged, or is being written right now. */
  isTorn: boolean
}

/** Reads the records of a journal's bytes from an offset on. */
export function scanJournal(bytes: Buffer, from = 0): Scan {
  const scan: Scan = { records: [], end: from, damaged: [], isTorn: false }
  let at = from
  while (at < bytes.length) {
    const found = recordAt(bytes, at)
    if (typeof found === 'object') {
      scan.records.push(found.record)
      at = scan.end = found.end
      continue
    }
    const next = nextRecord(bytes, at + 1)
    if (next !== undefined) {
      scan.damaged.push({ from: at, to: next })
      at = scan.end = next
      continue
    }
    // A power cut can leave a longer file with zeros where the data was to come.
    scan.isTorn = found === 'cut' || bytes.subarray(at).every(byte => byte === 0)
    if (!scan.isTorn) scan.damaged.push({ from: at, to: bytes.length })
    return scan
  }
  return scan
}

/** One record as it stands in the file. `kind` and `id` hold no blanks. */
export function frame(kind: string, id: string, value: unknown): Buffer {
  return frameBytes(Buffer.from(`${kind} ${id} ${JSON.stringify(value)}`))
}

/** A record that was read, as it stood in the file. */
export function frameAgain({ kind, id, body }: Pick<JournalRecord, 'kind' | 'id' | 'body'>): Buffer {
  return frameBytes(Buffer.concat([Buffer.from(`${kind} ${id} `), body]))
}

function frameBytes(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`\n${hexOf(crc32(content))} ${content.length} `), content])
}

const LINE_FEED = 0x0a
const BLANK = 0x20
/** `\n`, eight digits, a blank, up to ten digits, a blank. */
export const HEADER_BYTES = 21

function recordAt(bytes: Buffer, at: number): { record: JournalRecord; end: number } | 'cut' | 'invalid' {
  const header = headerAt(bytes, at)
  if (!header) return bytes.length - at < HEADER_BYTES && bytes[at] === LINE_FEED ? 'cut' : 'invalid'
  const end = header.start + header.length
  if (end > bytes.length) return 'cut'
  const content = bytes.subarray(header.start, end)
  if (crc32(content) !== header.checksum) return 'invalid'
  const afterKind = content.indexOf(BLANK)
  const afterId = content.indexOf(BLANK, afterKind + 1)
  const kind = content.toString('latin1', 0, afterKind)
  const id = content.toString('latin1', afterKind + 1, afterId)
  return { record: { kind, id, body: content.subarray(afterId + 1), offset: at }, end }
}

/** Read digit by digit: a list of ten thousand sessions has as many headers. */
function headerAt(bytes: Buffer, at: number): { checksum: number; length: number; start: number } | undefined {
  if (bytes[at] !== LINE_FEED || bytes[at + 9] !== BLANK) return undefined
  let checksum = 0
  for (let place = at + 1; place < at + 9; place++) {
    const digit = digitOf(bytes[place])
    if (digit === undefined) return undefined
    checksum = checksum * 16 + digit
  }
  let length = 0
  let place = at + 10
  for (; bytes[place] !== BLANK; place++) {
    const digit = digitOf(bytes[place])
    if (digit === undefined || digit > 9 || place === at + HEADER_BYTES - 1) return undefined
    length = length * 10 + digit
  }
  return place === at + 10 ? undefined : { checksum, length, start: place + 1 }
}

function digitOf(byte = 0): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : undefined
}

function nextRecord(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (typeof recordAt(bytes, at) === 'object') return at
  }
  return undefined
}

function hexOf(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
