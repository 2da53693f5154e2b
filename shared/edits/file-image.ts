import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import { hashOf } from './text-file'

/** What is at a path: enough to put it back exactly. */
export type FileImage =
  | { kind: 'absent' }
  | {
      kind: 'file'
      /** SHA-256 of the bytes, hexadecimal. */
      hash: string
      size: number
      /** Permission bits; absent for a file that is to be new and gets the usual ones. */
      mode?: number
      /** Absent where the content was too large to keep. */
      bytes?: Uint8Array
    }
  | { kind: 'link'; target: string }
  | { kind: 'folder'; mode: number }

export const ABSENT: FileImage = { kind: 'absent' }

/** A file to be written. */
export function fileImage(bytes: Uint8Array, mode: number | undefined): FileImage {
  return { kind: 'file', hash: hashOf(bytes), size: bytes.length, bytes, ...(mode === undefined ? {} : { mode }) }
}

/** What is at a path now, and the version that a later write can insist on. */
export interface SeenImage {
  image: FileImage
  /** For `StagedFile.commit`. */
  version: string
}

/** Looks at a path; links are not followed. */
export async function lookAt(absolute: string, files: FileSystem): Promise<Result<SeenImage, FileError>> {
  const stat = await files.lstat(absolute)
  if (!stat.ok) {
    // Below a file there is nothing either.
    const isAbsent = stat.error.kind === 'not-found' || stat.error.kind === 'not-directory'
    return isAbsent ? ok({ image: ABSENT, version: 'absent' }) : stat
  }
  const { type, mode, version } = stat.value
  if (type === 'directory') return ok({ image: { kind: 'folder', mode }, version })
  if (type === 'symlink') {
    const target = await files.readLink(absolute)
    return target.ok ? ok({ image: { kind: 'link', target: target.value }, version }) : target
  }
  if (type === 'other') {
    return fail({ kind: 'special-file', path: absolute, message: 'is a device, pipe or socket' })
  }
  const bytes = await files.read(absolute, MOST_KEPT_BYTES)
  return bytes.ok ? ok({ image: fileImage(bytes.value, mode), version }) : bytes
}

/** The content of a larger file is not kept, so such a file is not touched. */
export const MOST_KEPT_BYTES = 256 * 1024 * 1024

/** Whether two images are the same, as far as both are known. */
export function isSameImage(a: FileImage, b: FileImage): boolean {
  if (a.kind === 'file' && b.kind === 'file') {
    return a.hash === b.hash && (a.mode === undefined || b.mode === undefined || a.mode === b.mode)
  }
  if (a.kind === 'link' && b.kind === 'link') return a.target === b.target
  return a.kind === b.kind
}

/** What several changes of a file amount to, by path: the first image before, and the last after. */
export function netImages(
  entries: Iterable<{ path: string; before: FileImage; after: FileImage }>,
): Map<string, { before: FileImage; after: FileImage }> {
  const net = new Map<string, { before: FileImage; after: FileImage }>()
  for (const { path, before, after } of entries) net.set(path, { before: net.get(path)?.before ?? before, after })
  return net
}
