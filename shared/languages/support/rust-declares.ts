import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { rustCode } from './delimiters'
import { ownRoots } from './rust-compiled'
import { isInBlock, type RustFile, type RustItemMacro, type RustPlace, type RustUse, readRustFile } from './rust-file'
import { followModules, parentModules, parentOf } from './rust-modules'
import { crateAround } from './rust-project'
import { sourcesOf } from './rust-sources'
import { parseTree } from './tree-sitter'

/** How many files globs are followed through before a name counts as possible. */
const MAX_FILES = 120

/** A name looked for, and where: the module in which it is used, without the use itself. */
export interface NameQuestion extends RustPlace {
  readonly name: string
  /** A module or crate: no attribute makes those, and few macros do. */
  readonly isModule: boolean
  readonly path: string
  /** Offset in that file. */
  readonly at: number
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
  const { depth, module, at } = question
  const isSeen = (each: Source) =>
    each.isInMacro ||
    (each.depth === depth && each.module === module && (!each.block || (each.block.start <= at && at < each.block.end)))
  const { text, uses, itemMacros } = file
  const sources = { text: rustCode(text), uses, itemMacros }
  return new NameSearch(question, project, loadAsset).arrivesIn(sources, question.path, isSeen)
}

/** An import or a macro. */
type Source = RustPlace & Partial<Pick<RustUse, 'isInMacro' | 'block'>>

type HiddenSources = Pick<RustFile, 'uses' | 'itemMacros' | 'text'>

const hiddenInFiles = new WeakMap<ProjectView, Map<string, Promise<HiddenSources | undefined>>>()

/** The imports and macros of a file, and its text without comments and strings; undefined when it does not parse. Asked again for every name, so it is kept. */
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
  const { itemMacros, uses } = readRustFile(tree)
  // What does not parse may hide imports, macros and modules, unless it is an expression.
  const mayHide = /\b(?:use|mod)\b|!\s*[({[]|#!?\[/
  if (tree.broken.some(node => !isInBlock(node) && mayHide.test(text.slice(node.start, node.end)))) return undefined
  return { text: rustCode(text), itemMacros, uses }
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
      const sources = await hiddenSourcesOf(path, text, this.#project, this.#loadAsset)
      if (!sources) return true
      if (path === this.#question.path ? declared.has(name) : this.#word.test(sources.text)) return true
      const isSeen = (each: Source) => each.isInMacro || (!each.block && each.module === module)
      if (await this.arrivesIn(sources, path, isSeen)) return true
    }
    return false
  }

  /** @param isSeen which of its imports and macros bring names to where the name is looked for */
  async arrivesIn(file: HiddenSources, path: string, isSeen: (source: Source) => boolean): Promise<boolean> {
    if (INCLUDED.test(file.text) || this.#mayBeMadeFrom(file.text)) return true
    if (await this.#comesFromMacros(file.itemMacros.filter(isSeen), path)) return true
    return this.#comesThroughGlobs(file.uses.filter(isSeen), path)
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

  /**
   * A macro of this crate makes only names that stand among its rules or its arguments; one of another crate those that it is
   * given, and such as are made from them.
   */
  async #comesFromMacros(macros: readonly RustItemMacro[], path: string): Promise<boolean> {
    const { name, isModule } = this.#question
    if (macros.length === 0) return false
    const crate = await crateAround(parentOf(path), this.#project)
    const sources = crate && (await sourcesOf(crate, this.#project))
    if (!sources) return true
    for (const macro of macros) {
      const rules = sources.macroRules(macro.name)
      if (rules === undefined) {
        if (isModule ? MAKES_MODULES.test(macro.name) : mayMake(name, macro)) return true
        continue
      }
      if (INCLUDED.test(rules) || (JOINS_NAMES.test(rules) && !isModule)) return true
    }
    return sources.has(name, this.#question.path)
  }

  async #comesThroughGlobs(uses: readonly RustUse[], path: string): Promise<boolean> {
    const { path: ownPath, asking } = this.#question
    for (const use of uses) {
      if (use.local !== '*' || (path === ownPath && use.start === asking?.start)) continue
      const scope = await this.#scopeOfGlob(use, path)
      if (scope === undefined || (await this.isIn(scope))) return true
    }
    return false
  }

  async #scopeOfGlob(use: RustUse, path: string): Promise<RustScope | undefined> {
    const [first = '', ...rest] = use.path
    const { name, isModule } = this.#question
    // Variants of an enumeration begin with a capital letter.
    if (/^[A-Z]\w*[a-z]/.test(use.path.at(-1) ?? '') && /^[a-z_]/.test(name)) return NOWHERE
    // The instructions of processors are in no table.
    if (/^(?:std|core)$/.test(first) && /^(?:arch|simd|intrinsics)$/.test(rest[0] ?? '')) return undefined
    // Traits and types with well known names, which the standard library's table answers for.
    if (/^(?:std|core|alloc)$/.test(first))
      return (await import('./rust-std')).hasStandardName(name) ? undefined : NOWHERE
    const scope = await this.#scopeOf(use.path, use, path)
    if (scope) return scope
    // Deeper modules of other crates hand on their types; what is handed on as modules stands at the root, or in a prelude.
    const bringsModules = use.path.length === 1 || use.path.at(-1) === 'prelude'
    if (isModule && (!bringsModules || BRINGS_NO_MODULES.has(first))) return NOWHERE
    if (PRELUDES_OF_TRAITS.has(use.path.join('::')) && /^[a-z_]/.test(name)) return NOWHERE
    return undefined
  }

  /** The module or enumeration that a path means in a place of a file; undefined for what lies in other crates, or is not understood. */
  async #scopeOf(names: readonly string[], place: RustPlace, path: string, hops = 0): Promise<RustScope | undefined> {
    const [first = '', ...rest] = names
    const crate = await crateAround(parentOf(path), this.#project)
    if (hops > MAX_HOPS || !crate) return undefined
    if (first === 'crate') return this.#scopeBelow(await ownRoots(path, crate, this.#project), rest, hops)
    const ups = names.filter(each => each === 'super').length
    if (first === 'self' || (ups > 0 && ups <= place.depth)) {
      const below = names.filter(each => each !== 'self' && each !== 'super')
      return this.#scopeBelow([path], below, hops)
    }
    if (first === 'super') {
      let from = await parentModules(path, this.#project)
      for (let up = 1; up < ups - place.depth; up++)
        from = (await Promise.all(from.map(each => parentModules(each, this.#project)))).flat()
      return this.#scopeBelow(from, names.slice(ups), hops)
    }
    // `mod kinds { pub use kinds::*; }` hands on a crate of that name.
    if (place.depth === 0 || !crate.names.has(first)) {
      const own = await this.#scopeBelow([path], names, hops, place.module)
      if (own) return own
    }
    if (first !== crate.library.name || path === crate.library.root) return undefined
    return this.#scopeBelow([crate.library.root], rest, hops)
  }

  async #scopeBelow(
    from: readonly string[],
    names: readonly string[],
    hops: number,
    within?: string,
  ): Promise<RustScope | undefined> {
    if (from.length === 0) return undefined
    const { files, rest, module = within } = await followModules(from, names, this.#project)
    const [next, ...below] = rest
    if (next === undefined) return { files, module }
    const enumeration = new RegExp(`\\benum\\s+${next}\\b`)
    const scopes: RustScope[] = []
    for (const each of files) {
      const text = await this.#project.read(each)
      const sources = text === undefined ? undefined : await hiddenSourcesOf(each, text, this.#project, this.#loadAsset)
      if (!sources) return undefined
      // Variants stand in the file of their enumeration.
      if (enumeration.test(sources.text)) return { files }
      // `pub use other::next;` hands it on.
      for (const use of sources.uses) {
        if (use.local !== next || use.path.join() === names.join() || !(use.isInMacro || use.module === module))
          continue
        const scope = await this.#scopeOf([...use.path, ...below], use, each, hops + 1)
        if (!scope) return undefined
        scopes.push(scope)
      }
    }
    const [scope] = scopes
    if (!scope) return below.length === 0 ? this.#enumerationOf(next, files) : undefined
    return scopes.length === 1 ? scope : { files: scopes.flatMap(each => each.files) }
  }

  /** Where an enumeration may stand that globs bring to some files of its crate. */
  async #enumerationOf(name: string, [file = '']: readonly string[]): Promise<RustScope | undefined> {
    const crate = await crateAround(parentOf(file), this.#project)
    const sources = crate && (await sourcesOf(crate, this.#project))
    const files = sources?.filesDeclaring('enum', name) ?? []
    return files.length > 0 ? { files } : undefined
  }
}

/** How many times a path is handed on before it counts as unknown. */
const MAX_HOPS = 8

/** An attribute that is none of the usual ones may be a macro that adds items. */
const ADDED_BY_ATTRIBUTE =
  /^[ \t]*#\[(?!derive|cfg|inline|doc|allow|deny|warn|expect|test|must_use|non_exhaustive|repr|serde|default|deprecated|path|macro_|cold|track_caller|ignore|should_panic|error|from|source|clap|arg|command|tokio::|async_trait|no_mangle|unsafe|rustfmt|clippy|link|export_name|global_allocator|panic_handler|target_feature|automatically_derived|proc_macro|bench|rustc_|stable|unstable|pin|cold|used|no_link|allow_internal|diagnostic|instrument|tracing::)/gm

const INCLUDED = /\binclude(?!_str|_bytes)(?:_\w+)?!/

/** Macros of other crates that write whole modules. */
const MAKES_MODULES =
  /generate|include|bindgen|import|abi|\bsol\b|setup|load|embed|proto|slint|schema|i18n|shadow|ffi|paste|mod/i

const JOINS_NAMES = /\bpaste(?:::\w+)?!|\bconcat_idents!/

/** A macro that is given items declares those, and such as are named after them; what others declare is anybody's guess. */
function mayMake(name: string, { name: macro, argumentText }: RustItemMacro): boolean {
  const code = rustCode(argumentText)
  const items = [...code.matchAll(/\b(?:struct|enum|union|trait|fn|mod|type|static|const)\s+(?:ref\s+)?(\w{3,})/g)]
  if (items.length === 0 || MAKES_MODULES.test(macro) || FIXED_NAMES.test(macro)) return true
  const plain = plainLetters(name)
  return new RegExp(`\\b${name}\\b`).test(code) || items.some(([, item = '']) => plain.includes(plainLetters(item)))
}

/** Macros whose items are called the same wherever they stand. */
const FIXED_NAMES = /error_chain|runtime|table|sql|decl_|export|plugin|main$|test|wit|bridge|lalrpop|peg|parser/

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
