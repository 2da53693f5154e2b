import table from '../data/python-std.data.json' with { type: 'json' }

/** Versions are the number after `3.`: 12 for Python 3.12. What was there in the oldest one may be older still. */
export const OLDEST_KNOWN_PYTHON = table.versions[0]!
export const NEWEST_KNOWN_PYTHON = table.versions[1]!

/** From and up to which version something is there. */
export interface VersionRange {
  since: number
  until: number
}

interface StdModule extends VersionRange {
  /** undefined when it is not known what the module holds. */
  names: string | undefined
}

const [oldest = 0, newest = 0] = table.versions
const modules = new Map<string, StdModule>(
  Object.entries(table.modules).map(([key, names]) => {
    const { name, ...range } = readEntry(key, oldest, newest)
    return [name, { ...range, names: names ?? undefined }]
  }),
)
const opened = new Map<string, Map<string, VersionRange>>()
let builtins: Set<string> | undefined

/** Which versions have a module of the standard library; undefined when none has. */
export function stdModule(name: string): VersionRange | undefined {
  return modules.get(name)
}

/** Whether what a module holds is unknown: private, or made for another platform. */
export function isStdModuleOpaque(name: string): boolean {
  return modules.get(name)?.names === undefined
}

/** What a module of the standard library holds, submodules too; empty when unknown. */
export function stdNames(module: string): ReadonlyMap<string, VersionRange> {
  const known = opened.get(module)
  if (known) return known
  const names = new Map<string, VersionRange>()
  const found = modules.get(module)
  for (const entry of found?.names?.split(' ') ?? []) {
    const { name, ...range } = readEntry(entry, found!.since, found!.until)
    names.set(name, range)
  }
  for (const [path, range] of modules)
    if (path.startsWith(`${module}.`) && !path.includes('.', module.length + 1))
      names.set(path.slice(module.length + 1), range)
  opened.set(module, names)
  return names
}

/** Names of all modules that have no dot. */
export function stdTopLevelModules(): string[] {
  return [...modules.keys()].filter(name => !name.includes('.'))
}

/** Names that are always there, in any version. */
export function pythonBuiltins(): ReadonlySet<string> {
  builtins ??= new Set(table.builtins.split(' ').map(entry => readEntry(entry, oldest, newest).name))
  return builtins
}

/** Public methods and attributes of a built-in type, in any version; undefined for other types. */
export function builtinMembers(type: string): ReadonlySet<string> | undefined {
  const entries = Object.entries(table.methods).find(([name]) => name === type)?.[1]
  return entries === undefined
    ? undefined
    : new Set(entries.split(' ').map(entry => readEntry(entry, oldest, newest).name))
}

function readEntry(entry: string, since: number, until: number): VersionRange & { name: string } {
  const match = /^(?<name>[^+-]+)(?:\+(?<since>\d+))?(?:-(?<until>\d+))?$/.exec(entry)
  return {
    name: match?.groups?.name ?? entry,
    since: Number(match?.groups?.since ?? since),
    until: Number(match?.groups?.until ?? until),
  }
}

/** Built-in names and the methods of built-in types, of any version. */
export function builtInNames(): Set<string> {
  const lists = [table.builtins, ...Object.values(table.methods)]
  return new Set(lists.flatMap(list => list.match(/[A-Za-z_]\w*/g) ?? []))
}
