import type { Result } from '#shared/base/result'
import type { ProcessEnd } from '#shared/host/host'
import type { Conversation } from './conversation'
import type { SandboxPolicy } from './policy'

/** A place where commands run confined. Built for one project; see sandbox/policy.ts for what it allows. */
export interface Sandbox {
  /** Strongest level that works here; `none` confines nothing and says so. */
  level: 'bubblewrap' | 'seatbelt' | 'none'
  /** One line for people: the level, and what it does not cover. */
  description: string
  /** Runs a command line with `sh -c`. When the sandbox cannot be built nothing runs. */
  run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>>
  /** Starts a command line that goes on beside the session; it ends with `close()` at the latest. */
  start(command: BackgroundRequest): Promise<Result<BackgroundCommand, SandboxError>>
  /** Starts a command line that is talked to over stdin and stdout; it ends with `close()` at the latest. */
  converse(request: ConverseRequest): Promise<Result<Conversation, SandboxError>>
  /** Runs without the wall what cannot work inside. Only after a human approved exactly this; the environment stays cut down. */
  runOutside(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>>
  /** What is allowed, as data for `kode sandbox check`. */
  effectivePolicy(): SandboxPolicy
  /** Ends what is still running and frees what was set up. */
  close(): Promise<void>
}

export interface SandboxCommand {
  command: string
  /** Absolute, inside the project. */
  cwd: string
  timeoutMs: number
  /** It finds a terminal where it reads and writes; all it prints is then stdout, without what progress lines overwrote. */
  isOnTerminal?: boolean
  /** Without control sequences; secrets are redacted only in the result. */
  onOutput?(piece: Uint8Array, stream: 'stdout' | 'stderr'): void
  signal?: AbortSignal
}

export interface SandboxEnd extends ProcessEnd {
  /** What the wall held back, as advice for the model; empty when nothing was noticed. */
  violations: string[]
}

export interface BackgroundRequest {
  command: string
  /** Absolute, inside the project. */
  cwd: string
  onOutput?(piece: Uint8Array, stream: 'stdout' | 'stderr'): void
}

export interface ConverseRequest {
  command: string
  /** Absolute, inside the project. */
  cwd: string
  /** On top of what every command gets. */
  env: Readonly<Record<string, string>>
  /**
   * It is a browser: that cannot start without socket files. In return it sees no place where others have theirs; `cwd` is the
   * root folder then.
   */
  isBrowser?: boolean
}

/** A command that runs beside the session. */
export interface BackgroundCommand {
  /** Of the process that holds it, outside the sandbox. */
  pid: number
  /** What it printed so far, stdout and stderr as they came, secrets redacted; of much output the beginning and the end. */
  output(): string
  /** Resolves when it has ended, by itself or not. */
  ended: Promise<Result<SandboxEnd, SandboxError>>
  stop(): Promise<void>
}

export interface SandboxError {
  kind: 'unavailable' | 'cannot-build' | 'refused'
  /** What happened and what to do, in one line. */
  message: string
}
