import type { Result } from '#shared/base/result'
import type { ProcessEnd } from '#shared/host/host'

/** A place where commands run confined. Built for one project; see sandbox/policy.ts for what it allows. */
export interface Sandbox {
  /** Strongest level that works here; `none` confines nothing and says so. */
  level: 'bubblewrap' | 'seatbelt' | 'none'
  /** One line for people: the level, and what it does not cover. */
  description: string
  /** Runs a command line with `sh -c`. When the sandbox cannot be built nothing runs. */
  run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>>
  /** Ends what is still running and frees what was set up. */
  close(): Promise<void>
}

export interface SandboxCommand {
  command: string
  /** Absolute, inside the project. */
  cwd: string
  timeoutMs: number
  onOutput?(piece: Uint8Array, stream: 'stdout' | 'stderr'): void
  signal?: AbortSignal
}

export interface SandboxEnd extends ProcessEnd {
  /** What the wall held back, as advice for the model; empty when nothing was noticed. */
  violations: string[]
}

export interface SandboxError {
  kind: 'unavailable' | 'cannot-build' | 'refused'
  /** What happened and what to do, in one line. */
  message: string
}
