import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
import { conditionsOf, declaringParents, isCompiled, ownRoots, relativeTo } from './rust-compiled'
import { mayArriveIn, mayDeclare, type NameQuestion } from './rust-declares'
import { type RustFile, type RustModule, type RustPlace, type RustUse, readRustFile } from './rust-file'
import { crateRoots, followModules, inFolder, moduleFile, moduleFolders, parentModules, parentOf } from './rust-modules'
import { BUILT_IN_CRATES, crateAround, type RustCrate } from './rust-project'
import { sourcesOf } from './rust-sources'
import { treeOf } from './tree-sitter'

/** `mod` without a file, and `use` of crates and modules that are not there. */
export async function checkRustImports(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const tree = await treeOf('rust', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const file = readRustFile(tree.value)
  const crate = await crateAround(parentOf(source.path), project)
  const problems: Problem[] = []
  for (const module of file.modules) {
    const problem = module.isFile ? await judgeModule(module, source.path, crate, project) : undefined
    if (problem) problems.push(problem)
  }
  if (!crate) return { kind: 'judged', problems }
  const judge = new UseJudge(file, crate, source.path, project, loadAsset)
  for (const use of file.uses) {
    const problem = use.isConditional ? undefined : await judge.judgeUse(use)
    if (problem) problems.push(problem)
  }
  problems.push(...(await judge.judgePathStarts()))
  return { kind: 'judged', problems }
}

async function judgeModule(
  module: RustModule,
  path: string,
  crate: RustCrate | undefined,
  project: ProjectView,
): Promise<Problem | undefined> {
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
    module.isConditional ||
    /generated|bindings|_pb$|^pb$|^built$/.test(module.name) ||
    !crate ||
    !(await isCompiled(path, crate, project))
      ? 'likely'
      : 'certain'
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

class UseJudge {
  readonly #file: RustFile
  readonly #crate: RustCrate
  readonly #path: string
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader

  constructor(file: RustFile, crate: RustCrate, path: string, project: ProjectView, loadAsset: AssetLoader) {
    this.#file = file
    this.#crate = crate
    this.#path = path
    this.#project = project
    this.#loadAsset = loadAsset
  }

  async judgeUse(use: RustUse): Promise<Problem | undefined> {
    const [first = '', ...rest] = use.path
    if (first === 'crate') return this.#judgePath(use, await ownRoots(this.#path, this.#crate, this.#project), rest)
    const ups = use.path.filter(each => each === 'super').length
    if (first === 'super' && use.depth === 0) {
      const { from, names } = await upwards(this.#path, rest, this.#project)
      return this.#judgePath(use, from, names)
    }
    if ((first === 'self' || first === 'super') && ups === use.depth)
      return this.#judgePath(
        use,
        [this.#path],
        use.path.filter(each => each !== 'self' && each !== 'super'),
      )
    if (first === '' || /^(?:self|super|Self|\$crate)$/.test(first)) return undefined
    if (/^(?:std|core|alloc)$/.test(first) && !this.#crate.names.has(first)) return this.#judgeStandard(use)
    return this.#judgeCrate(first, use, use.path.join('::'), use)
  }

  /** `invented::parse(…)` in expressions and types: each name once. */
  async judgePathStarts(): Promise<Problem[]> {
    const problems: Problem[] = []
    const seen = new Set(PRIMITIVES)
    for (const start of this.#file.pathStarts) {
      if (seen.has(start.name) || start.isConditional) continue
      seen.add(start.name)
      const problem = await this.#judgeCrate(start.name, start, start.name)
      if (problem) problems.push(problem)
    }
    return problems
  }

  /** The first name of a path: a crate, or something of this file. */
  async #judgeCrate(
    first: string,
    place: RustPlace & { start: number; end: number },
    key: string,
    use?: RustUse,
  ): Promise<Problem | undefined> {
    if (BUILT_IN_CRATES.has(first) || this.#crate.names.has(first)) return undefined
    const question = { ...this.#question(first, true, place, use), declared: declaredWords(this.#file, first) }
    if (question.declared.has(first)) return undefined
    // Neighbours know the crate, say by `extern crate long_name as name`.
    if (await isUsedBeside(first, this.#path, this.#project)) return undefined
    if (await mayArriveIn(this.#file, question, this.#project, this.#loadAsset)) return undefined
    if (this.#crate.isOldEdition) {
      // Paths of `use` start at the root of the crate there.
      const roots = await crateRoots(this.#path, this.#project)
      if (!use || roots.length === 0 || (await mayDeclare({ files: roots }, question, this.#project, this.#loadAsset)))
        return undefined
    }
    return problemAt(
      'unknown-package',
      place,
      `\`${first}\` is neither a dependency of this crate nor declared here`,
      (await this.#mayLackCrates()) ? 'likely' : 'certain',
      didYouMean(first, [...this.#crate.names, ...BUILT_IN_CRATES]),
      key,
    )
  }

  /** A path inside the crate: the first name that no file on the way mentions is wrong. */
  async #judgePath(use: RustUse, from: readonly string[], names: readonly string[]): Promise<Problem | undefined> {
    if (from.length === 0 || names.length === 0) return undefined
    const scope = await followModules(from, names, this.#project)
    const { files, rest } = scope
    const [item] = rest
    if (item === undefined || /^(?:self|\*|super)$/.test(item)) return undefined
    const isModule = (rest.length > 1 || use.local === '*') && /^[a-z]/.test(item)
    const question = this.#question(item, isModule, use, use)
    if (await mayDeclare(scope, question, this.#project, this.#loadAsset)) return undefined
    const sources = await sourcesOf(this.#crate, this.#project)
    // Attributes put a macro at the root of the crate, wherever it is written.
    if (rest.length === names.length && sources?.macroRules(item) !== undefined) return undefined
    if (names.slice(0, 1 + names.length - rest.length).some(name => sources?.movesModule(name))) return undefined
    const texts: string[] = []
    for (const each of files) texts.push((await this.#project.read(each)) ?? '')
    const where = ['crate', ...names.slice(0, names.length - rest.length)].join('::')
    const known = texts.flatMap(text =>
      [...text.matchAll(/\b(?:mod|fn|struct|enum|trait|type|const|static|union)\s+(\w+)/g)].map(match => match[1]!),
    )
    return problemAt(
      'unknown-name',
      use,
      `\`${item}\` does not exist in \`${where}\``,
      (await isCompiled(this.#path, this.#crate, this.#project)) ? 'certain' : 'likely',
      didYouMean(item, known),
      use.path.join('::'),
    )
  }

  /** A path of the standard library with a part that no part of it has. */
  async #judgeStandard(use: RustUse): Promise<Problem | undefined> {
    const { hasStandardName, NEWEST_KNOWN_RUST, standardNames } = await import('./rust-std')
    const [first = '', ...names] = use.path
    if (/^(?:arch|simd|intrinsics)$/.test(names[0] ?? '') || /#!\[feature\(/.test(this.#file.text)) return undefined
    const wrong = names.find(name => !/^(?:\*|self|super)$/.test(name) && !hasStandardName(name))
    if (wrong === undefined) return undefined
    const isOfAge = (this.#crate.minor ?? 0) <= NEWEST_KNOWN_RUST && !this.#file.isConditional
    const isKnowable = isOfAge && !(await this.#isForOtherCompiler())
    return problemAt(
      'unknown-name',
      use,
      `\`${wrong}\` does not exist in \`${first}\``,
      isKnowable ? 'certain' : 'likely',
      didYouMean(wrong, standardNames()),
      use.path.join('::'),
    )
  }

  /** One that may have more than the table: unstable features, or a toolchain that the project chooses itself. */
  async #isForOtherCompiler(): Promise<boolean> {
    for (const root of await crateRoots(this.#path, this.#project))
      if (/#!\[feature\(/.test((await this.#project.read(root)) ?? '')) return true
    for (const folder of new Set(['', this.#crate.folder]))
      for (const name of ['rust-toolchain.toml', 'rust-toolchain'])
        if ((await this.#project.kindOf(inFolder(folder, name))) === 'file') return true
    return false
  }

  #question(name: string, isModule: boolean, place: RustPlace & { start: number }, use?: RustUse): NameQuestion {
    const { depth, module, start: at } = place
    const declared = declaredWords(this.#file, undefined, use)
    return { name, at, depth, module, isModule, path: this.#path, declared, asking: use }
  }

  /**
   * Whether what a file needs may rightly be missing from the manifest: it is not compiled, or a copy of a published crate has been
   * made smaller, as those who ship it do with features, platforms and what only tests need.
   */
  async #mayLackCrates(): Promise<boolean> {
    if (!(await isCompiled(this.#path, this.#crate, this.#project))) return true
    if (this.#crate.isPublished && /^(?:tests|benches|examples)\//.test(relativeTo(this.#crate, this.#path)))
      return true
    for (const condition of await conditionsOf(this.#path, this.#crate, this.#project))
      if (condition === undefined ? this.#crate.isPublished : !this.#isKnown(condition)) return true
    return false
  }

  /** Only features that the manifest has, which would have brought their crates. */
  #isKnown(condition: string): boolean {
    const features = [...condition.matchAll(/feature\s*=\s*"([^"]*)"/g)].map(match => match[1]!)
    const areDeclared = features.every(
      each => this.#crate.features.has(each) || this.#crate.features.has(each.replaceAll('-', '_')),
    )
    if (!areDeclared) return false
    if (!this.#crate.isPublished) return true
    // One of its features is enough, whoever builds it.
    if (features.length > 0 && /cfg\(any\([^()]*\)\)/.test(condition)) return true
    // A copy for one platform keeps what that platform needs.
    if (/\bunix\b|"linux"/.test(condition)) return true
    const others = condition.replace(/\w+\s*=\s*"[^"]*"|"[^"]*"/g, match => (match.startsWith('feature') ? '' : match))
    return !/\b(?:target_\w+|windows|unix|wasm\w*|loom|miri|fuzzing|test)\b/.test(others)
  }
}

const PRIMITIVES =
  'str char bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f16 f32 f64 f128 slice array self super crate'.split(
    ' ',
  )

/**
 * Words of a file that may declare something: all but comments, first parts of paths, and what `use` only names.
 *
 * @param crate a name that is looked for as a crate
 * @param except the import that is judged
 */
function declaredWords(file: RustFile, crate: string | undefined, except?: RustUse): ReadonlySet<string> {
  // Those among the tokens of macros are not read: any word of them may be a name.
  const starts = file.uses.filter(use => !use.isInMacro).map(use => use.start)
  const isRead = (at: number, { length }: string) => starts.some(start => start >= at && start < at + length)
  const plain = file.text
    .replace(/\/\/.*$/gm, comment => ' '.repeat(comment.length))
    .replace(/\b(?:use|extern\s+crate)\s[^;]*;/g, (statement, at: number) => (isRead(at, statement) ? ' ' : statement))
    .replace(/\b\w+\s*::/g, ' ')
  const words = new Set(plain.match(/\b[A-Za-z_]\w*/g))
  // `use name;` declares no crate of that name.
  for (const use of file.uses)
    if (use !== except && (use.path.length > 1 || use.path[0] !== crate)) words.add(use.local)
  return words
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
