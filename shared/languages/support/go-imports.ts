import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { type GoFile, type GoImport, readGoFile } from './go-file'
import {
  type GoModule,
  goModuleAround,
  goPackageIn,
  goWorkspaceAround,
  inFolder,
  isIgnored,
  parentFolder,
} from './go-project'
import { NEWEST_KNOWN_GO, stdPackageNames, stdPackageSince, stdPackages } from './go-std'
import { didYouMean } from './nearest-name'
import { unparsable } from './source-limits'
import { unknown } from './syntax-verdict'
import { parseTree } from './tree-sitter'

/** Where an import path leads. */
export type GoTarget =
  | { kind: 'std'; path: string }
  | { kind: 'folder'; folder: string }
  /** Outside of the project, and declared. */
  | { kind: 'external' }
  | { kind: 'wrong'; problem: Omit<Problem, 'start' | 'end' | 'key'> }
  | { kind: 'unknown' }

/** Imports that lead nowhere, and `package.Name` that the package does not export. */
export async function checkGoImports(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const reason = unparsable(source.text)
  if (reason) return unknown(reason)
  if (isIgnored(source.text) || /(?:^|\/)(?:testdata|vendor|\.[^/]*)\//.test(source.path))
    return { kind: 'judged', problems: [] }
  // The go command leaves `_examples` alone: what they need besides is not in go.mod.
  const isLeftAlone = /(?:^|\/)_[^/]*\//.test(source.path)
  const tree = await parseTree('go', source.text, loadAsset)
  if (!tree) return unknown('nested too deeply to parse, or too slow')
  const file = readGoFile(tree)
  const module = await goModuleAround(parentFolder(source.path), project)
  const problems: Problem[] = []
  for (const each of file.imports) {
    const target = await resolveGoImport(each.path, source.path, project)
    if (target.kind === 'wrong') {
      const isUsed = await isUsedBeside(each.path, source.path, project, loadAsset)
      const isOutside = each.path.includes('.') && !isBelow(each.path, module?.path)
      const certainty = isUsed || (isLeftAlone && isOutside) ? 'likely' : target.problem.certainty
      const key = `${target.problem.kind} ${each.path}`
      problems.push({ ...target.problem, certainty, key, start: each.start, end: each.end })
    } else problems.push(...(await checkNames(file, each, target, module, source.path, project, loadAsset)))
  }
  return { kind: 'judged', problems }
}

/** Another file of the package imports it too, so it is there by some way that the manifest does not show. */
async function isUsedBeside(
  imported: string,
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<boolean> {
  const { files } = await goPackageIn(parentFolder(path), project, loadAsset)
  return files.some(file => file.path !== path && file.imports.some(each => each.path === imported))
}

/** Looks an import path up as the go command would. */
export async function resolveGoImport(path: string, fromPath: string, project: ProjectView): Promise<GoTarget> {
  if (path === 'C' || path === 'unsafe' || path === '' || path.startsWith('.')) return { kind: 'unknown' }
  const folder = parentFolder(fromPath)
  const module = await goModuleAround(folder, project)
  if (!module) return { kind: 'unknown' }
  if (/^(?:std|cmd)$/.test(module.path)) return resolveInStd(path, module, project)
  const workspace = await goWorkspaceAround(folder, project)
  const hidden = hiddenBehindInternal(
    path,
    inFolder(module.path, folder.slice(module.folder.length).replace(/^\//, '')),
  )
  const home = longestPrefix(path, [
    module.path,
    ...workspace.map(each => each.path),
    ...module.replaces.keys(),
    ...module.requires,
  ])
  if (home === undefined) return resolveStd(path, module)
  const inWorkspace = [module, ...workspace].find(each => each.path === home)
  const replaced = module.replaces.get(home)
  const root = inWorkspace ? inWorkspace.folder : replaced
  if (root === undefined) return resolveVendored(path, module, project)
  if (hidden) return wrong('hidden-package', 'certain', `\`${path}\` is internal to \`${hidden}\``, undefined)
  const target = inFolder(root, path.slice(home.length).replace(/^\//, ''))
  if ((await project.list(target)).some(name => name.endsWith('.go'))) return { kind: 'folder', folder: target }
  const last = path.slice(path.lastIndexOf('/') + 1)
  const certainty =
    isStandIn(module) || (await mayBeMade(root, path.slice(home.length + 1), project)) ? 'likely' : 'certain'
  const siblings = target === root ? [] : await project.list(parentFolder(target))
  return wrong('unknown-package', certainty, `there is no package in \`${target || '.'}\``, didYouMean(last, siblings))
}

/** Whether a program may yet fill a missing folder: it is called so, or lies in one called so that holds no Go so far. */
async function mayBeMade(root: string, path: string, project: ProjectView): Promise<boolean> {
  let folder = root
  const missing = path.split('/')
  for (let part = missing[0]; part !== undefined; part = missing[0]) {
    if ((await project.kindOf(inFolder(folder, part))) !== 'directory') break
    folder = inFolder(folder, part)
    missing.shift()
  }
  if (GENERATED.test(missing.join('/'))) return true
  return GENERATED.test(path) && !(await project.list(folder)).some(name => name.endsWith('.go'))
}

/** Folders that programs fill. */
const GENERATED =
  /(?:^|\/)(?:gen|generated|mocks?|pb|proto|api|ent|graph|sqlc|bindata|assets|docs)(?:\/|$)|pb$|_gen$|mock/i

/** In Go's own source tree packages lie below the module, and what comes from elsewhere in its `vendor`. */
async function resolveInStd(path: string, module: GoModule, project: ProjectView): Promise<GoTarget> {
  const isCmd = module.path === 'cmd'
  // The other module of that tree, which may not be in sight.
  if (isCmd ? module.folder === '' : path.startsWith('cmd/')) return { kind: 'unknown' }
  const own = isCmd && path.startsWith('cmd/') ? path.slice('cmd/'.length) : undefined
  const places = own
    ? [inFolder(module.folder, own)]
    : [inFolder(isCmd ? parentFolder(module.folder) : module.folder, path), inFolder(module.folder, `vendor/${path}`)]
  for (const folder of places)
    if ((await project.list(folder)).some(name => name.endsWith('.go')))
      // The build of Go writes some of the files of its commands.
      return own ? { kind: 'unknown' } : { kind: 'folder', folder }
  const message = `Go's own library has no package \`${path}\``
  return wrong('unknown-package', stdPackageSince(path) === undefined ? 'certain' : 'likely', message, undefined)
}

function resolveStd(path: string, module: GoModule): GoTarget {
  const since = stdPackageSince(path)
  const minor = module.minor
  if (since !== undefined) {
    if (minor === undefined || since <= minor) return { kind: 'std', path }
    return wrong('too-new', 'likely', `\`${path}\` came with Go 1.${since}; go.mod says 1.${minor}`, undefined)
  }
  const first = path.split('/')[0]!
  if (first.includes('.')) {
    // Before Go 1.17 go.mod did not list what is needed indirectly.
    if (
      (minor === undefined || minor < 17) &&
      longestPrefix(
        path,
        module.sums.split('\n').map(line => line.split(' ')[0]!),
      )
    )
      return { kind: 'external' }
    const certainty = isStandIn(module) ? 'likely' : 'certain'
    return wrong(
      'unknown-package',
      certainty,
      `no module in go.mod has the package \`${path}\``,
      nearestModule(path, module) ?? 'add its module to go.mod',
    )
  }
  if (minor !== undefined && minor > NEWEST_KNOWN_GO) return { kind: 'unknown' }
  const isInternal = /(?:^|\/)internal(?:\/|$)/.test(path)
  const message = isInternal
    ? `\`${path}\` is internal to Go's own library`
    : `\`${path}\` is not in the standard library, and go.mod has no such module`
  return wrong('unknown-package', 'certain', message, didYouMean(path, stdPackages()))
}

/** A manifest without requirements and version stands in for one that is kept elsewhere, perhaps with more of the module. */
function isStandIn({ requires, minor }: GoModule): boolean {
  return requires.length === 0 && minor === undefined
}

function nearestModule(path: string, module: GoModule): string | undefined {
  const parts = path.split('/')
  const candidates = module.requires.filter(each => Math.abs(each.split('/').length - parts.length) <= 1)
  return didYouMean(path, [...candidates, module.path])
}

async function resolveVendored(path: string, module: GoModule, project: ProjectView): Promise<GoTarget> {
  const vendor = inFolder(module.folder, 'vendor')
  if ((await project.kindOf(inFolder(vendor, 'modules.txt'))) !== 'file') return { kind: 'external' }
  const folder = inFolder(vendor, path)
  if ((await project.list(folder)).some(name => name.endsWith('.go'))) return { kind: 'folder', folder }
  return wrong('not-vendored', 'likely', `\`${path}\` is declared but not in vendor/`, 'run `go mod vendor`')
}

/** The path above `internal` when the importing package is not below it. */
function hiddenBehindInternal(path: string, importer: string): string | undefined {
  const match = /^(?:(?<above>.*)\/)?internal(?:\/|$)/.exec(path)
  if (!match) return undefined
  const above = match.groups?.above ?? ''
  return importer === above || importer.startsWith(`${above}/`) ? undefined : above
}

function isBelow(path: string, module: string | undefined): boolean {
  return path === module || path.startsWith(`${module}/`)
}

function longestPrefix(path: string, modules: readonly string[]): string | undefined {
  return modules.filter(each => each !== '' && isBelow(path, each)).sort((a, b) => b.length - a.length)[0]
}

function wrong(
  kind: string,
  certainty: Problem['certainty'],
  message: string,
  suggestion: string | undefined,
): GoTarget {
  return { kind: 'wrong', problem: { kind, certainty, message, ...(suggestion ? { suggestion } : {}) } }
}

async function checkNames(
  file: GoFile,
  each: GoImport,
  target: GoTarget,
  module: GoModule | undefined,
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Problem[]> {
  const exported = await exportsOf(each.path, target, path, project, loadAsset)
  if (!exported || each.alias === '.' || each.alias === '_') return []
  const local = each.alias ?? exported.packageName
  if (file.locals.has(local) || file.declarations.has(local)) return []
  // Two imports of one name: build tags, or a mistake of another kind.
  if (file.imports.filter(other => (other.alias ?? other.path.split('/').at(-1)) === local).length > 1) return []
  const isBeyondTable = target.kind === 'std' && (module?.minor ?? 0) > NEWEST_KNOWN_GO
  const problems: Problem[] = []
  for (const { receiver, name, start, end } of file.selectors) {
    if (receiver !== local || exported.names.has(name) || isBeyondTable) continue
    const suggestion = didYouMean(name, exported.names)
    problems.push({
      kind: 'unknown-name',
      certainty: exported.isOpen ? 'likely' : 'certain',
      key: `unknown-name ${each.path} ${name}`,
      start,
      end,
      message: /^[A-Z]/.test(name)
        ? `\`${name}\` does not exist in \`${each.path}\``
        : `\`${name}\` is not exported by \`${each.path}\``,
      ...(suggestion ? { suggestion } : {}),
    })
  }
  return problems
}

interface GoExports {
  packageName: string
  names: ReadonlySet<string>
  isOpen: boolean
}

/** The package that the compiler itself knows. */
const UNSAFE = new Set([
  'Pointer',
  'Sizeof',
  'Offsetof',
  'Alignof',
  'Add',
  'Slice',
  'SliceData',
  'String',
  'StringData',
])

async function exportsOf(
  imported: string,
  target: GoTarget,
  path: string,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<GoExports | undefined> {
  if (imported === 'unsafe') return { packageName: 'unsafe', names: UNSAFE, isOpen: false }
  if (target.kind === 'std') {
    const names = stdPackageNames(target.path)
    return names && { packageName: lastName(target.path), names: new Set(names.keys()), isOpen: false }
  }
  if (target.kind !== 'folder') return undefined
  const { files, isOpen } = await goPackageIn(target.folder, project, loadAsset)
  // Tests of a package see what its other tests export for them.
  const isOwnTest = path.endsWith('_test.go') && parentFolder(path) === target.folder
  const own = files.filter(
    file => !file.path.endsWith('_test.go') || (isOwnTest && !file.packageName.endsWith('_test')),
  )
  const packageNames = new Set(own.map(file => file.packageName))
  const [packageName] = packageNames
  if (packageName === undefined || packageNames.size > 1) return undefined
  const names = own.flatMap(file => [...file.declarations.keys()]).filter(name => /^\p{Lu}/u.test(name))
  return { packageName, names: new Set(names), isOpen }
}

/** `math/rand/v2` is package rand. */
function lastName(path: string): string {
  return path
    .replace(/\/v\d+$/, '')
    .split('/')
    .at(-1)!
}
