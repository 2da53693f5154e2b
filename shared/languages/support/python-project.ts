import distributionModules from '../data/python-distributions.data.json' with { type: 'json' }
import type { ProjectView } from '../project-view'

/** What a Python project declares and has installed, as far as its files tell. */
export interface PythonProject {
  /** Folders that modules are looked up in, nearest first; `''` is the project's root. */
  readonly roots: readonly string[]
  /** Normalised names of declared distributions, such as `python-dateutil`. */
  readonly declared: ReadonlySet<string>
  /** Top-level modules in a virtual environment of the project. */
  readonly installed: ReadonlySet<string>
  /** There is a virtual environment, so what is not in `installed` is not installed. */
  readonly hasEnvironment: boolean
  /** Something declares what the project needs, and all of it could be read. */
  readonly isComplete: boolean
  /** The oldest minor version of Python 3 the project supports; undefined when it does not say. */
  readonly oldestPython: number | undefined
}

const ENVIRONMENTS = ['.venv', 'venv', 'env', '.env', '__pypackages__']
const known = new WeakMap<ProjectView, Map<string, Promise<PythonProject>>>()

/** The project around a file; the same for all files of a folder. */
export function pythonProjectAround(path: string, project: ProjectView): Promise<PythonProject> {
  const byFolder = known.get(project) ?? new Map<string, Promise<PythonProject>>()
  known.set(project, byFolder)
  const folder = parentOf(path)
  const found = byFolder.get(folder) ?? readProject(folder, project)
  byFolder.set(folder, found)
  return found
}

/** The top-level modules of a distribution, as far as known; its own name with underscores otherwise. */
export function modulesOf(distribution: string): readonly string[] {
  const listed: string | undefined = new Map<string, string>(Object.entries(distributionModules)).get(distribution)
  return listed ? listed.split(' ') : [distribution.replaceAll('-', '_')]
}

/** Top-level modules of real distributions, whether this project declares them or not: listed ones, and those called like one that many use. */
export async function isKnownModule(top: string): Promise<boolean> {
  if (knownModules().has(top)) return true
  const { default: packages } = await import('../data/python-packages.data.json', { with: { type: 'json' } })
  distributionNames ??= new Set(packages.names.split(' '))
  const name = top.toLowerCase()
  return [name, `python_${name}`, `${name}_python`].some(each => distributionNames?.has(each))
}

/** The 15,000 most downloaded of the Python Package Index, with underscores; most hold a module of that name. */
let distributionNames: ReadonlySet<string> | undefined

/** Names worth suggesting to someone who misspelt a package. */
export function knownModules(): ReadonlySet<string> {
  wellKnown ??= new Set(Object.values(distributionModules).flatMap(each => each.split(' ')))
  return wellKnown
}

let wellKnown: Set<string> | undefined

/** PEP 503: case, dots and underscores do not matter. */
export function normaliseDistribution(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

async function readProject(folder: string, project: ProjectView): Promise<PythonProject> {
  const ancestors = ancestorsOf(folder)
  const declared = new Set<string>()
  const installed = new Set<string>()
  const roots: string[] = []
  let hasManifest = false
  let isComplete = true
  let hasEnvironment = false
  let oldestPython: number | undefined
  for (const ancestor of ancestors) {
    const at = (name: string) => (ancestor ? `${ancestor}/${name}` : name)
    const names = await project.list(ancestor)
    roots.push(ancestor)
    for (const name of ['src', 'lib', 'python']) if (names.includes(name)) roots.push(at(name))
    for (const name of names) {
      const read = readerFor(name)
      if (!read) continue
      const text = await project.read(at(name))
      if (text === undefined) continue
      const found = await read(text)
      hasManifest ||= found.declares
      isComplete &&= found.isComplete
      for (const each of found.distributions) declared.add(normaliseDistribution(each))
      roots.push(...found.roots.map(each => at(each).replace(/\/$/, '')))
      oldestPython ??= found.oldestPython
    }
    for (const name of names.filter(each => /^requirements$/.test(each)))
      for (const file of await project.list(at(name))) {
        const text = /\.(?:txt|in)$/.test(file) ? await project.read(`${at(name)}/${file}`) : undefined
        if (text === undefined) continue
        hasManifest = true
        for (const each of requirementNames(text)) declared.add(normaliseDistribution(each))
      }
    for (const name of ENVIRONMENTS.filter(each => names.includes(each))) {
      for (const top of await installedIn(at(name), project)) installed.add(top)
      hasEnvironment ||= installed.size > 0
    }
  }
  return {
    roots: [...new Set(roots)],
    declared,
    installed,
    hasEnvironment,
    isComplete: hasManifest && isComplete,
    oldestPython,
  }
}

interface Manifest {
  distributions: string[]
  roots: string[]
  /** It says what the project needs, if only "nothing". */
  declares: boolean
  isComplete: boolean
  oldestPython?: number
}

const NOTHING: Manifest = { distributions: [], roots: [], declares: false, isComplete: true }

function readerFor(name: string): ((text: string) => Manifest | Promise<Manifest>) | undefined {
  if (/^(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)$/.test(name))
    return text => ({ ...NOTHING, distributions: requirementNames(text), declares: true })
  if (name === 'pyproject.toml') return readPyproject
  if (name === 'Pipfile' || /^(?:poetry|uv|pdm)\.lock$/.test(name)) return readTomlNames
  if (name === 'Pipfile.lock')
    return text => ({ ...NOTHING, distributions: [...text.matchAll(/"([\w.-]+)": \{/g)].map(m => m[1]!) })
  if (name === 'setup.py') return readSetupPy
  if (name === 'setup.cfg' || name === 'tox.ini') return readConfig
  if (name === 'environment.yml' || name === 'environment.yaml')
    return text => ({
      ...NOTHING,
      distributions: [...text.matchAll(/^\s*-\s*(?:[\w-]+::)?([A-Za-z][\w.-]*)/gm)].map(match => match[1]!),
      declares: true,
      // conda's names are its own.
      isComplete: false,
    })
  return undefined
}

/** The names of a requirements file: one a line, with versions, extras, markers, options and links. */
function requirementNames(text: string): string[] {
  const names: string[] = []
  for (const line of text.split('\n')) {
    const requirement = line.replace(/(?:^|\s)#.*$/, '').trim()
    const link = /#egg=([\w.-]+)/.exec(line)?.[1] ?? /^([\w.-]+)\s*(?:\[[^\]]*\])?\s*@/.exec(requirement)?.[1]
    const name = link ?? /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;,@(].*)?$/.exec(requirement)?.[1]
    if (name) names.push(name)
  }
  return names
}

async function readPyproject(text: string): Promise<Manifest> {
  const { parse } = await import('smol-toml')
  let data: unknown
  try {
    data = parse(text)
  } catch (error) {
    // Its own syntax is the syntax gate's business.
    return { ...NOTHING, declares: true, isComplete: !(error instanceof Error) }
  }
  const project = at(data, 'project')
  const poetry = at(data, 'tool', 'poetry')
  const build = at(data, 'build-system', 'requires')
  const lists = [
    at(project, 'dependencies'),
    ...values(at(project, 'optional-dependencies')),
    ...values(at(data, 'dependency-groups')),
    ...values(at(data, 'tool', 'pdm', 'dev-dependencies')),
    ...values(at(data, 'tool', 'hatch', 'envs')).map(env => at(env, 'dependencies')),
    ...values(at(data, 'tool', 'hatch', 'envs')).map(env => at(env, 'extra-dependencies')),
    at(data, 'tool', 'uv', 'dev-dependencies'),
    build,
  ]
  const tables = [
    at(poetry, 'dependencies'),
    at(poetry, 'dev-dependencies'),
    ...values(at(poetry, 'group')).map(group => at(group, 'dependencies')),
    at(data, 'tool', 'pixi', 'dependencies'),
    at(data, 'tool', 'pixi', 'pypi-dependencies'),
  ]
  const dynamic = strings(at(project, 'dynamic'))
  const requires = at(project, 'requires-python') ?? at(poetry, 'dependencies', 'python')
  const packageRoots = [
    ...Object.values(stringTable(at(data, 'tool', 'setuptools', 'package-dir'))),
    ...strings(at(data, 'tool', 'setuptools', 'packages', 'find', 'where')),
    ...strings(at(data, 'tool', 'pytest', 'ini_options', 'pythonpath')),
    ...array(at(poetry, 'packages')).flatMap(each => strings([at(each, 'from')])),
  ]
  return {
    distributions: [
      ...lists.flatMap(list => requirementNames(strings(list).join('\n'))),
      ...tables.flatMap(table => Object.keys(isTable(table) ? table : {})),
      ...strings([at(project, 'name'), at(poetry, 'name')]),
    ],
    roots: packageRoots.map(each => each.replace(/^\.\/?/, '')),
    declares: project !== undefined || poetry !== undefined,
    isComplete: !dynamic.includes('dependencies'),
    ...(typeof requires === 'string' ? oldestIn(requires) : {}),
  }
}

async function readTomlNames(text: string): Promise<Manifest> {
  const listed = [...text.matchAll(/^name = "([\w.-]+)"/gm)].map(match => match[1]!)
  const keys = [...text.matchAll(/^"?([A-Za-z][\w.-]*)"?\s*=\s*(?:"|\{)/gm)].map(match => match[1]!)
  return { ...NOTHING, distributions: listed.length > 0 ? listed : keys, declares: true }
}

function readSetupPy(text: string): Manifest {
  const strings = [...text.matchAll(/(["'])([A-Za-z][\w.-]*)(?:\[[^\]]*\])?\s*(?:[<>=!~;].*?)?\1/g)].map(
    match => match[2]!,
  )
  const requires = /\binstall_requires\s*=\s*(?<value>\S)/.exec(text)?.groups?.value
  const root = /package_dir\s*=\s*\{\s*["']["']\s*:\s*["']([^"']+)["']/.exec(text)?.[1]
  return {
    distributions: strings,
    roots: root ? [root] : [],
    declares: requires !== undefined,
    // Anything but a literal list was computed from somewhere.
    isComplete: requires === undefined || requires === '[',
    ...oldestIn(/python_requires\s*=\s*["']([^"']+)["']/.exec(text)?.[1] ?? ''),
  }
}

function readConfig(text: string): Manifest {
  const requires = /^(?:install_requires|deps|[\w-]+)\s*=\s*\n(?<list>(?:[ \t]+.*\n?)+)/gm
  const listed = [...text.matchAll(requires)].flatMap(match => requirementNames(match.groups?.list ?? ''))
  return {
    ...NOTHING,
    distributions: listed,
    declares: /^install_requires\s*=/m.test(text),
    ...oldestIn(/^python_requires\s*=\s*(.+)$/m.exec(text)?.[1] ?? ''),
  }
}

/** `>=3.9,<4` and `^3.9` mean 9. */
function oldestIn(requires: string): { oldestPython?: number } {
  const minor = /(?:>=|\^|~=?|==)\s*3\.(\d+)/.exec(requires)?.[1]
  return minor === undefined ? {} : { oldestPython: Number(minor) }
}

async function installedIn(environment: string, project: ProjectView): Promise<string[]> {
  const libraries = [`${environment}/Lib/site-packages`]
  for (const name of await project.list(`${environment}/lib`))
    if (name.startsWith('python')) libraries.push(`${environment}/lib/${name}/site-packages`)
  const found: string[] = []
  for (const library of libraries)
    for (const name of await project.list(library)) {
      if (/\.(?:dist-info|egg-info|data)$|^__pycache__$|\.pth$/.test(name)) continue
      found.push(name.replace(/\.(?:pyi?|[\w.-]*so|pyd)$/, '').replace(/-stubs$/, ''))
    }
  return found
}

/** The folder and those above it, nearest first, `''` last. */
function ancestorsOf(folder: string): string[] {
  const parts = folder === '' ? [] : folder.split('/')
  return Array.from({ length: parts.length + 1 }, (_, removed) => parts.slice(0, parts.length - removed).join('/'))
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function at(value: unknown, ...keys: string[]): unknown {
  let found = value
  for (const key of keys) found = isTable(found) ? found[key] : undefined
  return found
}

function values(value: unknown): unknown[] {
  return isTable(value) ? Object.values(value) : []
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function strings(value: unknown): string[] {
  return array(value).filter(each => typeof each === 'string')
}

function stringTable(value: unknown): Record<string, string> {
  return isTable(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, each]) => (typeof each === 'string' ? [[key, each]] : [])),
      )
    : {}
}
