import type { CodeSupport, SourceFile } from '#shared/languages/language'
import type { ProjectView } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import { type CodeIndex, type ImportTargets, type KnownImport, wordsOf } from './code-index'

/** Who imports whom, one step at a time, in one state of the project: the index narrows down, the language decides. */
export class ImportGraph {
  readonly #index: CodeIndex
  readonly #languages: Languages
  readonly #project: ProjectView
  /** Files the index has not seen as they are in this state. */
  readonly #overlaid: ReadonlySet<string>
  readonly #targets: ImportTargets

  /** @param overlay set when the project is not as the index saw it: the files that differ */
  constructor(index: CodeIndex, languages: Languages, project: ProjectView, overlay?: Iterable<string>) {
    this.#index = index
    this.#languages = languages
    this.#project = project
    this.#overlaid = new Set(overlay)
    this.#targets = overlay ? new Map() : index.targets
  }

  /** The project files that a file imports. */
  async importsOf(path: string): Promise<string[]> {
    const found = await Promise.all((await this.#importedBy(path)).map(imported => this.targetsOf(imported, path)))
    return [...new Set(found.flat())].filter(target => target !== path)
  }

  /** The project files that import a file, or see its declarations without an import. */
  async importersOf(path: string): Promise<string[]> {
    const words = await this.#wordsFor(path)
    const found = new Set<string>()
    for (const each of [...this.#index.importsNaming(words), ...(await this.#overlaidImports(words))]) {
      if (each.path === path || found.has(each.path)) continue
      const targets = this.targetsOf(each.imported, each.path)
      if ((targets instanceof Promise ? await targets : targets).includes(path)) found.add(each.path)
    }
    const language = await this.#languages.languageOf(path)
    for (const neighbour of (await language?.code?.visibleWithoutImport?.(path, this.#project)) ?? [])
      found.add(neighbour)
    return [...found]
  }

  /** What the files that the index has not seen in this state import. */
  async #overlaidImports(words: ReadonlySet<string>): Promise<KnownImport[]> {
    const found: KnownImport[] = []
    for (const path of this.#overlaid)
      for (const imported of await this.#importedBy(path))
        if (wordsOf(imported).some(word => words.has(word))) found.push({ path, imported })
    return found
  }

  /** The files one import leads to; at once where it is known. */
  targetsOf(imported: string, fromPath: string): readonly string[] | Promise<readonly string[]> {
    const key = `${imported}\0${fromPath.slice(0, fromPath.lastIndexOf('/') + 1)}\0${fromPath.slice(fromPath.lastIndexOf('.'))}`
    const known = this.#targets.get(key)
    if (known) return known
    const resolving = this.#resolve(imported, fromPath).then(found => {
      this.#targets.set(key, found)
      return found
    })
    this.#targets.set(key, resolving)
    return resolving
  }

  async #resolve(imported: string, fromPath: string): Promise<readonly string[]> {
    const code = (await this.#languages.languageOf(fromPath))?.code
    return code ? code.resolveToFiles(imported, fromPath, this.#project) : []
  }

  async #importedBy(path: string): Promise<readonly string[]> {
    const known = this.#overlaid.has(path) ? undefined : this.#index.file(path)
    if (known) return known.imports
    const read = await this.read(path)
    return read ? read.code.scanImports(read.source) : []
  }

  /** A file's text with the support of its language; undefined where one is missing. */
  async read(path: string): Promise<{ code: CodeSupport; source: SourceFile } | undefined> {
    const code = (await this.#languages.languageOf(path))?.code
    const text = code && (await this.#project.read(path))
    return code && text !== undefined ? { code, source: { path, text } } : undefined
  }

  /** What an import of this file must mention: its name, its folder's, its package's. */
  async #wordsFor(path: string): Promise<Set<string>> {
    const parts = path.toLowerCase().split('/')
    const stem = parts.pop()!.split('.')[0]!
    const words = new Set([stem, ...wordsOf(parts.at(-1) ?? '')])
    if (!ENTRY_NAMES.has(stem)) return words
    words.add('.')
    for (const part of parts) for (const word of wordsOf(part)) words.add(word)
    for (let depth = parts.length; depth >= 0; depth--) {
      const folder = path.split('/').slice(0, depth).join('/')
      for (const [manifest, name] of MANIFESTS) {
        const text = await this.#project.read(folder === '' ? manifest : `${folder}/${manifest}`)
        const found = text === undefined ? undefined : name.exec(text)?.[1]
        for (const word of wordsOf(found ?? '')) words.add(word).add(word.replaceAll('-', '_'))
      }
    }
    return words
  }
}

/** Files that stand for their folder or package. */
const ENTRY_NAMES = new Set(['index', 'mod', 'lib', 'main', '__init__', 'doc'])

/** Where a package says its own name. */
const MANIFESTS: readonly [file: string, name: RegExp][] = [
  ['package.json', /"name"\s*:\s*"([^"]+)"/],
  ['Cargo.toml', /^\s*name\s*=\s*"([^"]+)"/m],
  ['go.mod', /^module\s+(\S+)/m],
  ['pyproject.toml', /^\s*name\s*=\s*["']([^"']+)["']/m],
]
