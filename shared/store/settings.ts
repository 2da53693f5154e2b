import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ifThere, storeFailure } from './failure'
import { makeFolder, replaceFile } from './journal'
import { parseJson } from './json'
import type { StorePaths } from './paths'

/**
 * What kode remembers from one run to the next: one file per name, so that two processes that save different things
 * cannot undo each other's work. What belongs together, such as provider and model, is saved under one name.
 */
export class SavedSettings {
  readonly #folder: string

  constructor(paths: StorePaths) {
    this.#folder = paths.settings
  }

  /** `undefined` when it was never saved, or its file is damaged. Parse it where it is used. */
  get(name: string): unknown {
    const text = ifThere(() => readFileSync(this.#path(name), 'utf8'))
    return text === undefined ? undefined : parseJson(text)
  }

  /** Durable when this returns. Throws `StoreFailure`. */
  set(name: string, value: unknown): void {
    try {
      makeFolder(this.#folder)
    } catch (thrown) {
      throw storeFailure(thrown, this.#folder)
    }
    replaceFile(this.#path(name), Buffer.from(JSON.stringify(value)))
  }

  #path(name: string): string {
    if (!/^[a-z][a-z_]*$/.test(name)) throw new Error(`"${name}" is no name of a setting`)
    return join(this.#folder, `${name}.json`)
  }
}
