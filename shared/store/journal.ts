import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { newId } from '#shared/base/ids'
import { syncFolder, writeDurably } from './durable-files'
import { errorCode, ifThere, StoreFailure, storeFailure } from './failure'
import { frame, frameAgain, type JournalRecord, scanJournal } from './journal-record'
import { generationPath, generationsOf, REWRITTEN, readJournal, readWhole, sourceOf } from './read-journal'

/**
 * An append-only file of checksummed records, open for appending. Acknowledged means on disk.
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
 *
 * It is open in one of two ways. The sole writer (who holds the session's lease) gets durability and can
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

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
