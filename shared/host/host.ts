import type { Result } from '#shared/base/result'
import type { ApprovalAnswer, ApprovalRequest, UserQuestion } from '#shared/protocol/approvals'

/** What the core needs from outside. One implementation per surface; `host/node/` is the common ground. */
export interface Host {
  files: FileSystem
  /**
   * The files as the user's editor has them: the model reads them with what is not saved yet, and what lands goes through
   * it. Absent where that is `files`.
   */
  editorFiles?: FileSystem
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
    | 'changed'
    | 'busy'
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
  /** Differs once the file was written to, replaced, or given another mode or owner. */
  version: string
  /** When that was last, in nanoseconds since 1970; nobody can set it. */
  changedNs: bigint
}

/** Bytes that are on the disk beside the file they will become; nothing is visible under its name yet. */
export interface StagedFile {
  /**
   * Puts the bytes in place in one step. Refuses with `changed` when the file is no longer the one expected.
   *
   * @param expected `FileStat.version` of the file to replace, or `absent`; without it whatever is there is replaced
   */
  commit(expected?: string): Promise<Result<void, FileError>>
  discard(): Promise<void>
}

export interface StageOptions {
  /** Exactly these permission bits; without it those of the existing file, or the usual ones for a new file. */
  mode?: number
  /** Name of the temporary file, so that whoever comes after a crash can find it; without it a random one. */
  temporaryName?: string
  /** `false` for what can be made again, and whose reader notices when a crash left half of it: it need not wait for the disk. */
  isDurable?: boolean
}

/** One entry of `walk`. */
export interface WalkedFile {
  /** Relative to where the walk began, with forward slashes. */
  path: string
  type: 'file' | 'symlink' | 'other'
  size: number
  mode: number
  version: string
  /** As in `FileStat`. */
  changedNs: bigint
}

export interface WalkOptions {
  /** Whether to go into a folder; `path` is relative (empty: where the walk began), `names` are the names in it. */
  enters(path: string, names: readonly string[]): boolean | Promise<boolean>
  /** Whether to look at a file. */
  includes(path: string): boolean
  /** Told of a folder that could not be read; `path` is relative. */
  missed?(error: FileError): void
  signal?: AbortSignal
}

/** Files by absolute path. Expected failures are values. */
export interface FileSystem {
  /** @param maxBytes refuses larger files with `too-large`; devices and FIFOs with `special-file` */
  read(path: string, maxBytes?: number): Promise<Result<Uint8Array, FileError>>
  /** Part of a file; shorter where the file ends. */
  readRange(path: string, start: number, length: number): Promise<Result<Uint8Array, FileError>>
  /**
   * Many small files, several times as fast as one after the other; hands over each as soon as it is read. The bytes are good until
   * `take` returns: the next file is read into the same place.
   */
  readMany(
    paths: readonly string[],
    maxBytes: number,
    take: (path: string, read: Result<Uint8Array, FileError>) => void,
  ): Promise<void>
  /** Follows links. */
  stat(path: string): Promise<Result<FileStat, FileError>>
  /** Does not follow the last link. */
  lstat(path: string): Promise<Result<FileStat, FileError>>
  list(path: string): Promise<Result<{ name: string; type: FileStat['type'] }[], FileError>>
  realpath(path: string): Promise<Result<string, FileError>>
  readLink(path: string): Promise<Result<string, FileError>>
  /** By temporary file in the same folder, fsync and rename; creates missing folders; keeps mode and owner of an existing file. */
  replace(path: string, bytes: Uint8Array, mode?: number): Promise<Result<void, FileError>>
  /** The first half of `replace`, for several files that must land together; the folder must exist. */
  stage(path: string, bytes: Uint8Array, options?: StageOptions): Promise<Result<StagedFile, FileError>>
  /** Makes durable which names are in a folder. */
  syncFolder(path: string): Promise<Result<void, FileError>>
  /** Appends in one write call, to no device and no FIFO; with `durable`, returns only once it is on the disk. */
  append(path: string, bytes: Uint8Array, durable?: boolean): Promise<Result<void, FileError>>
  /** With all missing parents; fine when it is there already. */
  makeFolder(path: string): Promise<Result<void, FileError>>
  /** A file, a link or an empty folder; a full one only with `recursive`. */
  remove(path: string, recursive?: boolean): Promise<Result<void, FileError>>
  rename(from: string, to: string): Promise<Result<void, FileError>>
  symlink(target: string, path: string): Promise<Result<void, FileError>>
  setMode(path: string, mode: number): Promise<Result<void, FileError>>
  /** All files below a folder, links not followed, in no order. Folders that cannot be read are left out. */
  walk(folder: string, options: WalkOptions): Promise<Result<WalkedFile[], FileError>>
  /** Files of which an editor holds text that is not saved, as far as it is known: `read` and `stat` are about that. Absolute. */
  unsaved?(): readonly string[]
  /**
   * Waits until nobody else, in this process or another, holds this lock; a dead owner's lock counts for nothing.
   *
   * @param folder is created; holds nothing but the lock
   * @returns a function that gives it back; `busy` when another living process kept it for `maxWaitMs`
   */
  lock(folder: string, maxWaitMs: number): Promise<Result<() => Promise<void>, FileError>>
  /**
   * The same file system, but no link below `root` is ever followed: `loop` or `not-directory` instead.
   * What was checked is then what is used, even if somebody swaps a folder for a link in between.
   */
  confinedTo(root: string): FileSystem
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
  /** Called once it runs. */
  onStart?(pid: number): void
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
