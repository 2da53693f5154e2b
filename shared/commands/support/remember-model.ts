import type { KodePaths } from '#shared/config/paths'
import { saveChoice } from '#shared/config/saved-choice'
import type { FileSystem } from '#shared/host/host'
import { findProvider } from '#shared/providers/known-providers'

/** Keeps what was chosen for later conversations; an endpoint of the user's own is named by its address each time. */
export async function rememberModel(
  provider: string,
  model: string,
  files: FileSystem,
  paths: KodePaths,
): Promise<void> {
  const known = findProvider(provider)
  if (!known || known.baseUrl === '') return
  const saved = await saveChoice({ provider: known.name, model }, files, paths)
  if (!saved.ok) throw new Error(`The choice is not kept for later: ${saved.error.message}`)
}
