import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { newId } from '#shared/base/ids'
import { errorCode, ifThere, StoreFailure, storeFailure } from './failure'

/**
 * An append-only file of checksummed records. Acknowledged means on disk.
 *
 * A record is `\n<crc32> <bytes> <kind> <id> <json>`, the checksum and the length covering what follows them. The line
 * feed in front is a place to start again after damage and after a record that a crash cut short (JSON holds none itself).
 *
 * Any number of processes may append: one `write` with O_APPEND per record. To shed records, a journal is rewritten as
 * the next generation, `<name>.<generation>.log`, published with link(2) so that exactly one rewriter wins:
 *
 *  - The new generation's first record says which part of the old one it holds; what was appended to the old one after
 *    that is read too, and copied, before the old one is removed.
 *  - Who shares a journal looks for a newer generation after each write, and repeats the record there.
 *  - A journal that is missing is never made again by who only meant to append.
 *
 * So records may appear twice, and what reads them folds by id.
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
const HEADER_BYTES = 21

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

const REWRITTEN = 'rewritten'

function sourceOf(scan: Scan): { generation: number; end: number } | undefined {
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

function readInto(fd: number, bytes: Buffer, from: number): number {
  let filled = 0
  while (filled < bytes.length) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, from + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}

/**
 * A journal open for appending, in one of two ways. The sole writer (who holds the session's lease) gets durability and can
 * take back what it half wrote. Shared journals hold what can be made again or is no loss in a power cut: their records
 * survive the end of any process, and follow a rewrite by another one.
 */
export class Journal {
  readonly #path: string
  #generation: number
  #fd: number
  readonly #isSole: boolean
  #isFolderSynced: boolean
  #failure: StoreFailure | undefined
  #running: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | undefined

  private constructor(path: string, opened: { generation: number; fd: number }, isSole: boolean, isNew: boolean) {
    this.#path = path
    this.#generation = opened.generation
    this.#fd = opened.fd
    this.#isSole = isSole
    this.#isFolderSynced = !isNew
  }

  /** Makes the first generation with its first records; without them there is none. Throws `exists` when there is one. */
  static create(path: string, isSole: boolean, first: Buffer = Buffer.alloc(0)): Journal {
    const file = generationPath(path, 1)
    try {
      const fd = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL, 0o600)
      try {
        writeAll(fd, first)
      } catch (thrown) {
        closeSync(fd)
        rmSync(file)
        throw thrown
      }
      return new Journal(path, { generation: 1, fd }, isSole, true)
    } catch (thrown) {
      throw storeFailure(thrown, file)
    }
  }

  /** Opens the newest generation; `undefined` when there is none. */
  static open(path: string, isSole: boolean): Journal | undefined {
    try {
      const opened = openNewest(path)
      return opened && new Journal(path, opened, isSole, false)
    } catch (thrown) {
      throw storeFailure(thrown, path)
    }
  }

  /** Opens a journal that several processes append to, or makes it. */
  static openShared(path: string): Journal {
    for (;;) {
      const journal = Journal.open(path, false)
      if (journal) return journal
      try {
        return Journal.create(path, false)
      } catch (thrown) {
        // Another process was faster.
        if (generationsOf(path).length === 0) throw thrown
      }
    }
  }

  /** Where its newest generation is. */
  get file(): string {
    return generationPath(this.#path, this.#generation)
  }

  get generation(): number {
    return this.#generation
  }

  /** bytes */
  get size(): number {
    return fstatSync(this.#fd).size
  }

  /** Hands records to the operating system in one write: they survive the end of this process, not yet a power cut. */
  write(records: Buffer): void {
    if (this.#failure) throw this.#failure
    const before = this.#isSole ? this.size : 0
    try {
      writeAll(this.#fd, records)
    } catch (thrown) {
      if (this.#isSole) ftruncateSync(this.#fd, before)
      throw storeFailure(thrown, this.file)
    }
    if (this.#isSole) return
    while (isThere(generationPath(this.#path, this.#generation + 1)) && this.#moveToNewest())
      writeAll(this.#fd, records)
  }

  /** Resolves when everything written so far is on the disk. Callers that wait at the same time share one fsync. */
  sync(): Promise<void> {
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined
      this.#running = this.#syncNow()
      return this.#running
    })
    return this.#waiting
  }

  async #syncNow(): Promise<void> {
    if (this.#failure) throw this.#failure
    try {
      await new Promise<void>((resolve, reject) => {
        fdatasync(this.#fd, error => (error ? reject(error) : resolve()))
      })
      if (!this.#isFolderSynced) syncFolder(dirname(this.#path))
      this.#isFolderSynced = true
    } catch (thrown) {
      // After a failed fsync the kernel may call lost pages clean: nothing more can be promised for this file.
      this.#failure = storeFailure(thrown, this.file)
      throw this.#failure
    }
  }

  /**
   * Replaces the journal by a new generation that holds only what `keep` makes of the records.
   * Returns false when another process did the same first.
   */
  rewrite(keep: (records: readonly JournalRecord[]) => Buffer[]): boolean {
    const isDone = rewriteJournal(this.#path, this.#generation, keep)
    this.#moveToNewest()
    return isDone
  }

  #moveToNewest(): boolean {
    const opened = openNewest(this.#path)
    if (!opened) return false
    closeSync(this.#fd)
    this.#fd = opened.fd
    this.#generation = opened.generation
    return true
  }

  /** Cuts off the torn end that a crash left. Only the sole writer may. */
  cutAt(end: number): void {
    ftruncateSync(this.#fd, end)
  }

  /** What is being synced is synced first. */
  async close(): Promise<void> {
    if (this.#failure?.kind === 'closed') return
    const wasSynced = await Promise.allSettled([this.#waiting, this.#running])
    this.#failure = new StoreFailure('closed', this.#path, 'This session is closed. Open it again.')
    closeSync(this.#fd)
    for (const sync of wasSynced) if (sync.status === 'rejected') throw sync.reason
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  // A full disk takes the first part without complaint, and says ENOSPC only for the rest.
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
}

function openNewest(path: string): { generation: number; fd: number } | undefined {
  for (;;) {
    const generation = generationsOf(path).at(-1)
    if (generation === undefined) return undefined
    // Never created here: a journal that was removed must not come back empty.
    const fd = ifThere(() => openSync(generationPath(path, generation), constants.O_WRONLY | constants.O_APPEND))
    if (fd !== undefined) return { generation, fd }
  }
}

function rewriteJournal(
  path: string,
  generation: number,
  keep: (records: readonly JournalRecord[]) => Buffer[],
): boolean {
  const content = readJournal(path, generation)
  if (!content || content.generation !== generation) return false
  const next = generationPath(path, generation + 1)
  const made = `${path}.${newId()}.tmp`
  try {
    const header = frame(REWRITTEN, '-', { generation, end: content.end })
    const kept = keep(content.records.filter(record => record.kind !== REWRITTEN))
    writeDurably(made, Buffer.concat([header, ...kept]))
    linkSync(made, next)
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false
    throw storeFailure(thrown, next)
  } finally {
    rmSync(made, { force: true })
  }
  syncFolder(dirname(path))
  finishRewrite(path, generation, content.end)
  return true
}

/** Copies what was appended to the old generation meanwhile, then removes it. */
function finishRewrite(path: string, old: number, end: number): void {
  const tail = scanJournal(readWhole(generationPath(path, old)), end).records
  if (tail.length > 0) {
    const fd = openSync(generationPath(path, old + 1), constants.O_WRONLY | constants.O_APPEND)
    writeAll(fd, Buffer.concat(tail.map(frameAgain)))
    fsyncSync(fd)
    closeSync(fd)
  }
  rmSync(generationPath(path, old), { force: true })
}

/** Ends a rewrite that a crash interrupted. Anybody may, any number of times. */
export function finishInterruptedRewrite(path: string): void {
  const [old, newest] = generationsOf(path).slice(-2)
  if (old === undefined || newest === undefined) return
  const source = sourceOf(scanJournal(readWhole(generationPath(path, newest))))
  if (source?.generation === old) ifThere(() => finishRewrite(path, old, source.end))
}

/** A new file of mode 0600, on the disk before this returns; its name in the folder is not, see `syncFolder`. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a folder of mode 0700, and those it is in, so that their names survive a power cut. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made))
}

/** Makes new and removed names of a folder durable, where the system can. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces a file durably by a temporary file and rename: a reader sees the old one or the new one. Mode 0600. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const made = `${path}.${newId()}.tmp`
  try {
    writeDurably(made, bytes)
    renameSync(made, path)
    syncFolder(dirname(path))
  } catch (thrown) {
    rmSync(made, { force: true })
    throw storeFailure(thrown, path)
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
