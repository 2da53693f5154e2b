import type { ProjectView } from '../project-view'
import { ancestorsOf, folderOf, joinPath } from './ancestors'
import { didYouMean } from './nearest-name'
import { isRecord, NodePackages, type PackageManifest } from './node-packages'
import { exportTargets, matchPattern, packageNameOf } from './package-maps'
import { loadTypeScriptBuiltins } from './typescript-builtins'

/** Where an import leads. */
export type Resolution =
  /** A file whose exports can be read. `path` is what the importer's compiler sees: a declaration file where there is one. */
  | { kind: 'file'; path: string; isProject: boolean }
  | { kind: 'builtin'; name: string }
  /** It is there, but what it exports is not looked at: styles, data, packages without types. */
  | { kind: 'exists' }
  | { kind: 'not-installed'; name: string }
  | {
      kind: 'missing'
      problem: 'unknown-path' | 'unknown-package' | 'unknown-subpath' | 'unknown-builtin'
      isCertain: boolean
      message: string
      suggestion?: string
    }
  /** Leads where only a bundler or a runtime can follow. */
  | { kind: 'unknown' }

const CODE_EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.d.ts', '.d.mts', '.d.cts', '.js', '.jsx', '.mjs', '.cjs']
const ENDINGS = [...CODE_EXTENSIONS, '.json', '.vue', '.svelte']
const ENDINGS_OF_JAVASCRIPT = ENDINGS.toSorted((a, b) => Number(/ts/.test(a)) - Number(/ts/.test(b)))
const READABLE = /\.(?:[mc]?[jt]s|[jt]sx)$/
/** A `.js` in the import means the `.ts` it is made from. */
const SOURCES_OF: Record<string, readonly string[]> = {
  '.js': ['.ts', '.tsx', '.d.ts', '.jsx'],
  '.jsx': ['.tsx', '.d.ts'],
  '.mjs': ['.mts', '.d.mts'],
  '.cjs': ['.cts', '.d.cts'],
}
/** Folders that builds fill, and names that frameworks make up. */
const GENERATED =
  /(?:^|\/)(?:generated|__generated__|gen|dist|build|out|\.[\w-]+|\$[\w-]*|\+[\w-]+|_[\w-]*gen[\w-]*|codegen|artifacts|[\w-]*\.gen(?:erated)?)(?:\/|$|\.)/i
/** Code in these folders is an example of code, not code of the project. */
const SAMPLES =
  /(?:^|\/)(?:fixtures?|__fixtures__|__testfixtures__|templates?|testdata|test-data|samples?|examples?|playgrounds?|demos?|__mocks__|mocks|snapshots?|__snapshots__|baselines?|specimens?)\//i
/** Parts of Node that it does not document, and lets everybody load. */
const INNER_NODE_MODULE =
  /^_(?:http_(?:agent|client|common|incoming|outgoing|server)|stream_(?:duplex|passthrough|readable|transform|wrap|writable)|tls_(?:common|wrap))$/
const BUNDLER_CONFIG =
  /^(?:(?:vite|vitest|webpack|rollup|babel|jest|metro|next|nuxt|svelte|astro|craco|rspack|rsbuild|esbuild|electron\.vite|vue|tsup|tsdown|build|farm|gatsby-node|karma|wxt|uno|gulpfile|config-overrides|ember-cli-build|angular|deno|import_map|importmap)\b[\w.-]*\.(?:[mc]?[jt]s|jsonc?)|\.babelrc(?:\.\w+)?|\.storybook)$/

const resolvers = new WeakMap<ProjectView, TypeScriptResolver>()

/** The resolver of one view; it remembers for the run. */
export function typeScriptResolverOf(project: ProjectView): TypeScriptResolver {
  const resolver = resolvers.get(project) ?? new TypeScriptResolver(project)
  resolvers.set(project, resolver)
  return resolver
}

/** Follows imports as TypeScript, Node and the usual bundlers do. What only one of them accepts is accepted. */
export class TypeScriptResolver {
  readonly packages: NodePackages
  readonly #project: ProjectView
  readonly #known = new Map<string, Promise<Resolution>>()
  /** Where a file of JavaScript leads; this one answers for TypeScript, which sees declarations before code. */
  readonly #forJavaScript: TypeScriptResolver | undefined

  constructor(project: ProjectView, packages?: NodePackages) {
    this.#project = project
    this.packages = packages ?? new NodePackages(project)
    this.#forJavaScript = packages ? undefined : new TypeScriptResolver(project, this.packages)
  }

  resolve(specifier: string, fromPath: string): Promise<Resolution> {
    if (this.#forJavaScript && /\.[mc]?jsx?$/.test(fromPath)) return this.#forJavaScript.resolve(specifier, fromPath)
    const key = `${specifier}\0${folderOf(fromPath)}\0${SAMPLES.test(fromPath)}`
    const known = this.#known.get(key) ?? this.#resolve(specifier, fromPath)
    this.#known.set(key, known)
    return known
  }

  get #seesTypes(): boolean {
    return this.#forJavaScript !== undefined
  }

  /** What may follow a path without an extension. */
  get #endings(): readonly string[] {
    return this.#seesTypes ? ENDINGS : ENDINGS_OF_JAVASCRIPT
  }

  async #resolve(written: string, fromPath: string): Promise<Resolution> {
    // Loaders: `raw-loader!./a.txt`, `./a.svg?react`.
    const specifier = written.slice(written.lastIndexOf('!') + 1).replace(/[?].*$/, '')
    const folder = folderOf(fromPath)
    if (specifier === '' || specifier.startsWith('/') || specifier.includes('\\')) return { kind: 'unknown' }
    if (/^\.{1,2}(?:\/|$)/.test(specifier)) return this.#relative(specifier, fromPath)
    if (specifier.startsWith('node:')) return this.#builtin(specifier.slice('node:'.length), fromPath)
    if (/^[a-z][\w+.-]*:/i.test(specifier) || /^[$~@]\/|^[$~]/.test(specifier)) return this.#alias(specifier, folder)
    if (specifier.startsWith('#')) return this.#ownImport(specifier, folder)
    return this.#bare(specifier, fromPath)
  }

  async #relative(specifier: string, fromPath: string): Promise<Resolution> {
    const folder = folderOf(fromPath)
    const path = joinPath(folder, specifier)
    const found = await this.#fileAt(path)
    if (found) return this.#asFile(found)
    for (const aliases of await this.packages.aliasesAbove(folder)) {
      for (const root of aliases.rootDirs) {
        if (!`${folder}/`.startsWith(`${root}/`)) continue
        const inner = path.slice(root.length)
        for (const other of aliases.rootDirs) {
          const twin = await this.#fileAt(joinPath(other, inner))
          if (twin) return this.#asFile(twin)
        }
      }
    }
    const target = folderOf(path)
    const name = path.slice(target === '' ? 0 : target.length + 1)
    const siblings = await this.#project.list(target)
    // `./a` next to `a.graphql` or `a.ios.js`: some tool knows what to do with it.
    if (name !== '' && siblings.some(each => each.startsWith(`${stem(name)}.`))) return { kind: 'unknown' }
    const isCertain =
      !GENERATED.test(specifier.replace(/^(?:\.{1,2}\/)+/, '')) &&
      !(await this.#isIgnored(path)) &&
      !SAMPLES.test(fromPath)
    const base = specifier.slice(0, specifier.length - name.length)
    const known = siblings.map(each => base + (/\.\w+$/.test(name) ? each : stem(each)))
    const suggestion = didYouMean(specifier, known)
    return {
      kind: 'missing',
      problem: 'unknown-path',
      isCertain,
      message: `\`${specifier}\` leads to ${path}, where no file is`,
      ...(suggestion ? { suggestion } : {}),
    }
  }

  async #builtin(name: string, fromPath: string): Promise<Resolution> {
    const builtins = await loadTypeScriptBuiltins()
    if (builtins.exportsOfNodeModule(name)) return { kind: 'builtin', name }
    const suggestion = didYouMean(name, builtins.nodeModules)
    return {
      kind: 'missing',
      problem: 'unknown-builtin',
      isCertain: !SAMPLES.test(fromPath),
      message: `Node has no module \`node:${name}\``,
      ...(suggestion ? { suggestion } : {}),
    }
  }

  /** `~/x`, `@/x`, `$lib/x`: never a package, so only a configuration can say. */
  async #alias(specifier: string, folder: string): Promise<Resolution> {
    const { resolution, missing } = await this.#byPaths(specifier, folder)
    return resolution ?? missing ?? { kind: 'unknown' }
  }

  async #ownImport(specifier: string, folder: string): Promise<Resolution> {
    const byPaths = await this.#byPaths(specifier, folder)
    const byAlias = byPaths.resolution ?? byPaths.missing
    if (byAlias) return byAlias
    for (const manifest of await this.packages.manifestsAbove(folder)) {
      if (!isRecord(manifest.imports)) continue
      const targets = exportTargets(manifest.imports, specifier)
      for (const target of targets) {
        if (!target.startsWith('.')) return this.#bare(target, joinPath(manifest.folder, 'package.json'))
        const found = await this.#fileAt(joinPath(manifest.folder, target))
        if (found) return this.#asFile(found)
      }
      if (targets.length > 0) {
        return this.#missingTarget(
          specifier,
          targets.map(target => joinPath(manifest.folder, target)),
        )
      }
      const suggestion = didYouMean(specifier, Object.keys(manifest.imports))
      return {
        kind: 'missing',
        problem: 'unknown-subpath',
        isCertain: true,
        message: `\`${specifier}\` is not among the imports of ${joinPath(manifest.folder, 'package.json')}`,
        ...(suggestion ? { suggestion } : {}),
      }
    }
    return { kind: 'unknown' }
  }

  async #bare(specifier: string, fromPath: string): Promise<Resolution> {
    const folder = folderOf(fromPath)
    const byPaths = await this.#byPaths(specifier, folder)
    if (byPaths.resolution) return byPaths.resolution
    const builtins = await loadTypeScriptBuiltins()
    if (builtins.exportsOfNodeModule(specifier)) return { kind: 'builtin', name: specifier }
    if (INNER_NODE_MODULE.test(specifier)) return { kind: 'exists' }

    // `@scope` alone is no package, but may still be an alias.
    const name = packageNameOf(specifier) ?? (/^@[\w.-]+$/.test(specifier) ? specifier : undefined)
    if (name === undefined) return { kind: 'unknown' }
    const subpath = specifier.slice(name.length + 1)
    const manifests = await this.packages.manifestsAbove(folder)
    const own = manifests.find(manifest => manifest.name === name) ?? (await this.packages.workspaces()).get(name)
    if (own) return this.#inWorkspace(own, subpath)
    const installed = await this.#installed(name, subpath, folder)
    if (installed) return installed
    if (manifests.some(manifest => manifest.dependencies.has(name) || manifest.dependencies.has(typesPackage(name)))) {
      return { kind: 'not-installed', name }
    }
    if (byPaths.missing) return byPaths.missing
    if (byPaths.isMatched || manifests.length === 0 || (await this.#isConfiguredElsewhere(specifier, folder))) {
      return { kind: 'unknown' }
    }
    const known = [
      ...manifests.flatMap(manifest => [...manifest.dependencies]),
      ...(await this.packages.workspaces()).keys(),
    ]
    const suggestion = didYouMean(name, [...known, ...builtins.nodeModules])
    return {
      kind: 'missing',
      problem: 'unknown-package',
      isCertain: !SAMPLES.test(fromPath),
      message: `the package \`${name}\` is neither installed nor named in ${joinPath(manifests[0]!.folder, 'package.json')}`,
      suggestion: suggestion ?? 'use a dependency the project has, or add this one to package.json in the same change',
    }
  }

  /** A file that an alias promises and nobody has; unless a build may make it. */
  async #missingTarget(specifier: string, targets: readonly string[]): Promise<Resolution> {
    for (const target of targets) {
      const isElsewhere = target.startsWith('..') || GENERATED.test(target) || (await this.#isIgnored(target))
      if (isElsewhere) return { kind: 'unknown' }
    }
    const [target] = targets
    if (target === undefined) return { kind: 'unknown' }
    const folder = folderOf(target)
    const base = specifier.slice(0, specifier.lastIndexOf('/') + 1)
    const suggestion = didYouMean(
      specifier,
      (await this.#project.list(folder)).map(name => base + stem(name)),
    )
    return {
      kind: 'missing',
      problem: 'unknown-path',
      isCertain: true,
      message: `\`${specifier}\` leads to ${target}, where no file is`,
      ...(suggestion ? { suggestion } : {}),
    }
  }

  /** Aliases of the compiler's configuration. `isMatched`: one covers the specifier, though no file is there. */
  async #byPaths(
    specifier: string,
    folder: string,
  ): Promise<{ resolution?: Resolution; missing?: Resolution; isMatched: boolean }> {
    const promised: string[] = []
    for (const aliases of await this.packages.aliasesAbove(folder)) {
      for (const [pattern, targets] of aliases.paths) {
        const rest = matchPattern(pattern, specifier)
        if (rest === undefined) continue
        for (const target of targets) {
          const path = joinPath(target.startsWith('/') ? '' : aliases.baseFolder, target.replace('*', rest))
          const found = await this.#fileAt(path)
          if (found) return { resolution: this.#asFile(found), isMatched: true }
          if (pattern !== '*') promised.push(path)
        }
      }
      if (!aliases.hasBaseUrl) continue
      const found = await this.#fileAt(joinPath(aliases.baseFolder, specifier))
      if (found) return { resolution: this.#asFile(found), isMatched: true }
    }
    const missing = promised.length > 0 ? await this.#missingTarget(specifier, promised) : undefined
    // A package may have a name that an alias covers too: only the caller knows.
    return { isMatched: promised.length > 0, ...(missing?.kind === 'missing' ? { missing } : {}) }
  }

  async #inWorkspace(manifest: PackageManifest, subpath: string): Promise<Resolution> {
    const resolution = await this.#inPackage(manifest, subpath)
    // Its entry may be what its build makes; the sources cannot be told from that.
    return resolution?.kind === 'file' || resolution?.kind === 'exists' ? resolution : { kind: 'unknown' }
  }

  async #installed(name: string, subpath: string, folder: string): Promise<Resolution | undefined> {
    for (const ancestor of ancestorsOf(folder, this.#project.root)) {
      const modules = joinPath(ancestor, 'node_modules')
      const at = joinPath(modules, name)
      const types = joinPath(modules, typesPackage(name))
      if ((await this.#project.kindOf(at)) === 'directory') {
        const manifest = await this.packages.manifestIn(at)
        const own = manifest && (await this.#inPackage(manifest, subpath))
        if (own && (!this.#seesTypes || (own.kind === 'file' && isDeclaration(own.path)))) return own
        const typed = await this.#typesIn(types, subpath)
        if (typed) return typed
        if (own) return own
        if (subpath === '' || !manifest) return { kind: 'exists' }
        return missingSubpath(name, subpath, manifest)
      }
      const typed = await this.#typesIn(types, subpath)
      if (typed) return typed
    }
    return undefined
  }

  async #typesIn(folder: string, subpath: string): Promise<Resolution | undefined> {
    const manifest =
      (await this.#project.kindOf(folder)) === 'directory' ? await this.packages.manifestIn(folder) : undefined
    return manifest && this.#inPackage(manifest, subpath)
  }

  /** @returns undefined when the package has no such entry */
  async #inPackage(manifest: PackageManifest, subpath: string): Promise<Resolution | undefined> {
    const targets: string[] = []
    if (manifest.exports !== undefined)
      targets.push(...exportTargets(manifest.exports, subpath === '' ? '.' : `./${subpath}`))
    if (isRecord(manifest.typesVersions)) {
      for (const map of Object.values(manifest.typesVersions)) {
        if (isRecord(map)) targets.push(...exportTargets(map, subpath === '' ? 'index.d.ts' : subpath))
      }
    }
    if (subpath === '')
      targets.push(...[manifest.types, manifest.module, manifest.main].filter(each => each !== undefined))
    // Older bundlers and compilers take any file, whatever the package's export map says.
    targets.push(subpath === '' ? 'index' : subpath)

    const files: string[] = []
    for (const target of targets) {
      const found = await this.#fileAt(joinPath(manifest.folder, target))
      if (found) files.push(found)
    }
    const best = files.find(file => isDeclaration(file) === this.#seesTypes) ?? files[0]
    if (best === undefined) return targets.length > 1 && subpath === '' ? { kind: 'exists' } : undefined
    return this.#asFile(best)
  }

  #asFile(path: string): Resolution {
    if (!READABLE.test(path)) return { kind: 'exists' }
    return { kind: 'file', path, isProject: !/(?:^|\/)node_modules\//.test(path) }
  }

  /** The file an extensionless or exact path means. */
  async #fileAt(path: string): Promise<string | undefined> {
    const extension = /\.[mc]?jsx?$/.exec(path)?.[0] ?? ''
    const sources = (SOURCES_OF[extension] ?? []).map(each => path.slice(0, path.length - extension.length) + each)
    const kind = path === '' ? 'directory' : await this.#project.kindOf(path)
    if (kind === 'file') {
      for (const source of this.#seesTypes ? sources : [])
        if ((await this.#project.kindOf(source)) === 'file') return source
      return path
    }
    for (const candidate of path === '' ? [] : [...sources, ...this.#endings.map(ending => path + ending)]) {
      if ((await this.#project.kindOf(candidate)) === 'file') return candidate
    }
    if (kind !== 'directory') return undefined
    const manifest = await this.packages.manifestIn(path)
    for (const entry of [manifest?.types, manifest?.module, manifest?.main]) {
      const found = entry === undefined ? undefined : await this.#fileAt(joinPath(path, entry))
      if (found) return found
    }
    for (const ending of this.#endings) {
      const candidate = joinPath(path, `index${ending}`)
      if ((await this.#project.kindOf(candidate)) === 'file') return candidate
    }
    // A package's folder without an entry of its own, such as one that only has `exports`.
    return manifest?.exports === undefined ? undefined : joinPath(path, 'package.json')
  }

  /** Whether version control ignores a path: then a build may make it. */
  async #isIgnored(path: string): Promise<boolean> {
    if (path.startsWith('..')) return true
    const { default: ignore } = await import('ignore')
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const rules = await this.#project.read(joinPath(folder, '.gitignore'))
      const inner = folder === '' ? path : path.slice(folder.length + 1)
      if (rules !== undefined && inner !== '') {
        const ignored = ignore().add(rules)
        if (['', '/', ...CODE_EXTENSIONS].some(end => ignored.ignores(inner + end))) return true
      }
      if (folder === '') return false
    }
  }

  /** Whether a bundler's or test runner's configuration, or an ambient module, may give the name a meaning. */
  async #isConfiguredElsewhere(specifier: string, folder: string): Promise<boolean> {
    const first = specifier.split('/')[0]!
    const name = packageNameOf(specifier) ?? first
    for (const ancestor of ancestorsOf(folder, this.#project.root)) {
      if (ancestor.startsWith('..')) break
      const names = await this.#project.list(ancestor)
      // `import 'components/button'` with a base folder that a tool was told about.
      if (names.includes(first)) return true
      for (const source of ['src', 'app', 'lib']) {
        if (names.includes(source) && (await this.#project.list(joinPath(ancestor, source))).includes(first))
          return true
      }
      if (names.includes('.pnp.cjs') || names.includes('.pnp.js')) continue
      for (const config of names) {
        if (!BUNDLER_CONFIG.test(config) && config !== 'package.json') continue
        const text = (await this.#project.read(joinPath(ancestor, config))) ?? ''
        const quoted =
          config === 'package.json'
            ? [`"${specifier}"`, `"^${name}`, `"${name}":`]
            : [`'${name}`, `"${name}`, `\`${name}`, `^${name}`, `${name}:`]
        if (quoted.some(each => text.includes(each))) return true
      }
    }
    return this.isDeclaredAmbient(specifier)
  }

  /** Whether a declaration file of the project says `declare module` for the specifier. */
  async isDeclaredAmbient(specifier: string): Promise<boolean> {
    const texts = await this.declarationTexts()
    return texts.some(text =>
      [...text.matchAll(/declare\s+module\s+['"]([^'"]+)['"]/g)].some(
        match => matchPattern(match[1]!, specifier) !== undefined,
      ),
    )
  }

  #declarations: Promise<readonly string[]> | undefined

  /** The project's own declaration files; looked for only when something seems to be missing. */
  declarationTexts(): Promise<readonly string[]> {
    this.#declarations ??= this.#findDeclarations()
    return this.#declarations
  }

  async #findDeclarations(): Promise<readonly string[]> {
    const texts: string[] = []
    const open = ['']
    // A bound for projects that are no projects, such as a home folder.
    for (let seen = 0; open.length > 0 && seen < MAX_FOLDERS; seen++) {
      const folder = open.shift()!
      for (const name of await this.#project.list(folder)) {
        if (name === 'node_modules' || name === '.git') continue
        const path = joinPath(folder, name)
        if (/\.d\.[mc]?ts$/.test(name)) texts.push((await this.#project.read(path)) ?? '')
        else if (!name.includes('.') && (await this.#project.kindOf(path)) === 'directory') open.push(path)
      }
    }
    return texts
  }
}

const MAX_FOLDERS = 5_000

function missingSubpath(name: string, subpath: string, manifest: PackageManifest): Resolution {
  const keys = isRecord(manifest.exports) ? Object.keys(manifest.exports).filter(key => key.startsWith('./')) : []
  const suggestion = didYouMean(
    `${name}/${subpath}`,
    keys.map(key => name + key.slice(1)),
  )
  return {
    kind: 'missing',
    problem: 'unknown-subpath',
    isCertain: true,
    message: `the installed package \`${name}\` has no \`${subpath}\``,
    ...(suggestion ? { suggestion } : {}),
  }
}

function typesPackage(name: string): string {
  return `@types/${name.startsWith('@') ? name.slice(1).replace('/', '__') : name}`
}

function isDeclaration(path: string): boolean {
  return /\.d\.[mc]?ts$|\.tsx?$/.test(path)
}

/** A name without its last extension. */
function stem(name: string): string {
  return name.replace(/(?<=.)\.(?:d\.)?\w+$/, '')
}
