import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { type RustFile, type RustUse, readRustFile } from './rust-file'
import { crateRoots, followModules, parentModules } from './rust-modules'
import { parseTree } from './tree-sitter'

/** How many files globs are followed through before a name counts as possible. */
const MAX_FILES = 40

/**
 * Whether one of some modules may have a name: it is written there, comes through `use …::*`, or from what cannot be read here
 * (macros, other crates). False is certain.
 */
export function mayDeclare(
  files: readonly string[],
  name: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(name, project, loadAsset).isIn(files)
}

/** Whether the globs of one file may bring a name; the text of the file itself is not searched. */
export function declaredThroughGlobs(
  name: string,
  file: RustFile,
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(name, project, loadAsset).comesThroughGlobs(file, path)
}

type GlobUses = Pick<RustFile, 'uses'>

const globsOfFiles = new WeakMap<ProjectView, Map<string, Promise<GlobUses | undefined>>>()

/** The globs of a file; undefined when it may have names that stand nowhere. Asked again for every name, so it is kept. */
function hiddenSourcesOf(
  path: string,
  text: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<GlobUses | undefined> {
  const known = globsOfFiles.get(project) ?? new Map<string, Promise<GlobUses | undefined>>()
  globsOfFiles.set(project, known)
  const found = known.get(path) ?? readGlobs(text, loadAsset)
  known.set(path, found)
  return found
}

async function readGlobs(text: string, loadAsset: AssetLoader): Promise<GlobUses | undefined> {
  const tree = await parseTree('rust', text, loadAsset)
  if (!tree) return undefined
  const file = readRustFile(tree)
  if (file.isBroken || file.hasItemMacros) return undefined
  return { uses: file.uses.filter(use => use.local === '*') }
}

class NameSearch {
  readonly #name: RegExp
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader
  readonly #seen = new Set<string>()

  constructor(name: string, project: ProjectView, loadAsset: AssetLoader) {
    this.#name = new RegExp(`\\b${name}\\b`)
    this.#project = project
    this.#loadAsset = loadAsset
  }

  async isIn(paths: readonly string[]): Promise<boolean> {
    for (const path of paths) {
      if (this.#seen.has(path)) continue
      this.#seen.add(path)
      const text = await this.#project.read(path)
      if (text === undefined || this.#seen.size > MAX_FILES) return true
      if (this.#name.test(text.replace(/\/\/.*$/gm, '')) || ADDED_BY_ATTRIBUTE.test(text) || INCLUDED.test(text))
        return true
      const sources = await hiddenSourcesOf(path, text, this.#project, this.#loadAsset)
      if (!sources || (await this.comesThroughGlobs(sources, path))) return true
    }
    return false
  }

  async comesThroughGlobs(file: Pick<RustFile, 'uses'>, path: string): Promise<boolean> {
    for (const use of file.uses) {
      if (use.local !== '*') continue
      const targets = await this.#targetsOf(use, path)
      if (targets === undefined || (await this.isIn(targets))) return true
    }
    return false
  }

  /** The files a glob reads from; undefined when they are not of this crate. Names of an inline module or enumeration stand in its file. */
  async #targetsOf(use: RustUse, path: string): Promise<readonly string[] | undefined> {
    const [first = '', ...rest] = use.path
    // Traits and types with well known names, which the standard library's table answers for.
    if (/^(?:std|core|alloc)$/.test(first))
      return (await import('./rust-std')).hasStandardName(this.#nameText()) ? undefined : []
    const ups = use.path.filter(each => each === 'super').length
    if (first === 'self' || (ups > 0 && ups <= use.depth)) {
      const names = use.path.filter(each => each !== 'self' && each !== 'super')
      return this.#filesBelow([path], names)
    }
    if (first === 'crate') return this.#filesBelow(await crateRoots(path, this.#project), rest)
    if (first === 'super') {
      let from = await parentModules(path, this.#project)
      for (let up = 1; up < ups - use.depth; up++)
        from = (await Promise.all(from.map(each => parentModules(each, this.#project)))).flat()
      return this.#filesBelow(from, use.path.slice(ups))
    }
    // `use Kind::*` of this very file, or a module declared here; anything else is another crate.
    const { files } = await followModules([path], use.path, this.#project)
    if (files[0] !== path) return files
    const text = (await this.#project.read(path)) ?? ''
    return new RegExp(`\\b(?:enum|mod)\\s+${first}\\b`).test(text) ? [] : undefined
  }

  async #filesBelow(from: readonly string[], names: readonly string[]): Promise<readonly string[] | undefined> {
    if (from.length === 0) return undefined
    const { files } = await followModules(from, names, this.#project)
    return files
  }

  #nameText(): string {
    return this.#name.source.slice(2, -2)
  }
}

/** An attribute that is none of the usual ones may be a macro that adds items. */
const ADDED_BY_ATTRIBUTE =
  /#\[(?!derive|cfg|inline|doc|allow|deny|warn|expect|test|must_use|non_exhaustive|repr|serde|default|deprecated|path|macro_|cold|track_caller|ignore|should_panic|error|from|source|clap|arg|command|tokio::|async_trait|no_mangle|unsafe|rustfmt|clippy|link|export_name|global_allocator|panic_handler|target_feature|automatically_derived|proc_macro|bench|rustc_|stable|unstable|pin|cold|used|no_link|allow_internal|diagnostic|instrument|tracing::)/

const INCLUDED = /\binclude(?:_\w+)?!/
