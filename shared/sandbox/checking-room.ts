import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import type { FileSystem } from '#shared/host/host'
import { type CopiedTexts, ProjectCopy } from '#shared/host/node/project-copy'
import type { Sandbox, SandboxError } from './sandbox'

/** What a room is furnished with. */
export interface RoomParts {
  /** The project: absolute, links resolved. */
  root: string
  /** Machine-made and replaceable things of the user. */
  cacheFolder: string
  /** Tells the rooms of one project apart. */
  name: string
  /** Which files of the project are needed in it, by path. */
  isWanted(path: string): boolean
  files: FileSystem
  /** A sandbox in which only this folder can be written, and nobody outside can be reached. */
  openSandbox(root: string): Promise<Result<Sandbox, SandboxError>>
}

export interface RoomCommand {
  /** What is shown of the project: as it is on the disk, but for these texts. */
  texts: CopiedTexts
  /** A shell line; `$ROOM` is the folder it may write in, and what it prints is read from `$ROOM/answer`. */
  command: string
  /** Relative to the project. */
  folder: string
  timeoutMs: number
  signal: AbortSignal
}

export interface RoomAnswer {
  exitCode: number
  answer: string
  stderr: string
}

/**
 * Where a checker works that may run code of the project, such as build scripts and macros: on a copy, in a sandbox without network.
 * The copy stays for the next time, and with it what the checker built.
 */
export class CheckingRoom {
  readonly #parts: RoomParts
  readonly #folder: string
  readonly #copy: ProjectCopy
  #sandbox: Promise<Result<Sandbox, SandboxError>> | undefined

  constructor(parts: RoomParts) {
    const project = createHash('sha256').update(parts.root).digest('hex').slice(0, 12)
    this.#parts = parts
    this.#folder = join(parts.cacheFolder, 'deep', `${project}-${parts.name}`)
    this.#copy = new ProjectCopy(parts.root, join(this.#folder, 'room/project'), path => parts.isWanted(path))
  }

  /** Where the project is inside. */
  get project(): string {
    return this.#copy.folder
  }

  /** Runs one command. On failure the reason. */
  run({ texts, command, folder, timeoutMs, signal }: RoomCommand): Promise<Result<RoomAnswer, string>> {
    return this.occupy(texts, timeoutMs, async sandbox => {
      const room = join(this.#folder, 'room')
      const line = `ROOM=${shellWord(room)}\nrm -rf "$ROOM/answer"\n( ${command} ) > "$ROOM/answer"`
      const ended = await sandbox.run({ command: line, cwd: join(this.project, folder), timeoutMs, signal })
      if (!ended.ok) return fail(ended.error.message)
      const { exitCode, stderr, timedOut, cancelled } = ended.value
      if (timedOut || cancelled) return fail('it took too long')
      // What ran may have put a link in its place, to what only kode may read.
      const answer = await this.#parts.files.confinedTo(room).read(join(room, 'answer'), MAX_ANSWER_BYTES)
      if (!answer.ok) return fail(answer.error.message)
      return ok({ exitCode, stderr, answer: Buffer.from(answer.value).toString() })
    })
  }

  /**
   * Works in the room, furnished with these texts; others, of this process and of others, wait for it. On failure the reason.
   *
   * @param timeoutMs how long to wait for others
   */
  async occupy<T>(
    texts: CopiedTexts,
    timeoutMs: number,
    work: (sandbox: Sandbox) => Promise<Result<T, string>>,
  ): Promise<Result<T, string>> {
    const { files } = this.#parts
    const lock = await files.lock(join(this.#folder, 'lock'), timeoutMs)
    if (!lock.ok) return fail('another kode is checking this project')
    try {
      const reason = await this.#copy.show(texts)
      if (reason) return fail(reason)
      this.#sandbox ??= this.#parts.openSandbox(join(this.#folder, 'room'))
      const sandbox = await this.#sandbox
      if (!sandbox.ok) return fail(sandbox.error.message)
      if (sandbox.value.level === 'none') return fail('it would run code of the project, and no sandbox works here')
      return await work(sandbox.value)
    } finally {
      await lock.value()
    }
  }

  /** Ends the sandbox and all that runs in it; the next command opens another. */
  async close(): Promise<void> {
    const opening = this.#sandbox
    this.#sandbox = undefined
    const opened = await opening
    if (opened?.ok) await opened.value.close()
  }
}

const MAX_ANSWER_BYTES = 50_000_000
