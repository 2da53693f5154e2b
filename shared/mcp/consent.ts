import { join } from 'node:path'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { whileLocked } from '#shared/config/locked-file'
import type { KodePaths } from '#shared/config/paths'
import type { FileSystem } from '#shared/host/host'

const schema = v.object({ version: v.literal(1), allowed: v.record(v.string(), v.string()) })

/**
 * Which projects' servers the user agreed to, by project and file: the hash of the text that was shown. A text that
 * changed needs a new yes. It lies beside the keys, where no command sees it.
 */
export class Consents {
  readonly #files: FileSystem
  readonly #path: string
  readonly #paths: Pick<KodePaths, 'db'>

  constructor(files: FileSystem, paths: Pick<KodePaths, 'db'>) {
    this.#files = files
    this.#paths = paths
    this.#path = join(paths.db, 'mcp-allowed.json')
  }

  async isAllowed(root: string, file: string, hash: string): Promise<boolean> {
    return (await this.#read())[keyOf(root, file)] === hash
  }

  allow(root: string, file: string, hash: string): Promise<Result<void, string>> {
    return this.#alone(async () => this.#write({ ...(await this.#read()), [keyOf(root, file)]: hash }))
  }

  /** @returns whether there was one */
  revoke(root: string, file: string): Promise<Result<boolean, string>> {
    return this.#alone(async () => {
      const { [keyOf(root, file)]: known, ...rest } = await this.#read()
      if (known === undefined) return ok(false)
      const written = await this.#write(rest)
      return written.ok ? ok(true) : written
    })
  }

  #alone<T>(change: () => Promise<Result<T, string>>): Promise<Result<T, string>> {
    return whileLocked(this.#path, { files: this.#files, paths: this.#paths }, change)
  }

  /** A file that is missing or damaged allows nothing. */
  async #read(): Promise<Record<string, string>> {
    const bytes = await this.#files.read(this.#path)
    if (!bytes.ok) return {}
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), new TextDecoder().decode(bytes.value))
    return parsed.success ? parsed.output.allowed : {}
  }

  async #write(allowed: Record<string, string>): Promise<Result<void, string>> {
    const text = `${JSON.stringify({ version: 1, allowed }, null, 2)}\n`
    const written = await this.#files.replace(this.#path, new TextEncoder().encode(text), 0o600)
    return written.ok ? ok(undefined) : fail(`${this.#path}: ${written.error.message}`)
  }
}

function keyOf(root: string, file: string): string {
  return `${root}\n${file}`
}
