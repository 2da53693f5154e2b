import type { FileError } from '#shared/host/host'

const KINDS: Record<string, FileError['kind']> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  EACCES: 'denied',
  EPERM: 'denied',
  EISDIR: 'is-directory',
  ENOTDIR: 'not-directory',
  ENOTEMPTY: 'not-empty',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'read-only',
  ENAMETOOLONG: 'name-too-long',
  ELOOP: 'loop',
  EFBIG: 'too-large',
  ERR_FS_FILE_TOO_LARGE: 'too-large',
  ENXIO: 'special-file',
  // Codes of our own, thrown in this folder only.
  ESPECIAL: 'special-file',
  ECHANGED: 'changed',
}

/** What Node threw, as a value. Anything that is no error of the operating system is a bug and is thrown again. */
export function fileError(path: string, error: unknown): FileError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error
  return { kind: KINDS[error.code] ?? 'other', path, message: error.message }
}
