import { join } from 'node:path'
import * as v from 'valibot'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem, StagedFile } from '#shared/host/host'
import type { FileImage } from './file-image'
import { hashOf } from './text-file'

/**
 * The record of everything kode changed in one project, and of what was there before. One pair of files per change:
 *
 *     000012-<id>-<turn>-<key>.pending.json   what is about to happen; durable before the first file is touched
 *     000012-<id>.blobs                       the contents before and after
 *     000012-<id>-<turn>-<key>.done.json      the same record, after the rename that says: all of it happened
 *     000012-<id>-<turn>-<key>.undone.json    … or that says: it was taken back after a crash; redo can bring it
 *
 * Records are never rewritten; undoing and redoing are changes with records of their own. The names alone hold what a
 * write must know of earlier records, so that its cost does not grow with their number.
 */
export interface ChangeRecord extends RecordName {
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
  /** `shell`: why the changes may be somebody else's, as a whole sentence; undo asks for `force` then. */
  doubt?: string
  /** `undo`: only some of the files were meant; the others of its targets are not undone. */
  isPartial?: boolean
}

/** What the name of a record's file tells. */
export interface RecordName {
  id: string
  /** Order of the records, from 1. */
  sequence: number
  state: RecordState
  turnNumber: number
  /** Tells turns apart; made from the turn's id. */
  turnKey: string
}

/** What a writer says of a new record; the rest is the journal's. */
export type NewRecord = Omit<ChangeRecord, keyof RecordName>

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
  kind: v.picklist(['change', 'shell', 'undo', 'redo']),
  turn: v.object({ number: v.number(), id: v.string(), sessionId: v.optional(v.string()), title: v.string() }),
  at: v.number(),
  entries: v.array(v.object({ path: v.string(), before: storedImage, after: storedImage })),
  targets: v.array(v.object({ id: v.string(), paths: v.array(v.string()) })),
  madeFolders: v.array(v.string()),
  folderModes: v.record(v.string(), v.number()),
  doubt: v.optional(v.string()),
  isPartial: v.optional(v.boolean()),
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

  /** The names of all records, in order. */
  async names(): Promise<Result<RecordName[], FileError>> {
    const listed = await this.#list()
    return listed.ok ? ok(recordNames(listed.value)) : listed
  }

  /** Under the lock: removes what writers left that died before their record was whole, and records beyond the limit. */
  async tidy(): Promise<Result<RecordName[], FileError>> {
    const listed = await this.#list()
    if (!listed.ok) return listed
    const names = recordNames(listed.value)
    const newest = names.at(-1)?.turnKey
    const isOutdated = (name: RecordName, place: number) =>
      place < names.length - MOST_RECORDS && name.turnKey !== newest
    const outdated = names.filter(isOutdated)
    const kept = names.filter((name, place) => !isOutdated(name, place))
    const known = new Set(kept.map(stemOf))
    const useless = listed.value.filter(name => {
      return name.startsWith('.kode-') || (name.endsWith('.blobs') && !known.has(name.slice(0, -'.blobs'.length)))
    })
    for (const name of useless) await this.#files.remove(join(this.#folder, name))
    for (const record of outdated) await this.#files.remove(this.#headerPath(record))
    return ok(kept)
  }

  /** A record without the contents of its files; `undefined` when it is damaged. */
  async read(name: RecordName): Promise<ChangeRecord | undefined> {
    const stored = await this.#readStored(name)
    return stored && toRecord(stored, name, withoutBytes)
  }

  /** Makes a record durable; nothing in the workspace may have been touched before. */
  async begin(record: NewRecord, earlier: readonly RecordName[]): Promise<Result<ChangeRecord, FileError>> {
    const pending: ChangeRecord = {
      ...record,
      id: newId(),
      sequence: (earlier.at(-1)?.sequence ?? 0) + 1,
      state: 'pending',
      turnNumber: record.turn.number,
      turnKey: turnKeyOf(record.turn.id),
    }
    const { header, blobs } = toStored(record)
    const folder = await this.#files.makeFolder(this.#folder)
    if (!folder.ok) return folder
    const written = await Promise.all([
      this.#stage(this.#blobsPath(pending), blobs),
      this.#stage(this.#headerPath(pending), Buffer.from(JSON.stringify(header))),
    ])
    for (const staged of written) {
      const committed = staged.ok ? await staged.value.commit() : staged
      if (!committed.ok) return committed
    }
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
  async forget(record: RecordName): Promise<void> {
    await this.#files.remove(this.#headerPath(record))
    await this.#files.remove(this.#blobsPath(record))
  }

  /** A record with the contents of its files. */
  async withContents(name: RecordName): Promise<Result<ChangeRecord, FileError>> {
    const stored = await this.#readStored(name)
    const blobs = await this.#files.read(this.#blobsPath(name))
    if (!blobs.ok) return blobs
    const record = stored && toRecord(stored, name, image => withBytes(image, blobs.value))
    return record ? ok(record) : fail({ kind: 'other', path: this.#blobsPath(name), message: 'the record is damaged' })
  }

  async #list(): Promise<Result<string[], FileError>> {
    const entries = await this.#files.list(this.#folder)
    if (!entries.ok) return entries.error.kind === 'not-found' ? ok([]) : entries
    return ok(entries.value.map(entry => entry.name))
  }

  /** What a failed write leaves is removed by the next `tidy`. */
  #stage(path: string, bytes: Uint8Array): Promise<Result<StagedFile, FileError>> {
    return this.#files.stage(path, bytes, { mode: 0o600 })
  }

  async #readStored(name: RecordName): Promise<StoredRecord | undefined> {
    const bytes = await this.#files.read(this.#headerPath(name))
    return bytes.ok ? parseHeader(bytes.value) : undefined
  }

  #headerPath(name: RecordName): string {
    return join(this.#folder, `${stemOf(name)}-${name.turnNumber}-${name.turnKey}.${name.state}.json`)
  }

  #blobsPath(name: RecordName): string {
    return join(this.#folder, `${stemOf(name)}.blobs`)
  }
}

/** What makes turns with the same id one turn. */
export function turnKeyOf(turnId: string): string {
  return hashOf(Buffer.from(turnId)).slice(0, 12)
}

/** Undo reaches back this many change sets, and over all of the newest turn. */
const MOST_RECORDS = 1000

function recordNames(fileNames: readonly string[]): RecordName[] {
  return fileNames
    .flatMap(fileName => {
      const match = /^(\d+)-(\w+)-(\d+)-(\w+)\.(pending|done|undone)\.json$/.exec(fileName)
      if (!match) return []
      const [, sequence, id = '', turnNumber, turnKey = '', state] = match
      return { sequence: Number(sequence), id, turnNumber: Number(turnNumber), turnKey, state: state as RecordState }
    })
    .sort((a, b) => a.sequence - b.sequence)
}

function stemOf(name: RecordName): string {
  return `${String(name.sequence).padStart(6, '0')}-${name.id}`
}

/** Longer than any change set takes to write. */
const LONGEST_WAIT_MS = 30_000

type StoredRecord = v.InferOutput<typeof storedRecord>

/** @returns `undefined` where an image cannot be made */
function toRecord(
  stored: StoredRecord,
  name: RecordName,
  toImage: (image: StoredImage) => FileImage | undefined,
): ChangeRecord | undefined {
  const { kind, at, targets, madeFolders, folderModes, doubt, isPartial } = stored
  const { sessionId, ...turn } = stored.turn
  const entries: RecordEntry[] = []
  for (const entry of stored.entries) {
    const [before, after] = [toImage(entry.before), toImage(entry.after)]
    if (!before || !after) return undefined
    entries.push({ path: entry.path, before, after })
  }
  const turnOfRecord = { ...turn, ...(sessionId === undefined ? {} : { sessionId }) }
  const common = { ...name, kind, at, targets, madeFolders, folderModes, turn: turnOfRecord, entries }
  return { ...common, ...(doubt !== undefined && { doubt }), ...(isPartial && { isPartial }) }
}

function parseHeader(bytes: Uint8Array): StoredRecord | undefined {
  try {
    const parsed = v.safeParse(storedRecord, JSON.parse(Buffer.from(bytes).toString('utf8')))
    return parsed.success ? parsed.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function toStored(record: NewRecord): { header: object; blobs: Uint8Array } {
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
  const entries = record.entries.map(({ path, before, after }) => ({
    path,
    before: store(before),
    after: store(after),
  }))
  return { header: { version: 1, ...record, entries }, blobs: Buffer.concat(pieces) }
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
