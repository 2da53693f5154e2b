import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import type { FileImage } from './file-image'
import { hashOf } from './text-file'

/**
 * The record of everything kode changed in one project, and of what was there before. One pair of files per change:
 *
 *     000012-<id>.pending.json   what is about to happen; durable before the first workspace file is touched
 *     000012-<id>.blobs          the contents before and after
 *     000012-<id>.done.json      the same record after the rename that says: all of it happened
 *     000012-<id>.undone.json    … or that says: it was taken back after a crash; redo can bring it
 *
 * Records are never rewritten; undoing and redoing are changes with records of their own.
 */
export interface ChangeRecord {
  id: string
  /** Order of the records, from 1. */
  sequence: number
  state: RecordState
  /** `shell`: found after a command ran; it was not written by kode. */
  kind: 'change' | 'shell' | 'undo' | 'redo'
  turn: TurnOfRecord
  /** Milliseconds since 1970. */
  at: number
  entries: RecordEntry[]
  /** Undo and redo: the records whose changes it takes back or brings again, and for which paths. */
  targets: { id: string; paths: string[] }[]
  /** Folders that had to be made. */
  madeFolders: string[]
  /** Permission bits of the folders that files were removed from: they go when they become empty. */
  folderModes: Record<string, number>
}

export type RecordState = 'pending' | 'done' | 'undone'

export interface TurnOfRecord {
  /** Counts the turns of this project that changed files, from 1. */
  number: number
  id: string
  sessionId?: string
  title: string
}

export interface RecordEntry {
  path: string
  before: FileImage
  after: FileImage
}

const storedImage = v.variant('kind', [
  v.object({ kind: v.literal('absent') }),
  v.object({
    kind: v.literal('file'),
    hash: v.string(),
    size: v.number(),
    mode: v.optional(v.number()),
    /** Where its bytes begin in the blobs. */
    offset: v.optional(v.number()),
  }),
  v.object({ kind: v.literal('link'), target: v.string() }),
  v.object({ kind: v.literal('folder'), mode: v.number() }),
])
type StoredImage = v.InferOutput<typeof storedImage>

const storedRecord = v.object({
  version: v.literal(1),
  id: v.string(),
  kind: v.picklist(['change', 'shell', 'undo', 'redo']),
  turn: v.object({ number: v.number(), id: v.string(), sessionId: v.optional(v.string()), title: v.string() }),
  at: v.number(),
  entries: v.array(v.object({ path: v.string(), before: storedImage, after: storedImage })),
  targets: v.array(v.object({ id: v.string(), paths: v.array(v.string()) })),
  madeFolders: v.array(v.string()),
  folderModes: v.record(v.string(), v.number()),
})

/** The records of one project. Writers hold the lock. */
export class ChangeJournal {
  readonly #folder: string
  readonly #files: FileSystem

  constructor(folder: string, files: FileSystem) {
    this.#folder = folder
    this.#files = files
  }

  /** Waits for other processes that are writing in this project. */
  lock(): Promise<Result<() => Promise<void>, FileError>> {
    return this.#files.lock(join(this.#folder, 'lock'), LONGEST_WAIT_MS)
  }

  /** All records in order, without the contents. A damaged one is left out. */
  async list(): Promise<Result<ChangeRecord[], FileError>> {
    const entries = await this.#files.list(this.#folder)
    if (!entries.ok) return entries.error.kind === 'not-found' ? ok([]) : entries
    const records = await Promise.all(entries.value.map(entry => this.#read(entry.name)))
    return ok(records.filter(record => record !== undefined).sort((a, b) => a.sequence - b.sequence))
  }

  /** Makes a record durable; nothing in the workspace may have been touched before. */
  async begin(
    record: Omit<ChangeRecord, 'state' | 'sequence'>,
    sequence: number,
  ): Promise<Result<ChangeRecord, FileError>> {
    const pending: ChangeRecord = { ...record, sequence, state: 'pending' }
    const { header, blobs } = toStored(pending)
    const folder = await this.#files.makeFolder(this.#folder)
    if (!folder.ok) return folder
    const targets = [
      [this.#blobsPath(pending), blobs],
      [this.#headerPath(pending), Buffer.from(JSON.stringify(header))],
    ] as const
    const staged = await Promise.all(targets.map(([path, bytes]) => this.#files.stage(path, bytes, { mode: 0o600 })))
    const failed = staged.find(result => !result.ok)
    for (const result of staged) {
      if (!result.ok) continue
      const committed = failed ? undefined : await result.value.commit()
      if (!committed?.ok) await result.value.discard()
      if (committed && !committed.ok) return committed
    }
    if (failed && !failed.ok) return failed
    const synced = await this.#files.syncFolder(this.#folder)
    return synced.ok ? ok(pending) : synced
  }

  /** Says how a pending record ended. */
  async settle(record: ChangeRecord, state: 'done' | 'undone'): Promise<Result<ChangeRecord, FileError>> {
    const settled = { ...record, state }
    const renamed = await this.#files.rename(this.#headerPath(record), this.#headerPath(settled))
    return renamed.ok ? ok(settled) : renamed
  }

  /** Forgets a record: what it was about to do did not begin. */
  async forget(record: ChangeRecord): Promise<void> {
    await this.#files.remove(this.#headerPath(record))
    await this.#files.remove(this.#blobsPath(record))
  }

  /** The same record with the contents of its files. */
  async withContents(record: ChangeRecord): Promise<Result<ChangeRecord, FileError>> {
    const header = await this.#files.read(this.#headerPath(record))
    if (!header.ok) return header
    const blobs = await this.#files.read(this.#blobsPath(record))
    if (!blobs.ok) return blobs
    const stored = parseHeader(header.value)
    const entries: RecordEntry[] = []
    for (const entry of stored?.entries ?? []) {
      const before = withBytes(entry.before, blobs.value)
      const after = withBytes(entry.after, blobs.value)
      if (!before || !after) {
        return fail({ kind: 'other', path: this.#blobsPath(record), message: `the record of ${entry.path} is damaged` })
      }
      entries.push({ path: entry.path, before, after })
    }
    return ok({ ...record, entries })
  }

  async #read(name: string): Promise<ChangeRecord | undefined> {
    const match = /^(\d+)-\w+\.(pending|done|undone)\.json$/.exec(name)
    if (!match) return undefined
    const bytes = await this.#files.read(join(this.#folder, name))
    const stored = bytes.ok ? parseHeader(bytes.value) : undefined
    if (!stored) return undefined
    const { version: _, turn, ...rest } = stored
    const { sessionId, ...turnRest } = turn
    return {
      ...rest,
      turn: { ...turnRest, ...(sessionId === undefined ? {} : { sessionId }) },
      sequence: Number(match[1]),
      state: match[2] as RecordState,
      entries: stored.entries.map(entry => ({
        path: entry.path,
        before: withoutBytes(entry.before),
        after: withoutBytes(entry.after),
      })),
    }
  }

  #headerPath(record: ChangeRecord): string {
    return join(this.#folder, `${this.#stem(record)}.${record.state}.json`)
  }

  #blobsPath(record: ChangeRecord): string {
    return join(this.#folder, `${this.#stem(record)}.blobs`)
  }

  #stem(record: ChangeRecord): string {
    return `${String(record.sequence).padStart(6, '0')}-${record.id}`
  }
}

/** Longer than any change set takes to write. */
const LONGEST_WAIT_MS = 30_000

function parseHeader(bytes: Uint8Array): v.InferOutput<typeof storedRecord> | undefined {
  try {
    const parsed = v.safeParse(storedRecord, JSON.parse(Buffer.from(bytes).toString('utf8')))
    return parsed.success ? parsed.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function toStored(record: ChangeRecord): { header: object; blobs: Uint8Array } {
  const pieces: Uint8Array[] = []
  const offsets = new Map<string, number>()
  let length = 0
  const store = (image: FileImage): StoredImage => {
    if (image.kind !== 'file') return image
    const { bytes, ...rest } = image
    if (bytes === undefined) return rest
    let offset = offsets.get(image.hash)
    if (offset === undefined) {
      offset = length
      offsets.set(image.hash, offset)
      pieces.push(bytes)
      length += bytes.length
    }
    return { ...rest, offset }
  }
  const { state: _state, sequence: _sequence, ...rest } = record
  const entries = record.entries.map(({ path, before, after }) => ({
    path,
    before: store(before),
    after: store(after),
  }))
  return { header: { version: 1, ...rest, entries }, blobs: Buffer.concat(pieces) }
}

function withoutBytes(image: StoredImage): FileImage {
  if (image.kind !== 'file') return image
  const { hash, size, mode } = image
  return { kind: 'file', hash, size, ...(mode === undefined ? {} : { mode }) }
}

/** @returns `undefined` when the bytes are not those that were stored */
function withBytes(image: StoredImage, blobs: Uint8Array): FileImage | undefined {
  const plain = withoutBytes(image)
  if (image.kind !== 'file' || plain.kind !== 'file' || image.offset === undefined) return plain
  const bytes = blobs.subarray(image.offset, image.offset + image.size)
  return hashOf(bytes) === image.hash ? { ...plain, bytes } : undefined
}
