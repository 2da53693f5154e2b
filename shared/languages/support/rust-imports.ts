import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
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
    const problem = crate && !use.isConditional ? await judgeUse(use, file, crate, source.path, project) : undefined
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
): Promise<Problem | undefined> {
  const [first = '', ...rest] = use.path
  if (first === 'crate') return judgePath(use, await crateRoots(path, project), rest, project)
  if (first === 'super' && use.depth === 0 && rest[0] !== 'super')
    return judgePath(use, await parentModules(path, project), rest, project)
  if (first === '' || /^(?:self|super|Self|\$crate)$/.test(first)) return undefined
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
  if (file.uses.some(other => other !== use && (other.local === '*' || other.local === first))) return undefined
  if (file.hasItemMacros || (await isUsedBeside(first, path, project))) return undefined
  const suggestion = didYouMean(first, [...crate.names, ...BUILT_IN_CRATES])
  return problemAt(
    'unknown-package',
    use,
    `\`${first}\` is neither a dependency of this crate nor declared here`,
    'certain',
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
): Promise<Problem | undefined> {
  if (from.length === 0 || names.length === 0) return undefined
  const { files, rest } = await followModules(from, names, project)
  const [item] = rest
  if (item === undefined || item === 'self' || item === '*' || item === 'super') return undefined
  const texts: string[] = []
  for (const each of files) texts.push((await project.read(each)) ?? '')
  // Names that come through globs and macros are not written down.
  if (
    texts.some(
      text =>
        mentions(text.replace(/\/\/.*$/gm, ''), item) || /\buse\s[^;]*\*|^\s*[\w:]+!\s*[({[]|\binclude!/m.test(text),
    )
  )
    return undefined
  if (texts.some(text => ITEM_MACRO.test(text))) return undefined
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

/** An attribute that is none of the usual ones may be a macro that adds items. */
const ITEM_MACRO =
  /#\[(?!derive|cfg|inline|doc|allow|deny|warn|expect|test|must_use|non_exhaustive|repr|serde|default|deprecated|path|macro_|cold|track_caller|ignore|should_panic|error|from|source|clap|arg|command|tokio::|async_trait|no_mangle|unsafe|rustfmt|clippy)/

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
