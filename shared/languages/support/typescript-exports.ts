import type ts from 'typescript'
import type { ProjectView } from '../project-view'
import { type ModuleShape, moduleShapeOf } from './typescript-modules'
import { loadTypeScript, parseErrorsOf, parseTypeScript } from './typescript-parser'
import { typeScriptResolverOf } from './typescript-resolver'

/** What a module offers under a name. */
export type ExportFound =
  | { kind: 'declared'; path: string; tree: ts.SourceFile; nodes: readonly ts.Node[]; name: string }
  /** All its names are known, and this is none of them. */
  | { kind: 'absent'; names: readonly string[] }
  /** It may be there. */
  | { kind: 'open' }

/** Modules that only pass on others' names can form long chains; past this many files the answer is "it may be there". */
const MAX_FILES = 300

const caches = new WeakMap<ProjectView, ModuleExports>()

/** What modules export, in one view of the project. */
export function moduleExportsOf(project: ProjectView): ModuleExports {
  const known = caches.get(project) ?? new ModuleExports(project)
  caches.set(project, known)
  return known
}

export class ModuleExports {
  readonly #project: ProjectView
  readonly #modules = new Map<string, Promise<{ tree: ts.SourceFile; shape: ModuleShape } | undefined>>()
  readonly #names = new Map<string, Promise<readonly string[] | undefined>>()

  constructor(project: ProjectView) {
    this.#project = project
  }

  /** @param path a file as the resolver found it */
  find(path: string, name: string): Promise<ExportFound> {
    return this.#find(path, name, new Set())
  }

  /** Every exported name, through `export *` too; undefined when there may be more. */
  namesOf(path: string): Promise<readonly string[] | undefined> {
    const known = this.#names.get(path) ?? this.#collect(path)
    this.#names.set(path, known)
    return known
  }

  /** The file's tree and top level; undefined when it does not parse cleanly. */
  load(path: string): Promise<{ tree: ts.SourceFile; shape: ModuleShape } | undefined> {
    const known = this.#modules.get(path) ?? this.#load(path)
    this.#modules.set(path, known)
    return known
  }

  async #load(path: string): Promise<{ tree: ts.SourceFile; shape: ModuleShape } | undefined> {
    const text = await this.#project.read(path)
    if (text === undefined) return undefined
    const tree = await parseTypeScript({ path, text })
    if (tree.kind === 'unknown' || parseErrorsOf(tree).length > 0) return undefined
    return { tree, shape: moduleShapeOf(await loadTypeScript(), tree) }
  }

  async #find(path: string, name: string, seen: Set<string>): Promise<ExportFound> {
    const place = `${path}\0${name}`
    if (seen.has(place) || seen.size > MAX_FILES) return { kind: 'open' }
    seen.add(place)
    const module = await this.load(path)
    if (!module) return { kind: 'open' }
    const { tree, shape } = module
    const found = shape.exports.get(name)
    if (found?.kind === 'local') {
      const nodes = shape.declarations.get(found.local)
      return nodes ? { kind: 'declared', path, tree, nodes, name: found.local } : { kind: 'open' }
    }
    if (found?.kind === 'from') {
      const next = await typeScriptResolverOf(this.#project).resolve(found.specifier, path)
      return next.kind === 'file' ? this.#find(next.path, found.name, seen) : { kind: 'open' }
    }
    if (found || shape.isOpen) return { kind: 'open' }
    const names = await this.namesOf(path)
    if (!names) return { kind: 'open' }
    if (!names.includes(name)) return { kind: 'absent', names }
    for (const star of shape.stars) {
      const next = await typeScriptResolverOf(this.#project).resolve(star, path)
      const inner = next.kind === 'file' ? await this.#find(next.path, name, seen) : undefined
      if (inner?.kind === 'declared') return inner
    }
    return { kind: 'open' }
  }

  async #collect(path: string): Promise<readonly string[] | undefined> {
    const names = new Set<string>()
    const open = [path]
    const seen = new Set(open)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const module = await this.load(at)
      if (!module || module.shape.isOpen || seen.size > MAX_FILES) return undefined
      for (const name of module.shape.exports.keys()) if (name !== 'default' || at === path) names.add(name)
      for (const star of module.shape.stars) {
        const next = await typeScriptResolverOf(this.#project).resolve(star, at)
        if (next.kind !== 'file') return undefined
        if (!seen.has(next.path)) open.push(next.path)
        seen.add(next.path)
      }
    }
    return [...names]
  }
}
