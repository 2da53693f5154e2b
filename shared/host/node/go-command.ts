import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Processes } from '../host'

/** What the go command said about one state of some packages. */
export type GoAnswer = { kind: 'judged'; errors: readonly GoError[] } | { kind: 'unknown'; reason: string }

export interface GoError {
  /** Relative to the module. */
  path: string
  /** From 1. */
  line: number
  /** From 1, in bytes. */
  column: number
  message: string
}

/** Texts by absolute path; null: the file is not there. */
export type OverlaidTexts = Readonly<Record<string, string | null>>

/**
 * Asks the go command of the machine, without network and without writing into the project: changed files are handed in as an overlay.
 * Nothing of the project runs: `go list -export` compiles packages and their tests and links nothing, and cgo is off. (`go vet` reads past an
 * overlay.) Warm by the build cache of go itself.
 */
export class GoCommand {
  readonly #processes: Processes
  readonly #program: string | undefined
  readonly #env: Readonly<Record<string, string | undefined>>

  /** @param program absolute; undefined when there is none */
  constructor(processes: Processes, program: string | undefined, env: Readonly<Record<string, string | undefined>>) {
    this.#processes = processes
    this.#program = program
    this.#env = env
  }

  get isInstalled(): boolean {
    return this.#program !== undefined
  }

  /**
   * Compiles packages and their tests.
   *
   * @param folder absolute: where go.mod is
   * @param packages relative to it: `./shop`
   */
  async compile(
    folder: string,
    packages: readonly string[],
    texts: OverlaidTexts,
    signal: AbortSignal,
  ): Promise<GoAnswer> {
    if (this.#program === undefined) return { kind: 'unknown', reason: 'there is no go command' }
    const work = await mkdtemp(join(tmpdir(), 'kode-go-'))
    try {
      const overlay = await writeOverlay(work, texts)
      const ended = await this.#processes.run({
        program: this.#program,
        args: ['list', '-test', '-export', '-f', '', '-gcflags=-e', `-overlay=${overlay.path}`, ...packages],
        cwd: folder,
        env: goEnvironment(this.#env),
        timeoutMs: TIMEOUT_MS,
        signal,
      })
      if (!ended.ok) return { kind: 'unknown', reason: ended.error.message }
      const { exitCode, timedOut, cancelled } = ended.value
      const stderr = overlay.withOwnPaths(ended.value.stderr)
      if (timedOut || cancelled) return { kind: 'unknown', reason: 'it took too long' }
      if (/GOPROXY=off|missing go\.sum entry/.test(stderr))
        return { kind: 'unknown', reason: 'its dependencies are not downloaded: run `go mod download`' }
      const errors = errorsIn(stderr)
      if (exitCode !== 0 && errors.length === 0) return { kind: 'unknown', reason: lastLine(stderr) }
      return { kind: 'judged', errors }
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

const TIMEOUT_MS = 110_000

interface Overlay {
  path: string
  /** The compiler names the files of the overlay; people know those that they stand for. */
  withOwnPaths(output: string): string
}

async function writeOverlay(work: string, texts: OverlaidTexts): Promise<Overlay> {
  const replaced: Record<string, string> = {}
  const originals = Object.keys(texts)
  for (const [index, path] of originals.entries()) {
    const text = texts[path] ?? null
    replaced[path] = text === null ? '' : join(work, `${index}`, basename(path))
    if (text === null) continue
    await mkdir(dirname(replaced[path]), { recursive: true })
    await writeFile(replaced[path], text)
  }
  const path = join(work, 'overlay.json')
  await writeFile(path, JSON.stringify({ Replace: replaced }))
  const inOverlay = new RegExp(`[^\\s:]*${basename(work)}[/\\\\](\\d+)[/\\\\][^\\s:]+\\.go`, 'g')
  return {
    path,
    withOwnPaths: output => output.replace(inOverlay, (found, index: string) => originals[Number(index)] ?? found),
  }
}

const PASSED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'GOPATH',
  'GOROOT',
  'GOCACHE',
  'GOMODCACHE',
  'XDG_CACHE_HOME',
  'USERPROFILE',
  'LOCALAPPDATA',
]

function goEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed = PASSED.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]]))
  // No other program than this one runs: no toolchain, compiler or wrapper that a go.mod or a setting names.
  return { ...Object.fromEntries(passed), GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '', CGO_ENABLED: '0' }
}

/** Lines such as `./shop/cart.go:3:5: undefined: x`, with the package before them or not. */
function errorsIn(output: string): GoError[] {
  // A package is compiled again for its tests.
  const found = new Map<string, GoError>()
  for (const match of output.matchAll(
    /^(?<path>[^\s:][^:\n]*\.go):(?<line>\d+)(?::(?<column>\d+))?: (?<message>.+)$/gm,
  )) {
    const { path = '', line = '1', column = '1', message = '' } = match.groups ?? {}
    if (message === 'too many errors') continue
    found.set(match[0], { path: path.replace(/^\.\//, ''), line: Number(line), column: Number(column), message })
  }
  return [...found.values()]
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() || 'the go command failed without a word'
}
