import type { ProjectView } from '../project-view'

/** A `Cargo.toml` and what it declares. */
export interface RustCrate {
  /** `''` is the root of the project. */
  readonly folder: string
  /** Names by which `use` knows the dependencies, and the crate's own library. */
  readonly names: ReadonlySet<string>
  /** 2015 resolves paths in another way. */
  readonly isOldEdition: boolean
}

const crates = new WeakMap<ProjectView, Map<string, Promise<RustCrate | undefined>>>()

/** Crates that come with the compiler. */
export const BUILT_IN_CRATES: ReadonlySet<string> = new Set(['std', 'core', 'alloc', 'proc_macro', 'test'])

/** The crate a folder belongs to; undefined without a readable Cargo.toml of a package. */
export function crateAround(folder: string, project: ProjectView): Promise<RustCrate | undefined> {
  const known = crates.get(project) ?? new Map<string, Promise<RustCrate | undefined>>()
  crates.set(project, known)
  const found = known.get(folder) ?? findCrate(folder, project)
  known.set(folder, found)
  return found
}

async function findCrate(folder: string, project: ProjectView): Promise<RustCrate | undefined> {
  const text = await project.read(folder === '' ? 'Cargo.toml' : `${folder}/Cargo.toml`)
  if (text !== undefined && /^\s*\[package\]|^\s*package\./m.test(text)) return readManifest(folder, text)
  if (folder === '') return undefined
  const slash = folder.lastIndexOf('/')
  return crateAround(slash < 0 ? '' : folder.slice(0, slash), project)
}

async function readManifest(folder: string, text: string): Promise<RustCrate | undefined> {
  const { parse } = await import('smol-toml')
  let manifest: unknown
  try {
    manifest = parse(text)
  } catch (error) {
    // Its own syntax is the syntax gate's business.
    if (error instanceof Error) return undefined
    throw error
  }
  const names = new Set<string>()
  const add = (name: unknown) => {
    if (typeof name === 'string') names.add(name.replaceAll('-', '_'))
  }
  for (const table of dependencyTables(manifest)) for (const name of Object.keys(table)) add(name)
  add(at(manifest, 'package', 'name'))
  add(at(manifest, 'lib', 'name'))
  const edition = at(manifest, 'package', 'edition')
  return { folder, names, isOldEdition: edition === undefined || edition === '2015' }
}

function dependencyTables(manifest: unknown): Record<string, unknown>[] {
  const kinds = ['dependencies', 'dev-dependencies', 'build-dependencies', 'dev_dependencies', 'build_dependencies']
  const targets = at(manifest, 'target')
  const holders = [manifest, ...(isTable(targets) ? Object.values(targets) : [])]
  return holders.flatMap(holder => kinds.map(kind => at(holder, kind))).filter(isTable)
}

function at(value: unknown, ...keys: string[]): unknown {
  let found = value
  for (const key of keys) found = isTable(found) ? found[key] : undefined
  return found
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
