import type { CodeIndex } from '#shared/code-index/code-index'
import type { ImportGraph } from '#shared/code-index/import-graph'
import type { DeclarationFact, DeclarationUses, FileFacts, FileUses } from '#shared/languages/language'

/** What a change takes from or alters for the users of a file. */
export interface ChangedSurface {
  path: string
  /** Exported names whose users are affected; `all` when it cannot be told apart. */
  names: ReadonlySet<string> | 'all'
  /** Members of exported classes, interfaces and the like. */
  members: ReadonlySet<string>
  /** Names that are gone altogether. */
  removed: ReadonlySet<string>
}

export interface Affected {
  path: string
  /** From the changed file to this one. */
  trail: readonly string[]
  /** Removed names it still imports. */
  missing: readonly string[]
  /** It reaches things by names that cannot be read. */
  hasDynamicAccess: boolean
}

/** A bound for changes that concern everything. */
const MAX_FILES = 5_000

/** What differs between two states of a file, seen from outside. Pure additions and compatible changes are nothing. */
export function surfaceOf(
  path: string,
  before: FileFacts,
  after: FileFacts | undefined,
  areCompatible: (before: DeclarationFact, after: DeclarationFact) => boolean,
): ChangedSurface {
  const names = new Set<string>()
  const members = new Set<string>()
  const removed = new Set<string>()
  const later = groupByKey(after?.declarations ?? [])
  for (const [key, olds] of groupByKey(before.declarations.filter(each => each.isExported))) {
    const news = later.get(key)?.filter(each => each.isExported) ?? []
    const isSame = olds.length <= news.length && olds.every((old, index) => areCompatible(old, news[index]!))
    if (isSame) continue
    const [old] = olds
    if (!old) continue
    if (old.container !== undefined) members.add(old.name)
    else {
      for (const name of publicNames(old)) names.add(name)
      if (news.length === 0) for (const name of publicNames(old)) removed.add(name)
    }
  }
  const reExports = (facts: FileFacts | undefined) =>
    (facts?.imports ?? [])
      .filter(each => each.isReExport)
      .flatMap(each => each.names.map(name => name.local ?? name.name))
  const stillThere = new Set([
    ...reExports(after),
    ...[...later.values()]
      .flat()
      .filter(each => each.isExported)
      .flatMap(publicNames),
  ])
  for (const name of reExports(before)) if (!stillThere.has(name) && name !== '') names.add(name)
  return { path, names, members, removed: new Set([...removed].filter(name => !stillThere.has(name))) }
}

/** Every file that the changed surfaces concern, near ones first. */
export async function affectedBy(
  surfaces: readonly ChangedSurface[],
  graph: ImportGraph,
  index: CodeIndex,
  signal: AbortSignal,
): Promise<Affected[]> {
  const affected = new Map<string, Affected>()
  const queue: {
    path: string
    names: ReadonlySet<string> | 'all'
    removed: ReadonlySet<string>
    trail: readonly string[]
  }[] = []
  const seen = new Map<string, Set<string> | 'all'>()
  const note = (path: string, trail: readonly string[], missing: readonly string[], hasDynamicAccess: boolean) => {
    if (!affected.has(path)) affected.set(path, { path, trail, missing, hasDynamicAccess })
  }

  for (const { path, names, removed } of surfaces) {
    if (names === 'all' || names.size > 0) queue.push({ path, names, removed, trail: [path] })
  }
  for (let at = queue.shift(); at && affected.size < MAX_FILES && !signal.aborted; at = queue.shift()) {
    const fresh = unseen(seen, at.path, at.names)
    if (!fresh) continue
    for (const importer of await graph.importersOf(at.path)) {
      const { trail, removed } = at
      if (trail.includes(importer)) continue
      // A default export has another name wherever it is used.
      const mayConcern =
        fresh === 'all' || fresh.has('default') || [...fresh].some(name => index.mayUse(importer, name))
      const use = mayConcern ? await useOf(importer, at.path, fresh, graph) : undefined
      if (!use) continue
      note(
        importer,
        [...trail, importer],
        [...removed].filter(name => use.imported.has(name)),
        use.hasDynamicAccess,
      )
      if (use.passedOn === 'all' || use.passedOn.size > 0) {
        queue.push({ path: importer, names: use.passedOn, removed: new Set(), trail: [...trail, importer] })
      }
    }
  }
  for (const surface of surfaces) await noteMemberUsers(surface, graph, index, note, signal)
  return [...affected.values()]
}

/** Users of a changed member hold an object of its class, wherever they got it: any file that reaches the class and says the name. */
async function noteMemberUsers(
  { path, members }: ChangedSurface,
  graph: ImportGraph,
  index: CodeIndex,
  note: (path: string, trail: readonly string[], missing: readonly string[], hasDynamicAccess: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const suspects = new Set([...members].flatMap(name => index.filesWith(name)))
  suspects.delete(path)
  const trails = new Map([[path, [path]]])
  const queue = [path]
  for (
    let at = queue.shift();
    at !== undefined && suspects.size > 0 && trails.size < MAX_FILES && !signal.aborted;
    at = queue.shift()
  ) {
    for (const importer of await graph.importersOf(at)) {
      if (trails.has(importer)) continue
      const trail = [...trails.get(at)!, importer]
      trails.set(importer, trail)
      queue.push(importer)
      if (!suspects.delete(importer)) continue
      const facts = await usesOf(importer, graph)
      const uses = facts && [facts.topLevelUses, ...facts.declarations.map(each => each.uses)]
      if (!uses || uses.some(each => [...members].some(name => each.has(name))))
        note(importer, trail, [], facts?.hasDynamicAccess ?? false)
    }
  }
}

/** What a file does with names of another: which it imports, and which of its own exports change with them. */
async function useOf(
  path: string,
  target: string,
  names: ReadonlySet<string> | 'all',
  graph: ImportGraph,
): Promise<
  { imported: ReadonlySet<string>; passedOn: ReadonlySet<string> | 'all'; hasDynamicAccess: boolean } | undefined
> {
  const facts = await usesOf(path, graph)
  if (!facts) return { imported: new Set(), passedOn: 'all', hasDynamicAccess: false }
  const concerns = (name: string) => names === 'all' || names.has(name)
  const locals = new Set<string>()
  const imported = new Set<string>()
  const passedOn = new Set<string>()
  let isBare = false
  let isImported = false
  for (const each of facts.imports) {
    const targets = graph.targetsOf(each.imported, path)
    if (!(targets instanceof Promise ? await targets : targets).includes(target)) continue
    isImported = true
    if (each.names.length === 0) {
      if (each.isReExport) {
        if (names === 'all') return { imported, passedOn: 'all', hasDynamicAccess: facts.hasDynamicAccess }
        for (const name of names) if (name !== 'default') passedOn.add(name)
      } else isBare = names === 'all'
    }
    for (const { name, local } of each.names) {
      if (name === '*' && each.isReExport) {
        passedOn.add(local ?? name)
      } else if (name === '*') {
        // All of the other file: what counts is whether one of the names is said here.
        if (names === 'all') locals.add(local ?? name)
        else for (const wanted of names) locals.add(wanted)
      } else if (concerns(name)) {
        imported.add(name)
        if (each.isReExport) passedOn.add(local && local !== '' ? local : name)
        else if (local !== undefined) locals.add(local)
      }
    }
  }
  // Seen without an import, as within a package.
  if (!isImported && names !== 'all') for (const name of names) locals.add(name)
  if (!isImported && names === 'all') return { imported, passedOn: new Set(), hasDynamicAccess: facts.hasDynamicAccess }

  const touched = touchedDeclarations(facts, locals)
  for (const declaration of touched)
    if (declaration.isExported) for (const name of publicNames(declaration)) passedOn.add(name)
  const isUsed = touched.length > 0 || [...locals].some(name => facts.topLevelUses.has(name))
  if (!isUsed && passedOn.size === 0 && imported.size === 0 && !isBare) return undefined
  return { imported, passedOn, hasDynamicAccess: facts.hasDynamicAccess }
}

/** Declarations that use one of the names, or a declaration that does. */
function touchedDeclarations(facts: FileUses, names: ReadonlySet<string>): DeclarationUses[] {
  const touched = new Set<DeclarationUses>()
  const known = new Set(names)
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false
    for (const declaration of facts.declarations) {
      if (touched.has(declaration) || ![...known].some(name => declaration.uses.has(name))) continue
      touched.add(declaration)
      known.add(declaration.container ?? declaration.name)
      isGrowing = true
    }
  }
  return [...touched]
}

async function usesOf(path: string, graph: ImportGraph): Promise<FileUses | undefined> {
  const read = await graph.read(path)
  const facts = read && (await (read.code.usesOf ?? read.code.factsOf)(read.source))
  return facts?.kind === 'facts' ? facts : undefined
}

/** The names not yet followed from a file; undefined when there is none. */
function unseen(
  seen: Map<string, Set<string> | 'all'>,
  path: string,
  names: ReadonlySet<string> | 'all',
): ReadonlySet<string> | 'all' | undefined {
  const known = seen.get(path)
  if (known === 'all') return undefined
  if (names === 'all') {
    seen.set(path, 'all')
    return 'all'
  }
  const fresh = new Set([...names].filter(name => !known?.has(name)))
  seen.set(path, new Set([...(known ?? []), ...fresh]))
  return fresh.size > 0 ? fresh : undefined
}

function publicNames(declaration: DeclarationUses): string[] {
  if (declaration.container !== undefined) return [declaration.container]
  return [...new Set([declaration.name, ...(declaration.exportedAs ?? [])])]
}

/** Overloads and merged declarations share a key. */
function groupByKey(declarations: readonly DeclarationFact[]): Map<string, DeclarationFact[]> {
  const groups = new Map<string, DeclarationFact[]>()
  for (const declaration of declarations) {
    const key = `${declaration.container ?? ''}\0${declaration.name}\0${declaration.kind}`
    groups.set(key, [...(groups.get(key) ?? []), declaration])
  }
  return groups
}
