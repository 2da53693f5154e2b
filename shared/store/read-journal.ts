import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { ifThere } from './failure'
import { HEADER_BYTES, type JournalRecord, type Scan, scanJournal } from './journal-record'

/** What a journal held when it was read. */
export interface JournalContent extends Scan {
  generation: number
  /** Of this generation's file. */
  bytes: number
}

/** The generations of a journal that are on disk, oldest first. */
export function generationsOf(path: string): number[] {
  const prefix = `${basename(path)}.`
  return (ifThere(() => readdirSync(dirname(path))) ?? [])
    .filter(name => name.startsWith(prefix))
    .flatMap(name => {
      const match = /^(\d+)\.log$/.exec(name.slice(prefix.length))
      return match ? [Number(match[1])] : []
    })
    .sort((a, b) => a - b)
}

/** The file of one generation. */
export function generationPath(path: string, generation: number): string {
  return `${path}.${generation}.log`
}

/** Reads the newest generation whole, and what a rewrite left behind in the one before; `undefined` when there is none. */
export function readJournal(path: string, generation = generationsOf(path).at(-1)): JournalContent | undefined {
  for (let current = generation; current !== undefined; current = generationsOf(path).at(-1)) {
    const bytes = ifThere(() => readWhole(generationPath(path, current)))
    // Gone between listing and reading: a newer generation took its place.
    if (!bytes) {
      if (generationsOf(path).at(-1) === current) return undefined
      continue
    }
    const scan = scanJournal(bytes)
    return { ...scan, records: [...leftBehind(path, scan), ...scan.records], generation: current, bytes: bytes.length }
  }
  return undefined
}

/** Records appended to the old generation after the rewriter had read it. */
function leftBehind(path: string, scan: Scan): JournalRecord[] {
  const source = sourceOf(scan)
  if (!source) return []
  const old = ifThere(() => readWhole(generationPath(path, source.generation)))
  return old ? scanJournal(old, source.end).records : []
}

/** Kind of the first record of a generation that was made from another. */
export const REWRITTEN = 'rewritten'

/** Which part of which generation a rewritten one holds. */
export function sourceOf(scan: Scan): { generation: number; end: number } | undefined {
  const first = scan.records[0]
  if (first?.kind !== REWRITTEN) return undefined
  const source: unknown = JSON.parse(first.body.toString())
  if (typeof source !== 'object' || source === null) return undefined
  if (!('generation' in source) || typeof source.generation !== 'number') return undefined
  if (!('end' in source) || typeof source.end !== 'number') return undefined
  return { generation: source.generation, end: source.end }
}

/** The record that begins at an offset of one generation; `undefined` when there is none. */
export function readRecord(path: string, generation: number, offset: number): JournalRecord | undefined {
  const file = generationPath(path, generation)
  const start = ifThere(() => readWhole(file, offset, offset + HEADER_BYTES))
  const length = /^\n[0-9a-f]{8} (\d{1,10}) /.exec(start?.toString('latin1') ?? '')
  if (!length) return undefined
  const bytes = ifThere(() => readWhole(file, offset, offset + length[0].length + Number(length[1])))
  return bytes && scanJournal(bytes).records[0]
}

/** Whole records that stand together, and which bytes of the file they and what is damaged between them take. */
export interface RecordWindow {
  records: JournalRecord[]
  from: number
  to: number
}

/**
 * Reads a journal's file piece by piece, so that its size costs no memory. Nothing when it is gone.
 *
 * A window's records are good until the next one is asked for; their offsets are those of the file.
 */
export function* recordWindows(file: string, from: number, to: number): Generator<RecordWindow, void> {
  const fd = ifThere(() => openSync(file, 'r'))
  if (fd === undefined) return
  const window = spareWindow ?? Buffer.allocUnsafe(WINDOW_BYTES)
  spareWindow = undefined
  let buffer = window
  try {
    const end = Math.min(to, fstatSync(fd).size)
    for (let at = from; at < end; ) {
      const bytes = buffer.subarray(0, readInto(fd, buffer.subarray(0, Math.min(buffer.length, end - at)), at))
      const scan = scanJournal(bytes)
      const isLast = at + bytes.length >= end || bytes.length === 0
      if (scan.records.length > 0) {
        for (const record of scan.records) record.offset += at
        yield { records: scan.records, from: at, to: at + scan.end }
        at += scan.end
      }
      if (isLast) return
      // One record may be longer than the window.
      if (scan.records.length === 0) buffer = Buffer.allocUnsafe(buffer.length * 2)
    }
  } finally {
    spareWindow = window
    closeSync(fd)
  }
}

const WINDOW_BYTES = 64_000

/** One for each file would stay around until the next collection. */
let spareWindow: Buffer | undefined

/** Reads a file from an offset to another, or to its end. */
export function readWhole(path: string, from = 0, to = Number.POSITIVE_INFINITY): Buffer {
  const fd = openSync(path, 'r')
  try {
    return readFrom(fd, from, to)
  } finally {
    closeSync(fd)
  }
}

/** Reads an open file from an offset to another, or to its end. */
export function readFrom(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(to, fstatSync(fd).size) - from))
  return bytes.subarray(0, readInto(fd, bytes, from))
}

/** Fills a buffer from an offset of an open file on; returns how many bytes there were. */
export function readInto(fd: number, bytes: Buffer, from: number): number {
  let filled = 0
  while (filled < bytes.length) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, from + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}
