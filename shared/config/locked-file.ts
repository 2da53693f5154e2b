import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fail, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import type { KodePaths } from './paths'

/**
 * For what reads a file of the user's, changes it and writes it back: no other process of kode does the same to this file
 * meanwhile, so that neither loses what the other wrote.
 */
export async function whileLocked<T>(
  path: string,
  { files, paths }: { files: FileSystem; paths: Pick<KodePaths, 'db'> },
  change: () => Promise<Result<T, string>>,
): Promise<Result<T, string>> {
  // Not beside the file: it may be one of the project's.
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16)
  const release = await files.lock(join(paths.db, 'locks', name), LONGEST_WAIT_MS)
  if (!release.ok) return fail(`${path}: ${release.error.message}`)
  try {
    return await change()
  } finally {
    await release.value()
  }
}

/** Who holds it only reads and writes a small file. */
const LONGEST_WAIT_MS = 10_000
