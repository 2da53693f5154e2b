import type { PythonClass, PythonFunction, PythonModule } from './python-module'
import type { PythonResolver } from './python-resolver'
import { builtinMembers } from './python-std'

/** What a class and its bases hold. */
export interface PythonMembers {
  readonly names: Set<string>
  /** Methods of which one definition is in sight, in the file of the class. */
  readonly functions: Map<string, PythonFunction>
  /** Nothing else can be there: no base is out of sight, nothing is added while the program runs. */
  isWhole: boolean
}

interface PlacedClass {
  readonly owner: PythonClass
  readonly module: PythonModule
  /** The way to other modules from the file of the class. */
  readonly resolver: PythonResolver
}

const known = new WeakMap<PythonClass, Promise<PythonMembers | undefined>>()

/** @returns undefined for a class that answers to any name */
export function membersOf(place: PlacedClass, seen: readonly PythonClass[] = []): Promise<PythonMembers | undefined> {
  const found = known.get(place.owner) ?? readMembers(place, seen)
  known.set(place.owner, found)
  return found
}

async function readMembers(place: PlacedClass, seen: readonly PythonClass[]): Promise<PythonMembers | undefined> {
  const { owner, module } = place
  if (seen.length > MAX_BASES) return undefined
  const text = module.text.slice(owner.node.start, owner.node.end)
  if (/__getattr/.test(text)) return undefined
  const isPlain = owner.decorators.every(each => PLAIN_DECORATOR.test(each))
  const members: PythonMembers = {
    names: new Set(['mro']),
    functions: new Map(),
    isWhole: isPlain && !owner.hasKeywords && !CHANGES_ITSELF.test(text),
  }
  for (const base of owner.bases) {
    if (base === 'object') continue
    const builtin = base === undefined ? undefined : builtinMembers(base)
    const found = base === undefined || builtin ? undefined : await classCalled(base, place)
    const isCircle = found && [...seen, owner].includes(found.owner)
    const inherited = found && !isCircle ? await membersOf(found, [...seen, owner]) : undefined
    if (found && !inherited) return undefined
    if (!inherited?.isWhole && !builtin) members.isWhole = false
    for (const name of inherited?.names ?? builtin ?? []) members.names.add(name)
    if (found?.module === module) for (const [name, method] of inherited!.functions) members.functions.set(name, method)
  }
  addOwn(members, owner, module, text)
  return members
}

/** The one class a name means in a file: its own, or one that it imports from a module of the project. */
export async function classCalled(name: string, place: Omit<PlacedClass, 'owner'>): Promise<PlacedClass | undefined> {
  const { module, resolver } = place
  const bindings = module.bindings.get(name) ?? []
  if (bindings.length !== 1) return undefined
  const [owner, ...others] = module.classes.filter(each => each.name === name)
  if (owner) return others.length === 0 ? { ...place, owner } : undefined
  const imported = module.imports.find(each => each.names?.some(({ local }) => local === name))
  const original = imported?.names?.find(({ local }) => local === name)?.name
  if (!imported || original === undefined) return undefined
  const target = await resolver.find(imported.level, imported.module)
  if (target?.kind !== 'file' || target.path.endsWith('.pyi')) return undefined
  const other = await resolver.module(target.path)
  if (!other || other.isBroken || other === module) return undefined
  return classCalled(original, { module: other, resolver: await resolver.from(target.path) })
}

const MAX_BASES = 12

const PLAIN_DECORATOR = /^(?:dataclasses\.)?dataclass\b|^(?:functools\.)?total_ordering$|^(?:typing\.)?final$/

/** Ways in which a class or its objects get members that no statement of the class shows. */
const CHANGES_ITSELF = /__dict__|setattr|__slots__|__class__|vars\(/

function addOwn({ names, functions }: PythonMembers, owner: PythonClass, module: PythonModule, text: string): void {
  const own = module.functions.filter(each => each.container === owner)
  for (const method of own) {
    names.add(method.name)
    if (own.filter(each => each.name === method.name).length > 1) functions.delete(method.name)
    else functions.set(method.name, method)
  }
  for (const match of text.matchAll(/\b(?:self|cls)\.(\w+)/g)) {
    const after = text.slice(match.index + match[0].length, match.index + match[0].length + 80)
    // Assigned, annotated, or one of several targets.
    if (/^\s*(?:=[^=]|:[^=\n]*|,|\)|[+\-*/|&]=)/.test(after)) {
      names.add(match[1]!)
      functions.delete(match[1]!)
    }
  }
  for (const match of text.matchAll(/^[ \t]+(\w+)\s*(?::[^=\n]+)?(?:=[^=]|$)|^[ \t]+(\w+)\s*:/gm)) {
    const name = match[1] ?? match[2]!
    names.add(name)
    functions.delete(name)
  }
  for (const match of text.matchAll(/^[ \t]+class (\w+)/gm)) names.add(match[1]!)
}
