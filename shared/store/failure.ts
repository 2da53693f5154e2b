import { EXIT } from '#shared/protocol/exit-codes'

/** Why the store could not do what it was asked. `message` tells the reader the next step. */
export class StoreFailure extends Error {
  readonly kind: StoreFailureKind
  readonly path: string
  /** Of a command that it ends. */
  readonly exitCode = EXIT.failed

  constructor(kind: StoreFailureKind, path: string, message: string) {
    super(message)
    this.name = 'StoreFailure'
    this.kind = kind
    this.path = path
  }
}

export type StoreFailureKind =
  | 'no-space'
  | 'read-only'
  | 'denied'
  | 'not-folder'
  | 'exists'
  | 'newer-schema'
  | 'closed'
  | 'other'

/** Makes a failure of the file system one of the store; anything else is a bug and stays what it is. */
export function storeFailure(thrown: unknown, path: string): StoreFailure {
  if (thrown instanceof StoreFailure) return thrown
  const code = errorCode(thrown)
  if (!code) throw thrown
  const [kind, advice] = ADVICE[code] ?? ['other', `The file system says ${code}.`]
  return new StoreFailure(kind, path, `Cannot save to ${path}. ${advice}`)
}

/** The errno name of a thrown value, such as `ENOENT`. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}

/** Runs what may find nothing there; `undefined` then. Every other failure goes on. */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'ENOTDIR') return undefined
    throw thrown
  }
}

/** Writes what can be done without where the disk takes nothing; returns whether it was written. */
export function isWritten(path: string, write: () => void): boolean {
  try {
    write()
    return true
  } catch (thrown) {
    storeFailure(thrown, path)
    return false
  }
}

const ADVICE: Record<string, [StoreFailureKind, string]> = {
  ENOSPC: [
    'no-space',
    'The disk is full: free some space, or run "kode sessions purge". What was saved before is intact.',
  ],
  EDQUOT: [
    'no-space',
    'The disk quota is used up: free some space, or run "kode sessions purge". What was saved before is intact.',
  ],
  EROFS: [
    'read-only',
    'The file system is read-only. Use --ephemeral to work without saving, or set XDG_CONFIG_HOME to a writable folder.',
  ],
  EACCES: [
    'denied',
    'Permission denied. Make the folder yours, use --ephemeral, or set XDG_CONFIG_HOME to a writable folder.',
  ],
  EPERM: [
    'denied',
    'Permission denied. Make the folder yours, use --ephemeral, or set XDG_CONFIG_HOME to a writable folder.',
  ],
  ENOTDIR: ['not-folder', 'A file stands where a folder should be. Move it away.'],
  EISDIR: ['not-folder', 'A folder stands where a file should be. Move it away.'],
  EEXIST: ['exists', 'Something of that name is already there.'],
  EIO: ['other', 'The disk reports an input/output error. Check the disk before you go on.'],
}
