import { dirname } from 'node:path'
import { sleep } from '#shared/base/cancel'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import { keepLineEnds } from '#shared/edits/line-ends'
import { decodeText, encodeText, hashOf } from '#shared/edits/text-file'
import type { FileError, FileSystem, StagedFile } from '#shared/host/host'

/** The files of a client, as far as it offers them; each rejects when the client refuses. */
export interface ClientFiles {
  read?(path: string): Promise<string>
  write?(path: string, text: string): Promise<void>
}

/** What is asked of the client, and when. */
export interface ClientFilesParts {
  /** Absolute, links resolved: only files below it are the client's business. */
  root: string
  client: ClientFiles
  /** False while the client does not know the session yet, and while a command runs that could put a link in the way. */
  mayAsk(): boolean
}

/** A larger file is no text that somebody edits. */
const MAX_BYTES = 5_000_000
/** A client that takes longer to tell what it has open is not asked again. */
const READ_PATIENCE_MS = 5_000
/** Somebody may be asked whether to write. */
const WRITE_PATIENCE_MS = 60_000

/**
 * The disk as an ACP client sees it: unsaved text is what a file holds, and what lands is written by the client, so
 * that its buffers, its undo and its review know of it; what it refuses to write does not land. The disk has the last
 * word: there it is put in place as it was judged.
 *
 * @param disk decides what may be read at all; the client is asked only about files that it gave
 */
export function clientFiles(disk: FileSystem, parts: ClientFilesParts): FileSystem {
  return new View(disk, parts, { unsaved: new Set(), isSilent: false }).files()
}

/** What is known about the client; shared by all views of one session. */
interface Known {
  /** Files that had unsaved text when they were read; their version is that of their text. */
  unsaved: Set<string>
  /** It did not answer in time. */
  isSilent: boolean
}

class View {
  readonly #disk: FileSystem
  readonly #parts: ClientFilesParts
  readonly #known: Known

  constructor(disk: FileSystem, parts: ClientFilesParts, known: Known) {
    this.#disk = disk
    this.#parts = parts
    this.#known = known
  }

  files(): FileSystem {
    const disk = this.#disk
    return {
      ...disk,
      read: (path, maxBytes) => this.#read(path, maxBytes),
      unsaved: () => [...this.#known.unsaved],
      stat: async path => this.#withTextVersion(path, await disk.stat(path)),
      lstat: async path => this.#withTextVersion(path, await disk.lstat(path)),
      stage: async (path, bytes, options) => {
        const staged = await disk.stage(path, bytes, options)
        return staged.ok ? ok(this.#throughClient(path, bytes, staged.value)) : staged
      },
      confinedTo: root => new View(disk.confinedTo(root), this.#parts, this.#known).files(),
    }
  }

  #isTheirs(path: string): boolean {
    return path.startsWith(`${this.#parts.root}/`) && this.#parts.mayAsk()
  }

  async #read(path: string, maxBytes?: number): ReturnType<FileSystem['read']> {
    const onDisk = await this.#disk.read(path, maxBytes)
    const { client } = this.#parts
    if (!onDisk.ok || !client.read || this.#known.isSilent || !this.#isTheirs(path)) return onDisk
    if (onDisk.value.length > MAX_BYTES) return onDisk
    const saved = decodeText(onDisk.value)
    const text = saved && (await this.#inTime(client.read(path)))
    if (!saved || text === undefined) return onDisk
    // Some clients hold every text with plain line ends, or with the mark that the file begins with.
    const current = keepLineEnds(saved.text, text.replace(/^\uFEFF/, ''))
    if (current === saved.text) return onDisk
    const bytes = encodeText(current, saved.base)
    if (!bytes.ok) return onDisk
    this.#known.unsaved.add(path)
    return bytes
  }

  /** Undefined for a client that cannot say, such as of a file that it does not show. */
  async #inTime(answer: Promise<string>): Promise<string | undefined> {
    const late = new AbortController()
    const text = await Promise.race([
      answer.catch(() => undefined),
      sleep(READ_PATIENCE_MS, late.signal).then(() => {
        this.#known.isSilent = !late.signal.aborted
        return undefined
      }),
    ])
    late.abort()
    return text
  }

  // Saving text that was read already is no change; typing more is one, though the disk does not know yet.
  async #withTextVersion(path: string, seen: Seen): Promise<Seen> {
    if (!seen.ok || seen.value.type !== 'file' || !this.#known.unsaved.has(path)) return seen
    const bytes = await this.#read(path)
    if (!bytes.ok) return bytes
    return ok({ ...seen.value, version: `text:${hashOf(bytes.value)}` })
  }

  #throughClient(path: string, bytes: Uint8Array, staged: StagedFile): StagedFile {
    const { write } = this.#parts.client
    const decoded = decodeText(bytes)
    if (!write || decoded?.base.encoding !== 'utf-8' || decoded.base.hasBom) return staged
    return {
      discard: () => staged.discard(),
      commit: async expected => {
        const now = await this.#withTextVersion(path, await this.#disk.lstat(path))
        const isExpected = expected === undefined || (now.ok ? now.value.version : 'absent') === expected
        // The disk says best why a file is not the one expected; and nobody else may be led astray by a link.
        const isReachable = this.#isTheirs(path) && (await this.#isPlain(path))
        if (!isExpected || !isReachable) return staged.commit(expected)
        const written = await this.#write(path, decoded.text, write)
        if (!written.ok) return written
        this.#known.unsaved.delete(path)
        // Durable, and as it was judged: saving may change a text, and some clients do not save at all.
        return staged.commit()
      },
    }
  }

  async #write(path: string, text: string, write: NonNullable<ClientFiles['write']>): Promise<Result<void, FileError>> {
    const late = new AbortController()
    const refused = (message: string) => fail<FileError>({ kind: 'other', path, message })
    const outcome = await Promise.race([
      write(path, text).then(
        () => ok(undefined),
        (error: unknown) => refused(`the editor does not write it: ${messageOf(error)}`),
      ),
      sleep(WRITE_PATIENCE_MS, late.signal).then(() => refused('the editor did not answer')),
    ])
    late.abort()
    return outcome
  }

  /** Whether it is where its name says, without a link on the way. */
  async #isPlain(path: string): Promise<boolean> {
    const [folder, file] = await Promise.all([this.#disk.realpath(dirname(path)), this.#disk.lstat(path)])
    return folder.ok && folder.value === dirname(path) && (!file.ok || file.value.type === 'file')
  }
}

type Seen = Awaited<ReturnType<FileSystem['stat']>>
