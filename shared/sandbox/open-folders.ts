import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import { readText } from './read-text'

/** A folder that may be kept open. */
export interface OpenableFolder {
  path: string
  descriptor?: number | undefined
}

/** Asking an open folder when it changed costs a quarter of asking by path; below so many folders that is not worth it. */
const WORTH_IT = 1_000

/** Opening costs twice as much as asking by path: one look opens no more than these. */
const OPENED_PER_LOOK = 1_000

/** The most that are kept open, and their share of what this process may have open. */
const MOST_OPEN = 16_384
const SHARE_OF_LIMIT = 0.5

/**
 * The folders of a large project, kept open so that a look at all of them is quick. An open folder stays the same one
 * while its name may come to stand for another: whoever reads a folder again must `forget` the folders in it.
 */
export class OpenFolders {
  readonly #open = new Set<OpenableFolder>()
  #asked = 0
  #openedInLook = 0
  #room: number | undefined
  #mounts = ''

  /** To be called before a look at all folders. After something was mounted a name may stand for another folder. */
  beginLook(): void {
    this.#openedInLook = 0
    if (this.#open.size === 0) return
    const mounts = readText('/proc/self/mountinfo')
    if (mounts !== this.#mounts) this.close()
    this.#mounts = mounts
  }

  /** `undefined` when there is no folder at that path. */
  stat(folder: OpenableFolder): Stats | undefined {
    if (folder.descriptor !== undefined) return fstatSync(folder.descriptor)
    folder.descriptor = ++this.#asked > WORTH_IT && this.#hasRoom() ? openFolder(folder.path) : undefined
    if (folder.descriptor === undefined) return statSync(folder.path, { throwIfNoEntry: false })
    this.#open.add(folder)
    this.#openedInLook++
    return fstatSync(folder.descriptor)
  }

  forget(folder: OpenableFolder): void {
    if (folder.descriptor === undefined) return
    closeSync(folder.descriptor)
    folder.descriptor = undefined
    this.#open.delete(folder)
  }

  close(): void {
    for (const folder of [...this.#open]) this.forget(folder)
  }

  #hasRoom(): boolean {
    // Where the system does not say how many files may be open, none is kept so.
    const limit = () => Number(/^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits'))?.[1] ?? 0)
    this.#room ??= Math.min(MOST_OPEN, limit() * SHARE_OF_LIMIT)
    return this.#open.size < this.#room && this.#openedInLook < OPENED_PER_LOOK
  }
}

/** `undefined` for what is no folder, may not be read, or is a link by now. */
function openFolder(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch {
    return undefined
  }
}
