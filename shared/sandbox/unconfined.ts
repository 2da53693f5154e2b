import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import { cleaned, readable, startInBackground, whyNotRunnable } from './command-run'
import type { Conversation } from './conversation'
import { commandEnvironment } from './environment'
import { DEFAULT_LIMITS } from './limits'
import type { SandboxPolicy } from './policy'
import { lineToRun } from './pseudo-terminal'
import type { BackgroundCommand, BackgroundRequest, Sandbox, SandboxCommand, SandboxEnd, SandboxError } from './sandbox'

/** What runs without a wall is given. */
export interface UnconfinedParts {
  /** Why there is no wall, for people. */
  description: string
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** Names of more variables to pass. */
  passVariables: readonly string[]
}

type Run = Omit<SandboxCommand, 'timeoutMs'> & { timeoutMs?: number; onStart?(pid: number): void }

/** No wall: says so, so that trust asks instead. Only the environment is cut down, and everything ends with the session. */
export class Unconfined implements Sandbox {
  readonly level = 'none'
  readonly description: string
  readonly #parts: UnconfinedParts
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()

  constructor(parts: UnconfinedParts) {
    this.#parts = parts
    this.description = parts.description
  }

  run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    return this.#run(command)
  }

  start(request: BackgroundRequest): Promise<Result<BackgroundCommand, SandboxError>> {
    return startInBackground(request, this.#parts.env, (signal, onStart, onOutput) =>
      this.#run({ ...request, signal, onStart, onOutput }),
    )
  }

  /** What asks for a wall gets none here, and so does not start. */
  async converse(): Promise<Result<Conversation, SandboxError>> {
    return fail({ kind: 'unavailable', message: `there is no sandbox to run it in: ${this.description}` })
  }

  runOutside(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    return this.#run(command)
  }

  effectivePolicy(): SandboxPolicy {
    return {
      level: this.level,
      files: { write: ['/'], protect: [], hide: [] },
      network: { mode: 'open', allow: [] },
      environment: Object.keys(commandEnvironment('', this.#parts.env, this.#parts.passVariables)),
      limits: DEFAULT_LIMITS,
      notCovered: ['files', 'network', 'processes', 'memory and disk'],
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#running)
  }

  async #run(command: Run): Promise<Result<SandboxEnd, SandboxError>> {
    const { processes, env, passVariables } = this.#parts
    const line = lineToRun(command, env.PATH)
    if (!line.ok) return line
    const refusal = whyNotRunnable(line.value)
    if (refusal) return fail(refusal)
    const running = processes.run({
      program: process.platform === 'win32' ? 'sh.exe' : '/bin/sh',
      args: ['-c', line.value],
      cwd: command.cwd,
      env: commandEnvironment(command.command, env, passVariables),
      signal: command.signal ? AbortSignal.any([command.signal, this.#closing.signal]) : this.#closing.signal,
      ...(command.timeoutMs !== undefined && { timeoutMs: command.timeoutMs }),
      ...(command.onStart && { onStart: command.onStart }),
      ...(command.onOutput && { onOutput: cleaned(command.onOutput) }),
    })
    this.#running.add(running)
    const ended = await running
    this.#running.delete(running)
    if (!ended.ok) return fail({ kind: 'cannot-build', message: `The shell did not start: ${ended.error.message}` })
    return ok({ ...ended.value, ...readable(ended.value, command, env), violations: [] })
  }
}
