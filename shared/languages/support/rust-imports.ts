import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
import { declaredThroughGlobs, mayDeclare } from './rust-declares'
import { type RustFile, type RustModule, type RustUse, readRustFile } from './rust-file'
import { crateRoots, followModules, inFolder, moduleFile, moduleFolders, parentModules, parentOf } from './rust-modules'
import { BUILT_IN_CRATES, crateAround, type RustCrate } from './rust-project'
import { unparsable } from './source-limits'
import { unknown } from './syntax-verdict'
import { parseTree } from './tree-sitter'

/** `mod` without a file, and `use` of crates and modules that are not there. */
export async function checkRustImports(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const reason = unparsable(source.text)
  if (reason) return unknown(reason)
  const tree = await parseTree('rust', source.text, loadAsset)
  if (!tree) return unknown('nested too deeply to parse, or too slow')
  const file = readRustFile(tree)
  const crate = await crateAround(parentOf(source.path), project)
  const problems: Problem[] = []
  for (const module of file.modules) {
    const problem = module.isFile ? await judgeModule(module, source.path, project) : undefined
    if (problem) problems.push(problem)
  }
  for (const use of file.uses) {
    const problem =
      crate && !use.isConditional ? await judgeUse(use, file, crate, source.path, project, loadAsset) : undefined
    if (problem) problems.push(problem)
  }
  return { kind: 'judged', problems }
}

async function judgeModule(module: RustModule, path: string, project: ProjectView): Promise<Problem | undefined> {
  if (module.path !== undefined) {
    // Where an inline module looks is another folder again.
    if (module.within.length > 0 || module.path.startsWith('/')) return undefined
    if (await reaches(parentOf(path), module.path, project)) return undefined
    return problemAt(
      'unknown-module',
      module,
      `there is no file \`${module.path}\``,
      module.isConditional ? 'likely' : 'certain',
      undefined,
    )
  }
  const siblings: string[] = []
  for (const folder of moduleFolders(path, module.within)) {
    if (await moduleFile(folder, module.name, project)) return undefined
    for (const name of await project.list(folder)) siblings.push(name.replace(/\.rs$/, ''))
  }
  const message = `there is no file for the module \`${module.name}\``
  const certainty =
    module.isConditional || /generated|bindings|_pb$|^pb$|^built$/.test(module.name) ? 'likely' : 'certain'
  return problemAt(
    'unknown-module',
    module,
    message,
    certainty,
    didYouMean(
      module.name,
      siblings.filter(each => !/^(?:lib|main|mod)$/.test(each)),
    ),
  )
}

async function reaches(folder: string, path: string, project: ProjectView): Promise<boolean> {
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.replaceAll('\\\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    // What lies outside of the project is not known.
    else if (parts.pop() === undefined) return true
  }
  return (await project.kindOf(parts.join('/'))) === 'file'
}

async function judgeUse(
  use: RustUse,
  file: RustFile,
  crate: RustCrate,
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Problem | undefined> {
  const [first = '', ...rest] = use.path
  if (first === 'crate')
    return isOwnRoot(path, crate)
      ? undefined
      : judgePath(use, await crateRoots(path, project), rest, project, loadAsset)
  if (first === 'super' && use.depth === 0) {
    const { from, names } = await upwards(path, rest, project)
    return judgePath(use, from, names, project, loadAsset)
  }
  if (first === '' || /^(?:self|super|Self|\$crate)$/.test(first)) return undefined
  if (/^(?:std|core|alloc)$/.test(first) && !crate.names.has(first)) return judgeStandard(use, file, crate)
  if (BUILT_IN_CRATES.has(first) || crate.names.has(first) || crate.isOldEdition) return undefined
  // A module, enumeration or other import of this file.
  const elsewhere = file.text.slice(0, use.start) + file.text.slice(use.end)
  if (
    mentions(
      elsewhere.replace(/^\s*(?:pub(?:\([^)]*\))?\s+)?use\s[^;]*;/gm, line => declaredNames(line)),
      first,
    )
  )
    return undefined
  if (file.uses.some(other => other !== use && other.local === first)) return undefined
  // Macros write modules down by name, if they make any; what is included is not in sight.
  if (/\binclude(?:_\w+)?!/.test(file.text) || (await isUsedBeside(first, path, project))) return undefined
  if (await declaredThroughGlobs(first, file, path, project, loadAsset)) return undefined
  const suggestion = didYouMean(first, [...crate.names, ...BUILT_IN_CRATES])
  return problemAt(
    'unknown-package',
    use,
    `\`${first}\` is neither a dependency of this crate nor declared here`,
    // Who repackages a crate leaves out what only its tests, benchmarks and examples need.
    /^(?:tests|benches|examples)\//.test(relativeTo(crate, path)) || (await isConditionalModule(path, project))
      ? 'likely'
      : 'certain',
    suggestion,
    use.path.join('::'),
  )
}

/** A neighbour or a root of the crate knows the name, say by `extern crate long_name as name`. */
async function isUsedBeside(name: string, path: string, project: ProjectView): Promise<boolean> {
  const roots = [...(await crateRoots(path, project)), ...(await parentModules(path, project))]
  for (let folder = parentOf(path); ; folder = parentOf(folder)) {
    const names = await project.list(folder)
    for (const each of names.slice(0, MAX_NEIGHBOURS)) if (each.endsWith('.rs')) roots.push(inFolder(folder, each))
    if (folder === '' || names.includes('Cargo.toml')) break
  }
  for (const each of new Set(roots)) if (each !== path && mentions((await project.read(each)) ?? '', name)) return true
  return false
}

/** Only a crate that looks invented costs this search. */
const MAX_NEIGHBOURS = 60

/** What a `use` line binds, without the paths it names. */
function declaredNames(line: string): string {
  return [...line.matchAll(/(\w+)\s*[,;}]|\bas\s+(\w+)/g)].map(match => match[1] ?? match[2]).join(' ')
}

/** A path inside the crate: the first name that no file on the way mentions is wrong. */
async function judgePath(
  use: RustUse,
  from: readonly string[],
  names: readonly string[],
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Problem | undefined> {
  if (from.length === 0 || names.length === 0) return undefined
  const { files, rest } = await followModules(from, names, project)
  const [item] = rest
  if (item === undefined || item === 'self' || item === '*' || item === 'super') return undefined
  if (await mayDeclare(files, item, project, loadAsset)) return undefined
  if (rest.length === names.length && (await isExportedMacro(item, from, project))) return undefined
  const texts: string[] = []
  for (const each of files) texts.push((await project.read(each)) ?? '')
  const where = ['crate', ...names.slice(0, names.length - rest.length)].join('::')
  const known = texts.flatMap(text =>
    [...text.matchAll(/\b(?:mod|fn|struct|enum|trait|type|const|static|union)\s+(\w+)/g)].map(match => match[1]!),
  )
  return problemAt(
    'unknown-name',
    use,
    `\`${item}\` does not exist in \`${where}\``,
    'certain',
    didYouMean(item, known),
    use.path.join('::'),
  )
}

/** Binaries, tests, benchmarks and examples are crates of their own: `crate` is not the library there. */
function isOwnRoot(path: string, crate: RustCrate): boolean {
  const inside = relativeTo(crate, path)
  return !inside.startsWith('src/') || inside.startsWith('src/bin/')
}

function relativeTo({ folder }: RustCrate, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1)
}

/** Those of the possible parents that have this file as a module; another may have it by `#[path = "…"]`. */
async function declaringParents(path: string, project: ProjectView): Promise<string[]> {
  const found: string[] = []
  for (const each of await parentModules(path, project))
    if (new RegExp(`\\bmod\\s+${moduleName(path)}\\s*;`).test((await project.read(each)) ?? '')) found.push(each)
  return found
}

/**
 * Whether a `#[cfg(…)]` stands before the module a file is, or before one around it: what it needs may rightly be missing.
 * A file that no `mod` names is one by `#[path = "…"]`, or not compiled at all.
 */
async function isConditionalModule(path: string, project: ProjectView): Promise<boolean> {
  const isRoot = (await crateRoots(path, project)).includes(path) || /(?:^|\/)(?:src\/bin\/[^/]+|build)\.rs$/.test(path)
  if (!isRoot && (await declaringParents(path, project)).length === 0) return true
  const seen = new Set<string>()
  let files = [path]
  while (files.length > 0) {
    const above: string[] = []
    for (const file of files) {
      if (seen.has(file)) continue
      seen.add(file)
      const declared = new RegExp(
        `#\\[cfg[^\\n]*\\]\\s*(?:(?:#\\[|//)[^\\n]*\\s*)*(?:pub(?:\\([^)]*\\))?\\s+)?mod\\s+${moduleName(file)}\\s*;|^\\s*\\w+!\\s*[({][^;]*\\bmod\\s+${moduleName(file)}\\s*;`,
        'm',
      )
      for (const parent of await parentModules(file, project)) {
        if (declared.test((await project.read(parent)) ?? '')) return true
        above.push(parent)
      }
    }
    files = above
  }
  return false
}

/** `#[macro_export]` puts a macro at the root of the crate, wherever it is written. */
async function isExportedMacro(name: string, roots: readonly string[], project: ProjectView): Promise<boolean> {
  const declared = new RegExp(`\\bmacro_rules!\\s*${name}\\b|\\bmacro\\s+${name}\\b`)
  const folders = [...new Set(roots.map(parentOf))]
  for (let visited = 0; folders.length > 0; visited++) {
    const folder = folders.pop()!
    for (const entry of await project.list(folder)) {
      if (visited > MAX_FOLDERS) return true
      const path = inFolder(folder, entry)
      if (entry.endsWith('.rs')) {
        if (declared.test((await project.read(path)) ?? '')) return true
      } else if (!entry.startsWith('.') && entry !== 'target' && (await project.kindOf(path)) === 'directory')
        folders.push(path)
    }
  }
  return false
}

/** Only a name that looks invented costs this search; a larger crate is not searched to the end. */
const MAX_FOLDERS = 100

/** What the module in a file is called. */
function moduleName(path: string): string {
  const parts = path
    .replace(/\/mod\.rs$/, '')
    .replace(/\.rs$/, '')
    .split('/')
  return parts.at(-1) ?? ''
}

/** Where `super::super::…` starts. */
async function upwards(
  path: string,
  rest: readonly string[],
  project: ProjectView,
): Promise<{ from: readonly string[]; names: readonly string[] }> {
  let from = await declaringParents(path, project)
  let names = rest
  while (names[0] === 'super') {
    const above = await Promise.all(from.map(each => parentModules(each, project)))
    from = [...new Set(above.flat())]
    names = names.slice(1)
  }
  return { from, names }
}

/** A path of the standard library with a part that no part of it has. Newer ones than the table know more, so only a slip is certain. */
async function judgeStandard(use: RustUse, file: RustFile, crate: RustCrate): Promise<Problem | undefined> {
  const { hasStandardName, standardNames } = await import('./rust-std')
  const [first = '', ...names] = use.path
  if (/^(?:arch|simd|intrinsics)$/.test(names[0] ?? '') || /#!\[feature\(/.test(file.text)) return undefined
  const wrong = names.find(name => !/^(?:\*|self|super)$/.test(name) && !hasStandardName(name))
  if (wrong === undefined) return undefined
  const suggestion = didYouMean(wrong, standardNames())
  const message = `\`${wrong}\` does not exist in \`${first}\``
  return problemAt(
    'unknown-name',
    use,
    message,
    suggestion && !crate.isOldEdition ? 'certain' : 'likely',
    suggestion,
    use.path.join('::'),
  )
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text)
}

function problemAt(
  kind: string,
  place: { start: number; end: number; name?: string },
  message: string,
  certainty: Problem['certainty'],
  suggestion: string | undefined,
  key = message,
): Problem {
  const { start, end } = place
  return { kind, certainty, key: `${kind} ${key}`, start, end, message, ...(suggestion ? { suggestion } : {}) }
}

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
