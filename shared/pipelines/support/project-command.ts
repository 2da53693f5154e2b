import { join } from 'node:path'
import type { FileSystem } from '#shared/host/host'

/** A command that a project has by a file in its root. */
export interface ProjectCommand {
  file: string
  command: string
  /** What must stand in the file. */
  needs?: RegExp
  /** In which file instead. */
  needsIn?: string
}

/** The commands whose files are there, in the order of the table. */
export async function commandsOf(
  table: readonly ProjectCommand[],
  root: string,
  files: FileSystem,
): Promise<ProjectCommand[]> {
  const found = await Promise.all(table.map(entry => isThere(entry, root, files)))
  return table.filter((_, at) => found[at])
}

async function isThere({ file, needs, needsIn }: ProjectCommand, root: string, files: FileSystem): Promise<boolean> {
  if (!needs || needsIn) {
    const { ok } = await files.stat(join(root, file))
    if (!ok || !needs) return ok
  }
  const bytes = await files.read(join(root, needsIn ?? file), 1_000_000)
  return bytes.ok && needs.test(new TextDecoder().decode(bytes.value))
}
