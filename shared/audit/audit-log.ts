import { join } from 'node:path'
import type { FileSystem } from '#shared/host/host'
import type { GateResult } from '#shared/protocol/gate-report'

/**
 * One line of `logs/kode.log`: what was verified or decided, and how it came out.
 * The first nine fields are those of the reference, spec/kode.md §16.1.
 */
export interface AuditEntry {
  /** UTC, RFC 3339. */
  timestamp: string
  task_id: string
  status: 'PASS' | 'FAIL' | 'ERROR'
  files?: string[]
  /** Id of a hunk or path of a file → `gate: reason`. */
  failures?: Record<string, string>
  /** What failed in an earlier round and was repaired, in the same shape. */
  repaired?: Record<string, string>
  rounds_used: number
  duration_ms: number
  model?: string
  input_source?: string
  command: string
  version: string
  session?: string
  /** The first gate that failed. */
  gate?: string
  gates?: Pick<GateResult, 'check_name' | 'status' | 'duration_ms'>[]
  tool?: string
  decision?: string
  reason?: string
  cost_usd?: number
  test_output?: string
  /** Of `loop --branches`: how the patch was made that landed. */
  winning_strategy?: string
}

const ROTATE_AT_BYTES = 20_000_000
const KEPT_ROTATIONS = 3

/** Appends decisions to `logs/kode.log`, one JSON object a line; nothing is ever rewritten. */
export class AuditLog {
  readonly #folder: string
  readonly #path: string
  readonly #files: FileSystem
  #last: Promise<void> = Promise.resolve()
  #isIgnored = false

  /** @param folder absolute; made with the first line */
  constructor(folder: string, files: FileSystem) {
    this.#folder = folder
    this.#path = join(folder, 'kode.log')
    this.#files = files
  }

  /** A log that cannot be written never stops the work; the caller learns of it. */
  append(entry: AuditEntry): Promise<void> {
    this.#last = this.#last.then(() => this.#write(entry))
    return this.#last
  }

  /** Settles when every decision that was appended is written. */
  written(): Promise<void> {
    return this.#last
  }

  async #write(entry: AuditEntry): Promise<void> {
    await this.#files.makeFolder(this.#folder)
    // A command may have put a link in the log's place: to a file that some program runs.
    const files = this.#files.confinedTo(this.#folder)
    if (!this.#isIgnored) await this.#ignore(files)
    this.#isIgnored = true
    await this.#rotate(files)
    // One write call on a file opened for appending: lines of several processes do not mix.
    await files.append(this.#path, new TextEncoder().encode(`${JSON.stringify(entry)}\n`))
  }

  /** The log is nobody's work: not to git, to a search, or to what looks for changes of a command. */
  async #ignore(files: FileSystem): Promise<void> {
    const rules = join(this.#folder, '.gitignore')
    const found = await files.lstat(rules)
    if (!found.ok && found.error.kind === 'not-found')
      await files.replace(rules, new TextEncoder().encode('kode.log*\n.gitignore\n'))
  }

  async #rotate(files: FileSystem): Promise<void> {
    const stat = await files.stat(this.#path)
    if (!stat.ok || stat.value.size < ROTATE_AT_BYTES) return
    for (let n = KEPT_ROTATIONS; n > 1; n--) await files.rename(`${this.#path}.${n - 1}`, `${this.#path}.${n}`)
    await files.rename(this.#path, `${this.#path}.1`)
  }
}
