import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ifThere, StoreFailure, storeFailure } from './failure'
import { replaceFile, syncFolder } from './journal'
import type { StorePaths } from './paths'

/** Credentials by provider: one file each, readable by the user alone from the moment it is made. */
export class Keys {
  readonly #folder: string

  constructor(paths: StorePaths) {
    this.#folder = paths.keys
  }

  /** The key of a provider, if one was saved. A file that others could read is closed to them first. */
  get(provider: string): string | undefined {
    const path = this.#path(provider)
    const key = ifThere(() => readFileSync(path, 'utf8'))
    if (key !== undefined && process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
    return key
  }

  /** Durable when this returns. Throws `StoreFailure`. */
  set(provider: string, key: string): void {
    const path = this.#path(provider)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    } catch (thrown) {
      throw storeFailure(thrown, this.#folder)
    }
    replaceFile(path, Buffer.from(key))
  }

  /** Returns whether there was one. */
  delete(provider: string): boolean {
    const path = this.#path(provider)
    const wasThere = statSync(path, { throwIfNoEntry: false }) !== undefined
    if (!wasThere) return false
    try {
      rmSync(path)
      syncFolder(this.#folder)
    } catch (thrown) {
      throw storeFailure(thrown, path)
    }
    return true
  }

  /** Which providers have a key, each with the key masked. */
  list(): { provider: string; masked: string }[] {
    const names = ifThere(() => readdirSync(this.#folder)) ?? []
    return names
      .filter(name => name.endsWith(SUFFIX))
      .map(name => name.slice(0, -SUFFIX.length))
      .sort()
      .map(provider => ({ provider, masked: maskKey(this.get(provider) ?? '') }))
  }

  /** All saved keys, for scrubbing them out of what tools print. */
  values(): string[] {
    return this.list().flatMap(({ provider }) => this.get(provider) ?? [])
  }

  #path(provider: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(provider)) {
      throw new StoreFailure('other', this.#folder, `"${provider}" is no provider name: use letters, digits, - and _.`)
    }
    return join(this.#folder, provider + SUFFIX)
  }
}

const SUFFIX = '.key'

/** Shows enough of a key to recognise it: the first and the last four characters, of a short one none. */
export function maskKey(key: string): string {
  return key.length <= 8 ? '****' : `${key.slice(0, 4)}…${key.slice(-4)}`
}
