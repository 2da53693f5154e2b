import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { newId } from '#shared/base/ids'
import { makeFolder, syncFolder, writeDurably } from './durable-files'
import { ifThere, storeFailure } from './failure'

/** Large outputs and images of one session: files named by the SHA-256 of their bytes, so the same one is kept once. */
export class Blobs {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** On the disk when this returns; a message that names it is written after it. */
  put(bytes: Uint8Array): string {
    const hash = createHash('sha256').update(bytes).digest('hex')
    const path = join(this.#folder, hash)
    if (existsSync(path)) return hash
    const made = `${path}.${newId()}.tmp`
    try {
      makeFolder(this.#folder)
      writeDurably(made, bytes)
      renameSync(made, path)
      syncFolder(this.#folder)
    } catch (thrown) {
      if (existsSync(made)) rmSync(made)
      throw storeFailure(thrown, path)
    }
    return hash
  }

  /** `undefined` when it is missing, or no longer what its name says. */
  get(hash: string): Buffer | undefined {
    if (!/^[0-9a-f]{64}$/.test(hash)) return undefined
    const bytes = ifThere(() => readFileSync(join(this.#folder, hash)))
    return bytes && createHash('sha256').update(bytes).digest('hex') === hash ? bytes : undefined
  }

  /** Removes all but the named ones; returns the bytes freed. */
  keepOnly(hashes: ReadonlySet<string>): number {
    let freedBytes = 0
    for (const name of ifThere(() => readdirSync(this.#folder)) ?? []) {
      if (hashes.has(name)) continue
      freedBytes += ifThere(() => readFileSync(join(this.#folder, name)).length) ?? 0
      rmSync(join(this.#folder, name), { force: true })
    }
    return freedBytes
  }
}
