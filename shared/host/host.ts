import type { Result } from '#shared/base/result'
import type { ApprovalAnswer, ApprovalRequest, UserQuestion } from '#shared/protocol/approvals'

/** What the core needs from outside. One implementation per surface; `host/node/` is the common ground. */
export interface Host {
  files: FileSystem
  processes: Processes
  web: Web
  log: Log
  /** Now, in milliseconds since 1970. */
  now(): number
  /** Puts a question to the user and waits; `unavailable` where nobody can answer. */
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalAnswer>
  /** Asks what the model cannot answer itself; empty where nobody can answer. */
  ask(question: UserQuestion, signal: AbortSignal): Promise<string>
}

/** Why the file system refused. `path` is absolute. */
export interface FileError {
  kind:
    | 'not-found'
    | 'exists'
    | 'denied'
    | 'is-directory'
    | 'not-directory'
    | 'not-empty'
    | 'no-space'
    | 'read-only'
    | 'name-too-long'
    | 'loop'
    | 'too-large'
    | 'special-file'
    | 'other'
  path: string
  message: string
}

export interface FileStat {
  type: 'file' | 'directory' | 'symlink' | 'other'
  /** bytes */
  size: number
  mtimeMs: number
  /** Permission bits. */
  mode: number
}

/** Files by absolute path. Expected failures are values. */
export interface FileSystem {
  /** @param maxBytes refuses larger files with `too-large`; devices and FIFOs with `special-file` */
  read(path: string, maxBytes?: number): Promise<Result<Uint8Array, FileError>>
  /** Follows links. */
  stat(path: string): Promise<Result<FileStat, FileError>>
  /** Does not follow the last link. */
  lstat(path: string): Promise<Result<FileStat, FileError>>
  list(path: string): Promise<Result<{ name: string; type: FileStat['type'] }[], FileError>>
  realpath(path: string): Promise<Result<string, FileError>>
  readLink(path: string): Promise<Result<string, FileError>>
  /** By temporary file in the same folder, fsync and rename; creates missing folders; keeps the mode of an existing file unless given. */
  replace(path: string, bytes: Uint8Array, mode?: number): Promise<Result<void, FileError>>
  /** Appends in one write call; with `durable`, returns only once it is on the disk. */
  append(path: string, bytes: Uint8Array, durable?: boolean): Promise<Result<void, FileError>>
  makeFolder(path: string): Promise<Result<void, FileError>>
  remove(path: string, recursive?: boolean): Promise<Result<void, FileError>>
  rename(from: string, to: string): Promise<Result<void, FileError>>
  symlink(target: string, path: string): Promise<Result<void, FileError>>
  setMode(path: string, mode: number): Promise<Result<void, FileError>>
}

export interface ProcessRequest {
  program: string
  args: readonly string[]
  cwd: string
  /** The whole environment; nothing is inherited. */
  env: Readonly<Record<string, string>>
  /** Written to stdin, which is then closed; without it stdin is closed at once. */
  input?: string | Uint8Array
  /** File descriptors handed to the child as 3, 4, … */
  extraFds?: readonly number[]
  timeoutMs?: number
  /** Called with each piece as it comes. */
  onOutput?(piece: Uint8Array, stream: 'stdout' | 'stderr'): void
  /** Kept of stdout and of stderr each; of more, head and tail remain. Default 2 MB. */
  maxOutputBytes?: number
  signal?: AbortSignal
}

export interface ProcessEnd {
  /** 128 + signal number when a signal ended it. */
  exitCode: number
  stdout: string
  stderr: string
  /** Bytes left out of the middle. */
  omittedBytes: number
  timedOut: boolean
  cancelled: boolean
  durationMs: number
}

export type StartError = { kind: 'not-found' | 'denied' | 'other'; message: string }

export interface Processes {
  /** Runs to the end; on time-out or cancel the whole process group ends, first asked, then killed. Children never outlive the call. */
  run(request: ProcessRequest): Promise<Result<ProcessEnd, StartError>>
}

export interface WebRequest {
  url: string
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string
  timeoutMs: number
  maxBytes: number
  /** Refuse private, loopback and link-local addresses, at every redirect and after name resolution. */
  publicOnly: boolean
  signal?: AbortSignal
}

export interface WebReply {
  status: number
  url: string
  contentType: string
  bytes: Uint8Array
  /** More was there than `maxBytes`. */
  isCut: boolean
}

export interface Web {
  fetch(request: WebRequest): Promise<Result<WebReply, { kind: 'refused' | 'timeout' | 'network'; message: string }>>
}

export interface Log {
  write(level: 'debug' | 'info' | 'warning' | 'error', text: string): void
}
