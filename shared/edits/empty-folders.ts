import { dirname, join } from 'node:path'
import type { FileSystem } from '#shared/host/host'
import { IgnoreRules } from './ignore-rules'

/** Folders of a project with nothing in them, which no record of a change names; ignored ones left out. */
export async function emptyFolders(root: string, files: FileSystem): Promise<string[]> {
  const rules = await IgnoreRules.above(root, files)
  const found: string[] = []
  await files.walk(root, {
    enters: async (path, names) => {
      const isOurs = await rules.enters(path, names)
      if (isOurs && path !== '' && names.length === 0) found.push(path)
      return isOurs
    },
    includes: () => false,
  })
  return found
}

/** Removes an empty folder, and those above it that are empty then; the removal fails where anything is left. */
export async function removeEmptied(folder: string, root: string, files: FileSystem): Promise<void> {
  for (let each = folder; each !== '.' && each !== ''; each = dirname(each)) {
    const removed = await files.remove(join(root, each))
    if (!removed.ok) return
  }
}
