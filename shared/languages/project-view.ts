import type { ChangeSet } from '#shared/edits/change-set'

/**
 * A project as languages, index and gates may see it: read only, at one moment.
 * Paths are relative to the project with forward slashes and normalised; `''` is its root. `../` leads to what surrounds the project:
 * a package of a larger repository imports its neighbours and finds its dependencies in a parent's folder.
 * One view is used for one run and caches what it read: what it answers once it answers always.
 */
export interface ProjectView {
  /** Absolute; for messages only. */
  readonly root: string
  /** Decoded text without BOM; undefined when there is no such text file, or it is too large to be judged. */
  read(path: string): Promise<string | undefined>
  /** `undefined` when nothing is there. Links are followed. */
  kindOf(path: string): Promise<'file' | 'directory' | undefined>
  /** Names in a folder, as the disk spells them; empty when there is none. */
  list(path: string): Promise<readonly string[]>
}

/** The project as it would be after a change; the given view stays as it is. */
export function withChanges(project: ProjectView, changes: ChangeSet): ProjectView {
  const written = new Map<string, string>()
  const removed = new Set<string>()
  for (const file of changes.files) {
    if (file.oldPath !== undefined && file.oldPath !== file.path) removed.add(file.oldPath)
    if (file.after === undefined) removed.add(file.path)
  }
  for (const file of changes.files) {
    if (file.after === undefined) continue
    written.set(file.path, file.after)
    removed.delete(file.path)
  }
  const namesIn = childNames([...written.keys()])

  return {
    root: project.root,
    async read(path) {
      return written.get(path) ?? (removed.has(path) ? undefined : project.read(path))
    },
    async kindOf(path) {
      if (written.has(path)) return 'file'
      if (namesIn.has(path)) return 'directory'
      return removed.has(path) ? undefined : project.kindOf(path)
    },
    async list(path) {
      const names = new Set(namesIn.get(path))
      const prefix = path === '' ? '' : `${path}/`
      for (const name of await project.list(path)) if (!removed.has(prefix + name)) names.add(name)
      return [...names]
    },
  }
}

/** The project as it was before a change that is on the disk already. */
export function withoutChanges(project: ProjectView, changes: ChangeSet): ProjectView {
  const reversed = changes.files.map(({ before, after, oldPath, path, kind, hunkIds }) => ({
    path: oldPath ?? path,
    kind,
    hunkIds,
    ...(oldPath !== undefined && { oldPath: path }),
    ...(after !== undefined && { before: after }),
    ...(before !== undefined && { after: before }),
  }))
  return withChanges(project, { id: changes.id, files: reversed })
}

/** For each folder on the way to one of the paths, the names in it that lead there. */
function childNames(paths: readonly string[]): Map<string, Set<string>> {
  const namesIn = new Map<string, Set<string>>()
  for (const path of paths) {
    for (let child = path; child !== ''; ) {
      const slash = child.lastIndexOf('/')
      const folder = slash < 0 ? '' : child.slice(0, slash)
      const names = namesIn.get(folder) ?? new Set()
      namesIn.set(folder, names.add(child.slice(slash + 1)))
      child = folder
    }
  }
  return namesIn
}
