import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import { ChangeJournal, type ChangeRecord, type RecordName } from './change-journal'
import type { FileImage } from './file-image'

/** Where a project stands, and a copy of it that may be changed at will. */
export interface PastPlace {
  files: FileSystem
  /** Of the project itself; see `Door`. */
  journalFolder: string
  /** Absolute. */
  copyRoot: string
}

/**
 * Takes a copy of a project through the states that the records of kode's own changes remember, from the past to now.
 * What others changed shows where kode came across it; files that kode never touched are as they are today.
 */
export class ProjectPast {
  readonly #place: PastPlace
  readonly #journal: ChangeJournal
  /** Still to come, oldest first. */
  readonly #ahead: RecordName[]

  private constructor(place: PastPlace, journal: ChangeJournal, ahead: RecordName[]) {
    this.#place = place
    this.#journal = journal
    this.#ahead = ahead
  }

  /** Brings the copy back to how the files were at a time; milliseconds since 1970. */
  static async backTo(at: number, place: PastPlace): Promise<Result<ProjectPast, FileError>> {
    const journal = new ChangeJournal(place.journalFolder, place.files)
    const names = await journal.names()
    if (!names.ok) return names
    const ahead: RecordName[] = []
    const past = new ProjectPast(place, journal, ahead)
    for (const name of names.value.filter(each => each.state === 'done').toReversed()) {
      const record = await journal.read(name)
      if (!record) continue
      if (record.at < at) break
      ahead.unshift(name)
      const back = await past.#apply(name, 'before')
      if (!back.ok) return back
    }
    return ok(past)
  }

  /** Lets everything happen that was changed before a time. */
  async forwardTo(at: number): Promise<Result<void, FileError>> {
    for (;;) {
      const next = await this.#next()
      if (!next || next.at >= at) return ok(undefined)
      const done = await this.#step()
      if (!done.ok) return done
    }
  }

  /**
   * Lets everything happen up to the next change of these files by this session.
   *
   * @returns the record of it; undefined when there is none
   */
  async forwardOver(paths: readonly string[], sessionId: string): Promise<Result<ChangeRecord | undefined, FileError>> {
    const records = await Promise.all(this.#ahead.map(name => this.#journal.read(name)))
    const index = records.findIndex(
      record =>
        record?.turn.sessionId === sessionId && paths.every(path => record.entries.some(entry => entry.path === path)),
    )
    const found = records[index]
    for (let steps = 0; steps <= index; steps++) {
      const done = await this.#step()
      if (!done.ok) return done
    }
    return ok(found)
  }

  async #next(): Promise<ChangeRecord | undefined> {
    const [name] = this.#ahead
    return name && this.#journal.read(name)
  }

  async #step(): Promise<Result<void, FileError>> {
    const name = this.#ahead.shift()
    return name ? this.#apply(name, 'after') : ok(undefined)
  }

  async #apply(name: RecordName, side: 'before' | 'after'): Promise<Result<void, FileError>> {
    const record = await this.#journal.withContents(name)
    if (!record.ok) return record
    for (const entry of record.value.entries) {
      const put = await this.#put(join(this.#place.copyRoot, entry.path), entry[side])
      if (!put.ok) return put
    }
    return ok(undefined)
  }

  async #put(path: string, image: FileImage): Promise<Result<void, FileError>> {
    const { files } = this.#place
    if (image.kind === 'folder') return files.makeFolder(path)
    if (image.kind === 'file') {
      if (image.bytes) return files.replace(path, image.bytes, image.mode)
      return fail({ kind: 'other', path, message: 'was too large for its content to be kept' })
    }
    const removed = await files.remove(path)
    if (!removed.ok && removed.error.kind !== 'not-found' && removed.error.kind !== 'not-directory') return removed
    return image.kind === 'link' ? files.symlink(image.target, path) : ok(undefined)
  }
}
