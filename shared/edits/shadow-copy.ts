import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem, WalkedFile } from '#shared/host/host'
import type { FileImage } from './file-image'
import { hashOf } from './text-file'

/**
 * What the files of a project held when they were last looked at, kept so that what a command does to them can be shown
 * and taken back. Two append-only files: `pack` with contents, `index.jsonl` with one line per file and look. Both are
 * a cache: a damaged line costs a fresh look at that file.
 */
export class ShadowCopy {
  readonly #folder: string
  readonly #files: FileSystem
  #entries = new Map<string, ShadowEntry>()
  /** Of `index.jsonl`, as this process left it; another version means that somebody else wrote. */
  #version: string | undefined
  #lines = 0
  #packBytes = 0

  constructor(folder: string, files: FileSystem) {
    this.#folder = folder
    this.#files = files
  }

  /** Takes over what other processes noted since. */
  async refresh(): Promise<Result<void, FileError>> {
    const stat = await this.#files.stat(this.#indexPath)
    if (!stat.ok) {
      this.#entries.clear()
      this.#lines = 0
      this.#packBytes = 0
      return stat.error.kind === 'not-found' ? ok(undefined) : stat
    }
    if (stat.value.version === this.#version) return ok(undefined)
    const bytes = await this.#files.read(this.#indexPath)
    if (!bytes.ok) return bytes
    this.#entries = new Map()
    const lines = Buffer.from(bytes.value).toString('utf8').split('\n')
    for (const line of lines) this.#takeLine(line)
    this.#lines = lines.length
    const pack = await this.#files.stat(this.#packPath)
    this.#packBytes = pack.ok ? pack.value.size : 0
    this.#version = stat.value.version
    return ok(undefined)
  }

  get paths(): Iterable<string> {
    return this.#entries.keys()
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** What is known of a file; contents only on `withBytes`. */
  entry(path: string): ShadowEntry | undefined {
    return this.#entries.get(path)
  }

  /** An entry as an image, with its content as far as that was kept. */
  async imageOf(entry: ShadowEntry): Promise<FileImage> {
    if (entry.link !== undefined) return { kind: 'link', target: entry.link }
    const image = { kind: 'file' as const, hash: entry.hash, size: entry.size, mode: entry.mode }
    if (entry.size === 0) return { ...image, bytes: new Uint8Array() }
    if (entry.offset === undefined) return image
    const bytes = await this.#files.readRange(this.#packPath, entry.offset, entry.size)
    return bytes.ok && hashOf(bytes.value) === entry.hash ? { ...image, bytes: bytes.value } : image
  }

  /**
   * Notes files as they are now.
   *
   * @param found the files with their contents; without content a file is known by its version only
   * @param gone paths where nothing is any more
   */
  async note(found: readonly FoundFile[], gone: readonly string[]): Promise<Result<void, FileError>> {
    if (found.length === 0 && gone.length === 0) return ok(undefined)
    const pieces: Uint8Array[] = []
    let offset = this.#packBytes
    const lines: string[] = []
    for (const file of found) {
      const entry = { ...toEntry(file), ...(file.bytes && file.bytes.length > 0 ? { offset } : {}) }
      if (file.bytes) {
        pieces.push(file.bytes)
        offset += file.bytes.length
      }
      this.#entries.set(entry.path, entry)
      lines.push(JSON.stringify(entry))
    }
    for (const path of gone) {
      this.#entries.delete(path)
      lines.push(JSON.stringify({ path }))
    }
    const folder = await this.#files.makeFolder(this.#folder)
    if (!folder.ok) return folder
    // The content first: an index line must never speak of bytes that are not there.
    for (const chunk of chunksOf(pieces)) {
      const packed = await this.#files.append(this.#packPath, chunk)
      if (!packed.ok) return this.#startOver(packed.error)
    }
    this.#packBytes = offset
    const indexed = await this.#files.append(this.#indexPath, Buffer.from(`${lines.join('\n')}\n`))
    if (!indexed.ok) return this.#startOver(indexed.error)
    this.#lines += lines.length
    const stat = await this.#files.stat(this.#indexPath)
    this.#version = stat.ok ? stat.value.version : undefined
    return ok(undefined)
  }

  /** Whether so much of it is outdated that starting over is cheaper. */
  get isWasteful(): boolean {
    const live = [...this.#entries.values()].reduce(
      (sum, entry) => sum + (entry.offset === undefined ? 0 : entry.size),
      0,
    )
    return this.#lines > 3 * this.#entries.size + 10_000 || this.#packBytes > 2 * live + WASTE_ALLOWED
  }

  /** Forgets everything; the next look fills it again. */
  async clear(): Promise<void> {
    await this.#files.remove(this.#indexPath)
    await this.#files.remove(this.#packPath)
    this.#entries = new Map()
    this.#version = undefined
    this.#lines = 0
    this.#packBytes = 0
  }

  get keptBytes(): number {
    return this.#packBytes
  }

  /** A file that is half appended has offsets nobody knows. */
  async #startOver(error: FileError): Promise<Result<void, FileError>> {
    await this.clear()
    return fail(error)
  }

  get #indexPath(): string {
    return join(this.#folder, 'index.jsonl')
  }

  get #packPath(): string {
    return join(this.#folder, 'pack')
  }

  #takeLine(line: string): void {
    const entry = parseLine(line)
    if (!entry) return
    if (entry.version === undefined) this.#entries.delete(entry.path)
    else this.#entries.set(entry.path, { ...entry, version: entry.version })
  }
}

const WASTE_ALLOWED = 64 * 1024 * 1024
const CHUNK_BYTES = 8 * 1024 * 1024

/** A file as it was last seen. */
export interface ShadowEntry {
  path: string
  version: string
  size: number
  mode: number
  /** Where the content was not read, something that changes with the version. */
  hash: string
  /** Of its content in the pack; absent for an empty file, a link, and what was not kept. */
  offset?: number | undefined
  /** Target of a symbolic link. */
  link?: string | undefined
}

/** A file as it is, and what was read of it. */
export interface FoundFile {
  file: WalkedFile
  bytes?: Uint8Array
  link?: string
}

export function toEntry({ file, bytes, link }: FoundFile): ShadowEntry {
  const { path, version, mode } = file
  const size = bytes?.length ?? file.size
  return {
    path,
    version,
    mode,
    size,
    hash: bytes ? hashOf(bytes) : `unread:${version}`,
    ...(link === undefined ? {} : { link }),
  }
}

const storedLine = v.object({
  path: v.string(),
  version: v.optional(v.string()),
  size: v.optional(v.number(), 0),
  mode: v.optional(v.number(), 0),
  hash: v.optional(v.string(), ''),
  offset: v.optional(v.number()),
  link: v.optional(v.string()),
})

function parseLine(line: string): v.InferOutput<typeof storedLine> | undefined {
  if (line === '') return undefined
  try {
    const parsed = v.safeParse(storedLine, JSON.parse(line))
    return parsed.success ? parsed.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function* chunksOf(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let chunk: Uint8Array[] = []
  let length = 0
  for (const piece of pieces) {
    chunk.push(piece)
    length += piece.length
    if (length < CHUNK_BYTES) continue
    yield Buffer.concat(chunk)
    chunk = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(chunk)
}
