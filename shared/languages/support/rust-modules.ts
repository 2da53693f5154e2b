import type { ProjectView } from '../project-view'
import { crateAround } from './rust-project'

/** Files that may be the root of the crate a file belongs to. */
export async function crateRoots(path: string, project: ProjectView): Promise<string[]> {
  const crate = await crateAround(parentOf(path), project)
  if (!crate) return []
  const found: string[] = []
  const usual = ['src/lib.rs', 'src/main.rs', 'lib.rs', 'main.rs'].map(name => inFolder(crate.folder, name))
  for (const root of new Set([...crate.roots, ...usual])) if ((await project.kindOf(root)) === 'file') found.push(root)
  return found
}

/** Folders in which the files of a file's own modules may lie; which one depends on how it became part of the crate. */
export function moduleFolders(path: string, within: readonly string[] = []): string[] {
  const folder = parentOf(path)
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.rs$/, '')
  const folders = [folder, inFolder(folder, stem)]
  return within.length === 0 ? folders : folders.map(each => inFolder(each, within.join('/')))
}

/** The file of `mod name;` in a folder. */
export async function moduleFile(folder: string, name: string, project: ProjectView): Promise<string | undefined> {
  for (const path of [inFolder(folder, `${name}.rs`), inFolder(folder, `${name}/mod.rs`)])
    if ((await project.kindOf(path)) === 'file') return path
  return undefined
}

/**
 * Files that may declare the module a file is: `src/a.rs` is declared in `src/lib.rs`, `src/main.rs`, `src/mod.rs` or a root of another
 * name; `src/b/a.rs` also there, in a module `b` that is written out.
 */
export async function parentModules(path: string, project: ProjectView): Promise<string[]> {
  const folder = parentOf(path)
  const isMod = path.endsWith('/mod.rs')
  const above = isMod ? parentOf(folder) : folder
  const own = isMod ? [] : [inFolder(folder, 'mod.rs')]
  const crate = await crateAround(folder, project)
  const candidates = [
    ...own,
    ...(crate?.roots ?? []).filter(root => parentOf(root) === above),
    ...(above === '' ? [] : [`${above}.rs`]),
    inFolder(above, 'mod.rs'),
    inFolder(above, 'lib.rs'),
    inFolder(above, 'main.rs'),
  ]
  const found: string[] = []
  for (const each of new Set(candidates)) if (each !== path && (await project.kindOf(each)) === 'file') found.push(each)
  const isBelowCrate = crate !== undefined && above.length > crate.folder.length
  return found.length === 0 && isBelowCrate ? parentModules(`${above}.rs`, project) : found
}

/**
 * Follows a path of module names from some files that may hold its start.
 *
 * @returns the files the last reachable module may be in, the names that are left (an item, or nothing), and the module where it is
 * written out in those files
 */
export async function followModules(
  from: readonly string[],
  names: readonly string[],
  project: ProjectView,
): Promise<{ files: readonly string[]; rest: readonly string[]; module?: string }> {
  let files = from
  for (const [place, name] of names.entries()) {
    const next: string[] = []
    for (const file of files) {
      // A module written out in the file: its names stand there. The root of a crate may also hold one of that name deeper down.
      const isInline = new RegExp(`\\bmod\\s+${name}\\s*\\{`).test((await project.read(file)) ?? '')
      const isRoot = /(?:^|\/)(?:lib|main|mod)\.rs$/.test(file)
      if (isInline && !(isRoot && (await moduleFile(parentOf(file), name, project))))
        return { files: [file], rest: names.slice(place + 1), module: name }
      for (const folder of moduleFolders(file)) {
        const found = await moduleFile(folder, name, project)
        if (found && !next.includes(found)) next.push(found)
      }
    }
    if (next.length === 0) return { files, rest: names.slice(place) }
    files = next
  }
  return { files, rest: [] }
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}
