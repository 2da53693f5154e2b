import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { type RustFile, type RustUse, readRustFile } from './rust-file'
import { crateRoots, followModules, parentModules, parentOf } from './rust-modules'
import { crateAround } from './rust-project'
import { sourcesOf } from './rust-sources'
import { parseTree } from './tree-sitter'

/** How many files globs are followed through before a name counts as possible. */
const MAX_FILES = 40

/** A name looked for, and where: the file in which it is used, without the use itself. */
export interface NameQuestion {
  readonly name: string
  /** A module or crate: no attribute makes those, and few macros do. */
  readonly isModule: boolean
  readonly path: string
  /** Words of that file that may declare something. */
  readonly declared: ReadonlySet<string>
}

/**
 * Whether one of some modules may have a name: it is written there, comes through `use …::*`, or from what cannot be read here
 * (macros, other crates). False is certain.
 */
export function mayDeclare(
  files: readonly string[],
  question: NameQuestion,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(question, project, loadAsset).isIn(files)
}

/** Whether globs, macros or attributes of one file may bring a name; the text of the file itself is not searched. */
export function mayArriveIn(
  file: RustFile,
  question: NameQuestion,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(question, project, loadAsset).arrivesIn(file, question.path)
}

type HiddenSources = Pick<RustFile, 'uses' | 'itemMacros' | 'text'>

const hiddenInFiles = new WeakMap<ProjectView, Map<string, Promise<HiddenSources | undefined>>>()

/** The globs and macros of a file; undefined when it does not parse. Asked again for every name, so it is kept. */
function hiddenSourcesOf(
  path: string,
  text: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<HiddenSources | undefined> {
  const known = hiddenInFiles.get(project) ?? new Map<string, Promise<HiddenSources | undefined>>()
  hiddenInFiles.set(project, known)
  const found = known.get(path) ?? readHidden(text, loadAsset)
  known.set(path, found)
  return found
}

async function readHidden(text: string, loadAsset: AssetLoader): Promise<HiddenSources | undefined> {
  const tree = await parseTree('rust', text, loadAsset)
  if (!tree) return undefined
  const file = readRustFile(tree)
  if (file.isBroken) return undefined
  return { text, itemMacros: file.itemMacros, uses: file.uses.filter(use => use.local === '*') }
}

class NameSearch {
  readonly #question: NameQuestion
  readonly #word: RegExp
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader
  readonly #seen = new Set<string>()

  constructor(question: NameQuestion, project: ProjectView, loadAsset: AssetLoader) {
    this.#question = question
    this.#word = new RegExp(`\\b${question.name}\\b`)
    this.#project = project
    this.#loadAsset = loadAsset
  }

  async isIn(paths: readonly string[]): Promise<boolean> {
    const { name, declared } = this.#question
    for (const path of paths) {
      if (this.#seen.has(path)) continue
      this.#seen.add(path)
      const text = await this.#project.read(path)
      if (text === undefined || this.#seen.size > MAX_FILES) return true
      const isWritten =
        path === this.#question.path ? declared.has(name) : this.#word.test(text.replace(/\/\/.*$/gm, ''))
      if (isWritten) return true
      const sources = await hiddenSourcesOf(path, text, this.#project, this.#loadAsset)
      if (!sources || (await this.arrivesIn(sources, path))) return true
    }
    return false
  }

  async arrivesIn(file: HiddenSources, path: string): Promise<boolean> {
    if (INCLUDED.test(file.text) || (ADDED_BY_ATTRIBUTE.test(file.text) && this.#mayBeMadeFrom(file.text))) return true
    return (await this.#comesFromMacros(file.itemMacros, path)) || (await this.#comesThroughGlobs(file, path))
  }

  /** `CartBuilder` of `Cart`: what an attribute adds is named after what it stands before. */
  #mayBeMadeFrom(text: string): boolean {
    const { name, isModule } = this.#question
    if (isModule) return false
    if (name === 'Rule' || name.endsWith('Snafu')) return true
    const plain = plainLetters(name)
    for (const [, declared = ''] of text.matchAll(/\b(?:struct|enum|trait|fn)\s+(\w{3,})/g))
      if (plain.includes(plainLetters(declared))) return true
    return false
  }

  /** A macro of this crate makes only names that stand among its rules or its arguments; one of another crate may make any. */
  async #comesFromMacros(macros: ReadonlySet<string>, path: string): Promise<boolean> {
    const { name, isModule } = this.#question
    if (macros.size === 0) return false
    const crate = await crateAround(parentOf(path), this.#project)
    const sources = crate && (await sourcesOf(crate, this.#project))
    if (!sources) return true
    for (const macro of macros) {
      const rules = sources.macroRules(macro)
      if (rules === undefined) {
        if (!isModule || MAKES_MODULES.test(macro)) return true
        continue
      }
      if (INCLUDED.test(rules) || (sources.joinsNames && !isModule)) return true
    }
    return sources.has(name, this.#question.path)
  }

  async #comesThroughGlobs(file: HiddenSources, path: string): Promise<boolean> {
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
    // The instructions of processors are in no table.
    if (/^(?:std|core)$/.test(first) && /^(?:arch|simd|intrinsics)$/.test(rest[0] ?? '')) return undefined
    if (/^(?:std|core|alloc)$/.test(first))
      return (await import('./rust-std')).hasStandardName(this.#question.name) ? undefined : []
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
    const crate = await crateAround(parentOf(path), this.#project)
    if (crate?.names.has(first) && BRINGS_NO_MODULES.has(first) && this.#question.isModule) return []
    const text = (await this.#project.read(path)) ?? ''
    return new RegExp(`\\b(?:enum|mod)\\s+${first}\\b`).test(text) ? [] : undefined
  }

  async #filesBelow(from: readonly string[], names: readonly string[]): Promise<readonly string[] | undefined> {
    if (from.length === 0) return undefined
    const { files, rest } = await followModules(from, names, this.#project)
    const [next] = rest
    if (next === undefined) return files
    // Variants of an enumeration stand in its file; anything else comes from where this search does not follow.
    const enumeration = new RegExp(`\\benum\\s+${next}\\b`)
    for (const each of files) if (enumeration.test((await this.#project.read(each)) ?? '')) return files
    return undefined
  }
}

/** An attribute that is none of the usual ones may be a macro that adds items. */
const ADDED_BY_ATTRIBUTE =
  /#\[(?!derive|cfg|inline|doc|allow|deny|warn|expect|test|must_use|non_exhaustive|repr|serde|default|deprecated|path|macro_|cold|track_caller|ignore|should_panic|error|from|source|clap|arg|command|tokio::|async_trait|no_mangle|unsafe|rustfmt|clippy|link|export_name|global_allocator|panic_handler|target_feature|automatically_derived|proc_macro|bench|rustc_|stable|unstable|pin|cold|used|no_link|allow_internal|diagnostic|instrument|tracing::)/

const INCLUDED = /\binclude(?!_str|_bytes)(?:_\w+)?!/

/** Macros of other crates that write whole modules. */
const MAKES_MODULES =
  /generate|include|bindgen|import|abi|\bsol\b|setup|load|embed|proto|slint|schema|i18n|shadow|ffi|paste|mod/i

function plainLetters(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

/** Crates of whose globs and preludes no module is a part. */
const BRINGS_NO_MODULES = new Set(
  'rayon itertools futures futures_util pyo3 rand rand_core num_traits num byteorder quote libc anyhow serde clap chrono once_cell regex bytes tokio tracing log thiserror nom digest'.split(
    ' ',
  ),
)
