import { parse as parseJsonc } from 'jsonc-parser'
import type { ProjectView } from '../project-view'
import { ancestorsOf, joinPath } from './ancestors'

/** What a package.json says, as far as imports depend on it. */
export interface PackageManifest {
  /** The folder it is in. */
  folder: string
  name?: string
  /** Names under any kind of dependency. */
  dependencies: ReadonlySet<string>
  exports?: unknown
  imports?: unknown
  types?: string
  main?: string
  module?: string
  typesVersions?: unknown
  workspaces: readonly string[]
}

/** Aliases of a compiler configuration. */
export interface PathAliases {
  /** Where `paths` and bare names are looked up. */
  baseFolder: string
  hasBaseUrl: boolean
  paths: ReadonlyMap<string, readonly string[]>
  rootDirs: readonly string[]
}

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'peerDependencies',
  'optionalDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'resolutions',
  'overrides',
  'peerDependenciesMeta',
]

/** Manifests and configurations of one view of a project, each read once. */
export class NodePackages {
  readonly #project: ProjectView
  readonly #manifests = new Map<string, Promise<PackageManifest | undefined>>()
  readonly #aliases = new Map<string, Promise<readonly PathAliases[]>>()
  readonly #manifestsAbove = new Map<string, Promise<readonly PackageManifest[]>>()
  readonly #aliasesAbove = new Map<string, Promise<readonly PathAliases[]>>()
  #workspaces: Promise<ReadonlyMap<string, PackageManifest>> | undefined

  constructor(project: ProjectView) {
    this.#project = project
  }

  /** The package.json in a folder. */
  manifestIn(folder: string): Promise<PackageManifest | undefined> {
    return remember(this.#manifests, folder, async () => {
      const text = await this.#project.read(joinPath(folder, 'package.json'))
      return text === undefined ? undefined : readManifest(folder, text)
    })
  }

  /** Every package.json above a file, nearest first. */
  manifestsAbove(folder: string): Promise<readonly PackageManifest[]> {
    return remember(this.#manifestsAbove, folder, async () => {
      const manifests = await Promise.all(ancestorsOf(folder, this.#project.root).map(each => this.manifestIn(each)))
      return manifests.filter(manifest => manifest !== undefined)
    })
  }

  /** Aliases that hold for files of a folder: of every tsconfig and jsconfig there and above, nearest first. */
  aliasesAbove(folder: string): Promise<readonly PathAliases[]> {
    return remember(this.#aliasesAbove, folder, async () => {
      const found = await Promise.all(ancestorsOf(folder, this.#project.root).map(each => this.#aliasesIn(each)))
      return found.flat()
    })
  }

  /** Packages of the same repository, by name. */
  workspaces(): Promise<ReadonlyMap<string, PackageManifest>> {
    this.#workspaces ??= this.#findWorkspaces()
    return this.#workspaces
  }

  #aliasesIn(folder: string): Promise<readonly PathAliases[]> {
    return remember(this.#aliases, folder, async () => {
      const names = await this.#project.list(folder)
      const configs = names.filter(name => /^(?:tsconfig|jsconfig)(?:[.-][\w.-]+)?\.json$/.test(name)).sort()
      const found = await Promise.all(configs.map(name => this.#readConfig(joinPath(folder, name), 0)))
      return found.filter(aliases => aliases !== undefined)
    })
  }

  /** A configuration inherits what it does not set itself. */
  async #readConfig(path: string, depth: number): Promise<PathAliases | undefined> {
    const text = depth > 8 ? undefined : await this.#project.read(path)
    if (text === undefined) return undefined
    const config: unknown = parseJsonc(text, [], { allowTrailingComma: true })
    if (!isRecord(config)) return undefined
    const folder = joinPath(path, '..')
    const options = isRecord(config.compilerOptions) ? config.compilerOptions : {}
    const parents = [config.extends].flat().filter(each => typeof each === 'string')
    const inherited: (PathAliases | undefined)[] = []
    for (const parent of parents)
      inherited.push(await this.#readConfig(await this.#configPath(parent, folder), depth + 1))
    const base = inherited.findLast(each => each !== undefined)

    const baseUrl =
      typeof options.baseUrl === 'string' ? joinPath(folder, withoutPlaceholder(options.baseUrl)) : undefined
    const paths = isRecord(options.paths) ? readPaths(options.paths) : undefined
    const rootDirs = Array.isArray(options.rootDirs)
      ? options.rootDirs.filter(each => typeof each === 'string')
      : undefined
    return {
      baseFolder: baseUrl ?? (paths ? folder : (base?.baseFolder ?? folder)),
      hasBaseUrl: baseUrl !== undefined || (base?.hasBaseUrl ?? false),
      paths: paths ?? base?.paths ?? new Map(),
      rootDirs: rootDirs?.map(each => joinPath(folder, each)) ?? base?.rootDirs ?? [],
    }
  }

  async #configPath(parent: string, folder: string): Promise<string> {
    const candidates = [parent, `${parent}.json`, `${parent}/tsconfig.json`]
    const folders = parent.startsWith('.')
      ? [folder]
      : ancestorsOf(folder, this.#project.root).map(each => joinPath(each, 'node_modules'))
    for (const base of folders) {
      for (const candidate of candidates) {
        const path = joinPath(base, candidate)
        if ((await this.#project.kindOf(path)) === 'file') return path
      }
    }
    return joinPath(folder, parent)
  }

  async #findWorkspaces(): Promise<ReadonlyMap<string, PackageManifest>> {
    const found = new Map<string, PackageManifest>()
    for (const folder of ancestorsOf('', this.#project.root).slice(0, 4)) {
      const patterns = await this.#workspacePatterns(folder)
      for (const pattern of patterns) {
        for (const match of await this.#expand(folder, pattern.split('/'))) {
          const manifest = await this.manifestIn(match)
          if (manifest?.name) found.set(manifest.name, manifest)
        }
      }
      const own = await this.manifestIn(folder)
      if (own?.name) found.set(own.name, own)
      if (patterns.length > 0) break
    }
    return found
  }

  async #workspacePatterns(folder: string): Promise<string[]> {
    const patterns = [...((await this.manifestIn(folder))?.workspaces ?? [])]
    const pnpm = await this.#project.read(joinPath(folder, 'pnpm-workspace.yaml'))
    const listed = pnpm?.match(/^packages:\s*\n((?:\s*(?:-.*|#.*)?\n?)*)/m)?.[1] ?? ''
    patterns.push(...[...listed.matchAll(/^\s*-\s*['"]?([^'"#\n]+?)['"]?\s*(?:#.*)?$/gm)].map(match => match[1]!))
    const lerna = await this.#project.read(joinPath(folder, 'lerna.json'))
    const lernaConfig: unknown = lerna === undefined ? undefined : parseJsonc(lerna)
    if (isRecord(lernaConfig)) patterns.push(...strings(lernaConfig.packages))
    return patterns.filter(pattern => !pattern.startsWith('!'))
  }

  /** Folders that match a workspace pattern; `**` reaches four levels, as deep as packages are kept in practice. */
  async #expand(folder: string, pattern: readonly string[], depth = 0): Promise<string[]> {
    const [part, ...rest] = pattern
    if (part === undefined) return [folder]
    if (part === '' || part === '.') return this.#expand(folder, rest, depth)
    if (!part.includes('*')) return this.#expand(joinPath(folder, part), rest, depth)
    const matches = part === '**' ? await this.#expand(folder, rest, depth) : []
    const name = new RegExp(`^${part.replaceAll(/[.+^$(){}|[\]\\]/g, '\\$&').replaceAll(/\*+/g, '[^/]*')}$`)
    for (const child of await this.#project.list(folder)) {
      if (child === 'node_modules' || child.startsWith('.') || !name.test(child)) continue
      const path = joinPath(folder, child)
      if ((await this.#project.kindOf(path)) !== 'directory') continue
      if (part !== '**') matches.push(...(await this.#expand(path, rest, depth)))
      else if (depth < 4) matches.push(...(await this.#expand(path, pattern, depth + 1)))
    }
    return matches
  }
}

function readManifest(folder: string, text: string): PackageManifest {
  // A broken manifest is read as far as it goes: it must not make every import look wrong.
  const json: unknown = parseJsonc(text, [], { allowTrailingComma: true })
  const manifest = isRecord(json) ? json : {}
  const dependencies = new Set<string>()
  for (const field of DEPENDENCY_FIELDS) {
    const value = manifest[field]
    for (const name of Array.isArray(value) ? strings(value) : Object.keys(isRecord(value) ? value : {})) {
      dependencies.add(name)
    }
  }
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const workspaces = isRecord(manifest.workspaces) ? manifest.workspaces.packages : manifest.workspaces
  const types = textOf(manifest.types) ?? textOf(manifest.typings)
  const [name, main, module] = [textOf(manifest.name), textOf(manifest.main), textOf(manifest.module)]
  return {
    folder,
    dependencies,
    workspaces: strings(workspaces),
    exports: manifest.exports,
    imports: manifest.imports,
    typesVersions: manifest.typesVersions,
    ...(name === undefined ? {} : { name }),
    ...(types === undefined ? {} : { types }),
    ...(main === undefined ? {} : { main }),
    ...(module === undefined ? {} : { module }),
  }
}

function readPaths(paths: Record<string, unknown>): Map<string, string[]> {
  return new Map(Object.entries(paths).map(([key, value]) => [key, strings(value).map(withoutPlaceholder)]))
}

/** TypeScript's own name for the folder of the configuration. */
function withoutPlaceholder(path: string): string {
  return path.replace(/^\$\{configDir\}\/?/, './')
}

/** Whether a value is an object with string keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

function remember<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? find()
  known.set(key, value)
  return value
}
