import type { FileSystem } from '#shared/host/host'
import { canonicalPath, relativeTo } from '#shared/trust/path-scope'

/**
 * Of what is read, what lies in hidden places, links resolved.
 *
 * @param hidden absolute; folders and files
 */
export async function ownSecretsIn(
  reads: readonly string[],
  hidden: readonly string[],
  files: Pick<FileSystem, 'realpath'>,
): Promise<string[]> {
  if (reads.length === 0) return []
  const places = await Promise.all(hidden.map(path => canonicalPath(path, files)))
  const found = await Promise.all(reads.map(path => canonicalPath(path, files)))
  return reads.filter((_, at) => places.some(place => relativeTo(place, found[at] ?? '') !== undefined))
}
