import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import { BoundedMap } from './bounded-map'
import { type PythonModule, readPythonModule } from './python-module'
import { type PythonProject, parentOf, pythonProjectAround } from './python-project'
import { isStdModuleOpaque, stdModule, stdNames } from './python-std'
import { parseTree } from './tree-sitter'

/** Where a module is. */
export type PythonTarget =
  | { kind: 'file'; path: string }
  /** A folder without `__init__.py`; parts of it may lie elsewhere. */
  | { kind: 'namespace'; path: string }
  /** Compiled, generated, or otherwise not to be read. */
  | { kind: 'opaque' }
  | { kind: 'std'; module: string }
  /** The part of the path that exists, and the part that does not. */
  | { kind: 'missing'; found: string; missing: string; siblings: readonly string[]; isCertain: boolean }
  /** No root of the project has its first part. */
  | { kind: 'foreign' }

/** The names of a module; undefined when they cannot be known. */
export type PythonNames = ReadonlySet<string> | undefined

const modules = new WeakMap<ProjectView, BoundedMap<Promise<PythonModule | undefined>>>()

/** Looks modules up in one project, as seen from one file. */
export class PythonResolver {
  readonly #path: string
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader
  readonly python: PythonProject

  private constructor(path: string, project: ProjectView, python: PythonProject, loadAsset: AssetLoader) {
    this.#path = path
    this.#project = project
    this.python = python
    this.#loadAsset = loadAsset
  }

  static async for(path: string, project: ProjectView, loadAsset: AssetLoader): Promise<PythonResolver> {
    return new PythonResolver(path, project, await pythonProjectAround(path, project), loadAsset)
  }

  /** The same for another file of the project. */
  from(path: string): Promise<PythonResolver> {
    return PythonResolver.for(path, this.#project, this.#loadAsset)
  }

  /** @returns undefined when the dots climb out of the project */
  async find(level: number, module: string): Promise<PythonTarget | undefined> {
    const parts = module === '' ? [] : module.split('.')
    if (level > 0) {
      let folder = parentOf(this.#path)
      for (let up = 1; up < level; up++) {
        if (folder === '') return undefined
        folder = parentOf(folder)
      }
      return this.#findIn(folder, parts, true)
    }
    const [top = ''] = parts
    const found: PythonTarget[] = []
    let partial: PythonTarget | undefined
    let besideScript: PythonTarget | undefined
    for (const root of this.python.roots) {
      const target = await this.#findIn(root, parts)
      if (target.kind === 'missing' && target.found === '') continue
      // The folder of a package is searched only for files of it that are run as scripts.
      if ((await this.#project.list(root)).includes('__init__.py')) besideScript ??= target
      else if (target.kind !== 'missing') found.push(target)
      else if (!partial || (partial.kind === 'missing' && target.isCertain)) partial = target
    }
    // Which of several comes first is decided where the program is started.
    if (found.length > 1) return { kind: 'opaque' }
    if (found[0]) return found[0]
    if (stdModule(top)) return findStd(parts)
    if (besideScript)
      return besideScript.kind === 'missing' ? { ...besideScript, isCertain: false } : { kind: 'opaque' }
    return partial ?? { kind: 'foreign' }
  }

  async #findIn(folder: string, parts: readonly string[], isRelative = false): Promise<PythonTarget> {
    let at = folder
    let isCertain = !(isRelative && parts.length > 0 && (await this.#extendsItsPath(inFolder(folder, '__init__.py'))))
    for (const [index, part] of parts.entries()) {
      const names = await this.#project.list(at)
      const inside = inFolder(at, part)
      const isLast = index === parts.length - 1
      if (names.includes(part) && (await this.#project.kindOf(inside)) === 'directory') {
        at = inside
        const init = await this.#project.list(at)
        if (!init.includes('__init__.py')) isCertain &&= isRelative || index > 0
        else if (await this.#extendsItsPath(`${at}/__init__.py`)) isCertain = false
        if (!isLast || init.includes('__init__.py') || !hasModuleFile(names, part)) continue
      }
      const file = [`${part}.py`, `${part}.pyi`].find(each => names.includes(each))
      if (file) return isLast ? { kind: 'file', path: inFolder(at, file) } : { kind: 'opaque' }
      if (names.some(each => each.startsWith(`${part}.`) && COMPILED.test(each))) return { kind: 'opaque' }
      if (!names.includes(part) || at !== inside)
        return {
          kind: 'missing',
          found: parts.slice(0, index).join('.'),
          missing: part,
          siblings: names.filter(each => !/\.(?!pyi?$)/.test(each)).map(each => each.replace(/\.pyi?$/, '')),
          isCertain,
        }
    }
    const names = await this.#project.list(at)
    const init = ['__init__.py', '__init__.pyi'].find(each => names.includes(each))
    return init ? { kind: 'file', path: inFolder(at, init) } : { kind: 'namespace', path: at }
  }

  /** A package that changes where its parts are looked up. */
  async #extendsItsPath(init: string): Promise<boolean> {
    return EXTENDS_PATH.test((await this.#project.read(init)) ?? '')
  }

  /** What a module file holds, or undefined when it does not parse. */
  module(path: string): Promise<PythonModule | undefined> {
    return readProjectModule(path, this.#project, this.#loadAsset)
  }

  /** Names that can be imported from a target or looked up on it. */
  async namesIn(target: PythonTarget, seen: ReadonlySet<string> = new Set()): Promise<PythonNames> {
    if (target.kind === 'std')
      return isStdModuleOpaque(target.module) ? undefined : new Set(stdNames(target.module).keys())
    if (target.kind === 'namespace') return new Set(await this.#submodules(target.path))
    if (target.kind !== 'file' || seen.has(target.path)) return target.kind === 'file' ? new Set() : undefined
    const module = await this.module(target.path)
    if (!module || module.exposesUnseen || module.isBroken || INJECTS_NAMES.test(module.text)) return undefined
    const isPackage = /(?:^|\/)__init__\.pyi?$/.test(target.path)
    if (isPackage && (EXTENDS_PATH.test(module.text) || LOADS_BY_NAME.test(module.text))) return undefined
    const names = new Set([
      ...listedIn(module.text),
      '__name__',
      '__file__',
      '__doc__',
      '__path__',
      '__dict__',
      '__all__',
      '__spec__',
      '__package__',
      '__loader__',
    ])
    for (const [name, bindings] of module.bindings)
      if (bindings.some(binding => binding.scope === 'module' || binding.kind === 'other')) names.add(name)
    for (const each of module.imports.filter(each => each.names?.some(name => name.name === '*'))) {
      const inner = await (await this.from(target.path)).find(each.level, each.module)
      const more = inner && (await this.namesIn(inner, new Set([...seen, target.path])))
      if (!more) return undefined
      for (const name of more) names.add(name)
    }
    // Importing `pkg.sub` anywhere makes `sub` a name of `pkg`.
    if (isPackage) for (const name of await this.#submodules(parentOf(target.path))) names.add(name)
    return names
  }

  async #submodules(folder: string): Promise<string[]> {
    const names = await this.#project.list(folder)
    return names
      .filter(name => !name.includes('.') || /\.pyi?$|\.pyx$|\.so$|\.pyd$/.test(name))
      .map(name => name.replace(/\..*$/, ''))
  }
}

/** Names that `__all__` promises. */
function listedIn(text: string): string[] {
  const list = /^__all__\s*(?::[^=]+)?\+?=\s*[[(]([^\])]*)/m.exec(text)?.[1] ?? ''
  return [...list.matchAll(/["'](\w+)["']/g)].map(match => match[1]!)
}

const COMPILED = /\.(?:so|pyd|pyx|pxd|dll|c|cpp|rs|ipynb|proto|coconut|hy)$/
/** Ways in which a module gets names that no statement of its own binds: it is replaced, or filled from its own dictionary. */
const INJECTS_NAMES =
  /\bmodules\[__name__\]|\bdel\s+(?:sys\.)?modules\[|\bmodules\[[^\]\n]*\]\s*=[^=]|\bmodules\.(?:get|setdefault|pop|update|__setitem__)\(|^\S.*__dict__\s*(?:\[|\.(?:update|setdefault)\()|\b_?[Ll]azy_?(?:[Mm]odule|[Ii]mport|[Ll]oader)|\battach_stub\(|\blazy\.attach/m
/** What a package loads by name may put itself into it: plug-ins, registries. */
const LOADS_BY_NAME = /\b__import__\(|\bimport_module\(/
/** Ways in which a package changes where its parts are looked up; that it only passes its path on changes nothing. */
const EXTENDS_PATH =
  /^\s*__path__\s*(?::[^=\n]+)?\+?=(?!=)(?!\s*__path__\s*,)|\b__path__(?:\[[^\]]*\]\s*=[^=]|\.(?:append|insert|extend|remove)\()|extend_path|declare_namespace|\b(?:meta_path|path_hooks)(?:\s*\+?=[^=]|\[|\.(?:append|insert|extend)\()|\bmodules(?:\[(?!__name__\])[^\]]*\]\s*=[^=]|\.(?:setdefault|update|__setitem__)\()|Importer\(/m

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function hasModuleFile(names: readonly string[], part: string): boolean {
  return names.includes(`${part}.py`) || names.includes(`${part}.pyi`)
}

function findStd(parts: readonly string[]): PythonTarget {
  const module = parts.join('.')
  if (stdModule(module)) return { kind: 'std', module }
  for (let length = parts.length - 1; length > 0; length--) {
    const found = parts.slice(0, length).join('.')
    if (!stdModule(found)) continue
    if (isStdModuleOpaque(found)) return { kind: 'opaque' }
    const missing = parts[length]!
    const siblings = [...stdNames(found).keys()]
    return { kind: 'missing', found, missing, siblings, isCertain: !missing.startsWith('_') }
  }
  return { kind: 'opaque' }
}

/** A module of the project, parsed once a run. */
export function readProjectModule(
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<PythonModule | undefined> {
  const known = modules.get(project) ?? new BoundedMap<Promise<PythonModule | undefined>>(MAX_MODULES)
  modules.set(project, known)
  return known.remember(path, () => parseModule(path, project, loadAsset))
}

/** A module holds its whole tree: about 2 MB for a thousand lines. */
const MAX_MODULES = 60

async function parseModule(
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<PythonModule | undefined> {
  const text = await project.read(path)
  const tree = text === undefined ? undefined : await parseTree('python', text, loadAsset)
  return tree && readPythonModule(tree)
}
