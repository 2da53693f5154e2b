import type { ProjectView } from '../project-view'
import { crateRoots, followModules, inFolder, parentModules, parentOf } from './rust-modules'
import { crateAround } from './rust-project'

/** Modules and paths that lead to files: `self::name` for `mod name;`, and every `use` inside the crate. */
export function scanRustImports(text: string): string[] {
  const found = new Set<string>()
  for (const match of text.matchAll(/^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?mod[ \t]+(?:r#)?(\w+)[ \t]*;/gm))
    found.add(`self::${match[1]}`)
  for (const match of text.matchAll(
    /\buse\s+(?<path>(?:crate|self|super)(?:\s*::\s*\w+)*)(?<list>\s*::\s*\{[^;]*\})?/g,
  )) {
    const path = match.groups!.path!.replace(/\s/g, '')
    found.add(path)
    for (const name of match.groups?.list?.matchAll(/(?<=[{,]\s*)(\w+)/g) ?? [])
      if (name[1] !== 'self') found.add(`${path}::${name[1]}`)
  }
  // Another crate of the same workspace.
  for (const match of text.matchAll(/\buse\s+(?:::)?(?!crate|self|super|std|core|alloc)([a-z]\w*)(?:::(\w+))?/g))
    found.add(match[2] ? `${match[1]}::${match[2]}` : match[1]!)
  return [...found]
}

/** The files a path may lead to. */
export async function resolveRustImport(imported: string, fromPath: string, project: ProjectView): Promise<string[]> {
  const [first = '', ...rest] = imported.split('::')
  let from: string[] = []
  let names = rest
  if (first === 'crate') from = await crateRoots(fromPath, project)
  else if (first === 'self') from = [fromPath]
  else if (first === 'super') {
    from = await parentModules(fromPath, project)
    while (names[0] === 'super') {
      from = (await Promise.all(from.map(each => parentModules(each, project)))).flat()
      names = names.slice(1)
    }
  } else from = await workspaceRoots(first, fromPath, project)
  const { files, rest: left } = await followModules(from, names, project)
  if (first === 'self' && left.length === names.length) return []
  return files.filter(each => each !== fromPath)
}

/** `src/lib.rs` of a crate of this name beside the own one. */
async function workspaceRoots(name: string, fromPath: string, project: ProjectView): Promise<string[]> {
  const crate = await crateAround(parentOf(fromPath), project)
  if (!crate) return []
  const above = parentOf(crate.folder)
  for (const folder of [crate.folder, ...(await project.list(above)).map(each => inFolder(above, each))]) {
    const last = folder.slice(folder.lastIndexOf('/') + 1).replaceAll('-', '_')
    const root = inFolder(folder, 'src/lib.rs')
    if (
      (last === name || (folder === crate.folder && crate.names.has(name) && root !== fromPath)) &&
      (await project.kindOf(root)) === 'file'
    ) {
      const found = await crateAround(folder, project)
      if (found?.names.has(name) && last === name) return [root]
    }
  }
  return []
}
