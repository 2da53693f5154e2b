import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '../host'

/** The security gate waits ten seconds for everything. */
const TIMEOUT_MS = 8_000

/** What a scanner needs to start; no key of the user's. */
const PASSED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'USERPROFILE', 'SYSTEMROOT']

/**
 * A security scanner installed on this machine. It is asked about one text at a time, in a folder that holds nothing else:
 * `PROGRAM scan FILE --format json --quiet` prints its findings; gates/support/scanner.ts says in which form.
 */
export class ScannerProgram {
  readonly name: string
  readonly #program: string
  readonly #processes: Processes
  readonly #env: Readonly<Record<string, string | undefined>>

  /** @param program absolute */
  constructor(program: string, processes: Processes, env: Readonly<Record<string, string | undefined>>) {
    this.name = basename(program)
    this.#program = program
    this.#processes = processes
    this.#env = env
  }

  /** What it printed; fails with the reason when it is missing, crashed or took too long. */
  async scan(path: string, text: string, signal: AbortSignal): Promise<Result<string, string>> {
    const folder = await mkdtemp(join(tmpdir(), 'kode-scan-'))
    try {
      const file = join(folder, basename(path))
      await writeFile(file, text)
      const ended = await this.#processes.run({
        program: this.#program,
        args: ['scan', file, '--format', 'json', '--quiet'],
        cwd: folder,
        env: Object.fromEntries(PASSED.flatMap(name => (this.#env[name] ? [[name, this.#env[name]]] : []))),
        timeoutMs: TIMEOUT_MS,
        signal,
      })
      if (!ended.ok) return fail(`${this.name} could not be started: ${ended.error.message}`)
      const { exitCode, timedOut, stdout } = ended.value
      if (timedOut) return fail(`${this.name} took too long`)
      return exitCode === 0 ? ok(stdout) : fail(`${this.name} ended with ${exitCode ?? 'a signal'}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}
