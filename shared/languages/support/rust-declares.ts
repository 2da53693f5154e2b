import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { type RustFile, type RustUse, readRustFile } from './rust-file'
import { crateRoots, followModules, parentModules, parentOf } from './rust-modules'
import { crateAround } from './rust-project'
import { sourcesOf } from './rust-sources'
import { parseTree } from './tree-sitter'

/** How many files globs are followed through before a name counts as possible. */
const MAX_FILES = 120

/** A name looked for, and where: the file in which it is used, without the use itself. */
export interface NameQuestion {
  readonly name: string
  /** A module or crate: no attribute makes those, and few macros do. */
  readonly isModule: boolean
  readonly path: string
  /** Words of that file that may declare something. */
  readonly declared: ReadonlySet<string>
  /** The import that asks, which cannot bring the name itself. */
  readonly asking?: RustUse | undefined
}

/** Modules by file: their top, or one that is written out in them. */
export interface RustScope {
  readonly files: readonly string[]
  readonly module?: string | undefined
}

/**
 * Whether one of some modules may have a name: it is written there, comes through `use …::*`, or from what cannot be read here
 * (macros, other crates). False is certain.
 */
export function mayDeclare(
  scope: RustScope,
  question: NameQuestion,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(question, project, loadAsset).isIn(scope)
}

/** Whether globs, macros or attributes of one file may bring a name; the text of the file itself is not searched. */
export function mayArriveIn(
  file: RustFile,
  question: NameQuestion,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  return new NameSearch(question, project, loadAsset).arrivesIn(file, question.path, () => true)
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
  // What does not parse may hide imports, macros and modules; most often it is an expression.
  if (tree.broken.some(({ start, end }) => /\b(?:use|mod)\b|!\s*[({[]|#!?\[/.test(text.slice(start, end))))
    return undefined
  return { text, itemMacros: file.itemMacros, uses: file.uses.filter(use => use.local === '*') }
}

/** What stands in the file itself, or does not exist. */
const NOWHERE: RustScope = { files: [] }

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

  async isIn({ files, module }: RustScope): Promise<boolean> {
    const { name, declared } = this.#question
    for (const path of files) {
      const place = `${path} ${module ?? ''}`
      if (this.#seen.has(place)) continue
      this.#seen.add(place)
      const text = await this.#project.read(path)
      if (text === undefined || this.#seen.size > MAX_FILES) return true
      const isWritten =
        path === this.#question.path ? declared.has(name) : this.#word.test(text.replace(/\/\/.*$/gm, ''))
      if (isWritten) return true
      const sources = await hiddenSourcesOf(path, text, this.#project, this.#loadAsset)
      const isSeen = (use: RustUse) => use.isInMacro || (!use.isLocal && use.module === module)
      if (!sources || (await this.arrivesIn(sources, path, isSeen))) return true
    }
    return false
  }

  /** @param isSeen which of its imports bring names to where the name is looked for */
  async arrivesIn(file: HiddenSources, path: string, isSeen: (use: RustUse) => boolean): Promise<boolean> {
    if (INCLUDED.test(file.text) || this.#mayBeMadeFrom(file.text)) return true
    return (await this.#comesFromMacros(file.itemMacros, path)) || (await this.#comesThroughGlobs(file, path, isSeen))
  }

  /** `CartBuilder` of `Cart`: what an attribute adds is named after what it stands before. */
  #mayBeMadeFrom(text: string): boolean {
    const { name, isModule } = this.#question
    if (isModule) return false
    if ((name === 'Rule' || name.endsWith('Snafu')) && /derive\([^)]*(?:Parser|Snafu)/.test(text)) return true
    const plain = plainLetters(name)
    for (const { index } of text.matchAll(ADDED_BY_ATTRIBUTE)) {
      const item = /\b(?:struct|enum|union|trait|fn|mod|type|impl)\s+(\w{3,})/.exec(
        text.slice(index, index + 1_000),
      )?.[1]
      if (item && plain.includes(plainLetters(item))) return true
    }
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

  async #comesThroughGlobs(file: HiddenSources, path: string, isSeen: (use: RustUse) => boolean): Promise<boolean> {
    const { path: ownPath, asking } = this.#question
    for (const use of file.uses) {
      if (use.local !== '*' || !isSeen(use) || (path === ownPath && use.start === asking?.start)) continue
      const targets = await this.#targetsOf(use, path)
      if (targets === undefined || (await this.isIn(targets))) return true
    }
    return false
  }

  /** The files a glob reads from; undefined when they are not of this crate. Names of an inline module or enumeration stand in its file. */
  async #targetsOf(use: RustUse, path: string): Promise<RustScope | undefined> {
    const [first = '', ...rest] = use.path
    // Variants of an enumeration begin with a capital letter.
    if (/^[A-Z]\w*[a-z]/.test(use.path.at(-1) ?? '') && /^[a-z_]/.test(this.#question.name)) return NOWHERE
    // Traits and types with well known names, which the standard library's table answers for.
    // The instructions of processors are in no table.
    if (/^(?:std|core)$/.test(first) && /^(?:arch|simd|intrinsics)$/.test(rest[0] ?? '')) return undefined
    if (/^(?:std|core|alloc)$/.test(first))
      return (await import('./rust-std')).hasStandardName(this.#question.name) ? undefined : NOWHERE
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
    const crate = await crateAround(parentOf(path), this.#project)
    // `mod kinds { pub use kinds::*; }` hands on a crate of that name.
    if (use.depth > 0 && crate?.names.has(first)) return undefined
    const found = await followModules([path], use.path, this.#project)
    if (found.files[0] !== path) return found
    if (crate?.names.has(first) && BRINGS_NO_MODULES.has(first) && this.#question.isModule) return NOWHERE
    if (PRELUDES_OF_TRAITS.has(use.path.join('::')) && /^[a-z_]/.test(this.#question.name)) return NOWHERE
    const text = (await this.#project.read(path)) ?? ''
    if (found.module !== undefined && found.rest.length === 0) return found
    return new RegExp(`\\b(?:enum|mod)\\s+${first}\\b`).test(text) ? NOWHERE : undefined
  }

  async #filesBelow(from: readonly string[], names: readonly string[]): Promise<RustScope | undefined> {
    if (from.length === 0) return undefined
    const { files, rest, module } = await followModules(from, names, this.#project)
    const [next] = rest
    if (next === undefined) return { files, module }
    // Variants of an enumeration stand in its file; anything else comes from where this search does not follow.
    const enumeration = new RegExp(`\\benum\\s+${next}\\b`)
    for (const each of files) if (enumeration.test((await this.#project.read(each)) ?? '')) return { files }
    return undefined
  }
}

/** An attribute that is none of the usual ones may be a macro that adds items. */
const ADDED_BY_ATTRIBUTE =
  /#\[(?!derive|cfg|inline|doc|allow|deny|warn|expect|test|must_use|non_exhaustive|repr|serde|default|deprecated|path|macro_|cold|track_caller|ignore|should_panic|error|from|source|clap|arg|command|tokio::|async_trait|no_mangle|unsafe|rustfmt|clippy|link|export_name|global_allocator|panic_handler|target_feature|automatically_derived|proc_macro|bench|rustc_|stable|unstable|pin|cold|used|no_link|allow_internal|diagnostic|instrument|tracing::)/g

const INCLUDED = /\binclude(?!_str|_bytes)(?:_\w+)?!/

/** Macros of other crates that write whole modules. */
const MAKES_MODULES =
  /generate|include|bindgen|import|abi|\bsol\b|setup|load|embed|proto|slint|schema|i18n|shadow|ffi|paste|mod/i

function plainLetters(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

/** Of other crates; they have no function. */
const PRELUDES_OF_TRAITS = new Set(['rayon::prelude', 'pyo3::prelude', 'futures::prelude', 'futures_util::prelude'])

/** Crates of whose globs and preludes no module is a part. */
const BRINGS_NO_MODULES = new Set(
  'rayon itertools futures futures_util pyo3 rand rand_core num_traits num byteorder quote libc anyhow serde clap chrono once_cell regex bytes tokio tracing log thiserror nom digest'.split(
    ' ',
  ),
)
