import picomatch from 'picomatch'
import type { CodeIndex } from '#shared/code-index/code-index'
import { ImportGraph } from '#shared/code-index/import-graph'
import type { FileChange } from '#shared/edits/change-set'
import type { CodeSupport, ImportFact } from '#shared/languages/language'
import type { ProjectView } from '#shared/languages/project-view'
import type { Finding } from '#shared/protocol/gate-report'
import type { ArchitectureRule, Gate, GateInput } from './gate'
import { toFinding } from './support/findings'
import { headline } from './support/judge-files'

const GATE = 'architecture'

/**
 * The change keeps to the project's own rules on who may import whom, and closes no new circle of imports. Only imports that the change
 * adds are judged. Findings: `architecture/forbidden-import`, and as a warning `architecture/new-cycle`. Without
 * `blockArchitecture`, violations warn.
 */
export const architecture: Gate = {
  name: GATE,
  async judge(input) {
    const findings: Finding[] = []
    const notes: string[] = []
    let judgedFiles = 0
    let isUnindexed = false
    for (const file of input.changes.files) {
      if (input.signal.aborted) return { kind: 'skip', reason: 'stopped before every file was judged' }
      const added = await addedImports(file, input)
      if (added === 'unknown') notes.push(`${file.path}: its imports could not be read`)
      if (added === undefined || added === 'unknown') continue
      judgedFiles++
      // Most changes add none, and following those that were there reads folders.
      if (added.imports.length === 0) continue
      const known = await targetsOf(added.known, file.oldPath ?? file.path, added.code, input.project)
      for (const each of added.imports) {
        const { broken, targets } = await judgeImport(file, each, known, added.code, input)
        findings.push(...broken)
        if (each.isTypeOnly || targets.length === 0) continue
        const index = await input.index?.()
        if (index) findings.push(...(await newCycles(file, each, targets, index, input)))
        else isUnindexed = true
      }
    }
    if (isUnindexed) notes.push('circles of imports were not looked for: the project is not indexed')
    if (judgedFiles === 0) return { kind: 'skip', reason: notes[0] ?? 'no changed file it knows how to check' }
    const errors = findings.filter(finding => finding.severity === 'error')
    if (errors.length > 0) return { kind: 'fail', message: headline(errors), findings, notes }
    if (findings.length > 0) return { kind: 'warn', message: headline(findings), findings, notes }
    return { kind: 'pass', notes }
  },
}

/** Imports a file has after the change and had not before. */
async function addedImports(
  file: FileChange,
  input: GateInput,
): Promise<{ imports: ImportFact[]; known: readonly ImportFact[]; code: CodeSupport } | undefined | 'unknown'> {
  if (file.after === undefined) return undefined
  const code = (await input.languages.languageOf(file.path))?.code
  if (!code) return undefined
  const after = await code.factsOf({ path: file.path, text: file.after })
  if (after.kind === 'unknown') return 'unknown'
  const before =
    file.before === undefined ? undefined : await code.factsOf({ path: file.oldPath ?? file.path, text: file.before })
  // A moved file may stand under other rules with the same imports.
  const isMoved = file.oldPath !== undefined && file.oldPath !== file.path
  const known = before?.kind === 'facts' && !isMoved ? before.imports : []
  return { imports: after.imports.filter(each => !hasImport(known, each)), known, code }
}

function hasImport(imports: readonly ImportFact[], wanted: ImportFact): boolean {
  const known = imports.filter(each => wanted.isTypeOnly || !each.isTypeOnly).flatMap(pathsOf)
  return pathsOf(wanted).every(path => known.includes(path))
}

function pathsOf(imported: ImportFact): string[] {
  return [imported.imported, ...(imported.mayImport ?? [])]
}

/** The project files some imports lead to. */
async function targetsOf(
  imports: readonly ImportFact[],
  from: string,
  code: CodeSupport,
  project: ProjectView,
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const path of imports.flatMap(pathsOf))
    for (const target of await code.resolveToFiles(path, from, project)) found.add(target)
  return found
}

/** The rule that an import breaks, and the files of the project that it newly leads to. */
async function judgeImport(
  file: FileChange,
  imported: ImportFact,
  known: ReadonlySet<string>,
  code: CodeSupport,
  input: GateInput,
): Promise<{ broken: Finding[]; targets: string[] }> {
  const reached = [...(await targetsOf([imported], file.path, code, input.changedProject))]
  // One more name of a module that names are imported from already is no new border crossed.
  const targets = imported.mayImport ? reached.filter(target => !known.has(target)) : reached
  if (targets.length === 0 && reached.length > 0) return { broken: [], targets }
  const { architectureRules, blockArchitecture } = input.settings
  const found = brokenRule(architectureRules, file.path, [...targets, imported.imported])
  if (!found) return { broken: [], targets }
  const { rule, target } = found
  const isError = rule.severity === 'error' && blockArchitecture
  const problem = {
    kind: 'forbidden-import',
    certainty: isError ? ('certain' as const) : ('likely' as const),
    key: imported.imported,
    start: imported.start,
    end: imported.end,
    message: rule.message || `${file.path} must not import ${target} (rule: ${rule.from} to ${rule.to})`,
    suggestion: 'import it where the rules allow it and hand it in, or move the code',
  }
  return { broken: [toFinding(GATE, problem, file, file.after ?? '')], targets }
}

async function newCycles(
  file: FileChange,
  imported: ImportFact,
  targets: readonly string[],
  index: CodeIndex,
  input: GateInput,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const target of targets) {
    const circle = target === file.path ? undefined : await newCircle(file.path, target, index, input)
    if (!circle) continue
    const problem = {
      kind: 'new-cycle',
      certainty: 'likely' as const,
      key: imported.imported,
      start: imported.start,
      end: imported.end,
      message: `this import closes a circle: ${circle.join(' → ')}`,
      suggestion: 'move what both need into a third file, or import only its types',
    }
    findings.push(toFinding(GATE, problem, file, file.after ?? ''))
  }
  return findings
}

/** The rule an import breaks. Of rules that name it, the last decides, so that exceptions follow what they except. */
function brokenRule(
  rules: readonly ArchitectureRule[],
  from: string,
  targets: readonly string[],
): { rule: ArchitectureRule; target: string } | undefined {
  for (const target of targets) {
    const rule = rules.findLast(each => matcher(each.from)(from) && matcher(each.to)(target))
    if (rule?.kind === 'forbid') return { rule, target }
  }
  return undefined
}

const matchers = new Map<string, (path: string) => boolean>()

/** Globs by whole path segments: `internal/db` means that folder and all below it, never `internal/dbx`. */
function matcher(glob: string): (path: string) => boolean {
  const known = matchers.get(glob)
  if (known) return known
  const clean = glob.replace(/\/+$/, '')
  const made = picomatch([clean, `${clean}/**`], { dot: true, nonegate: true })
  matchers.set(glob, made)
  return made
}

/** Files on the way back from a new import's target, when there is one now and was none before. */
async function newCircle(
  from: string,
  target: string,
  index: CodeIndex,
  input: GateInput,
): Promise<string[] | undefined> {
  const back = await wayBetween(target, from, index, input, input.changedProject)
  if (!back) return undefined
  const wasCircle =
    (await wayBetween(target, from, index, input, input.project)) &&
    (await wayBetween(from, target, index, input, input.project))
  return wasCircle ? undefined : [from, ...back]
}

/** A bound for projects where everything hangs together: beyond it no circle is claimed. */
const MAX_VISITED = 3_000

async function wayBetween(
  start: string,
  goal: string,
  index: CodeIndex,
  input: GateInput,
  project: ProjectView,
): Promise<string[] | undefined> {
  const touched = input.changes.files.flatMap(file => [file.path, file.oldPath ?? file.path])
  const graph = new ImportGraph(index, input.languages, project, project === input.project ? undefined : touched)
  // Most imports lead nowhere near: the index answers that without parsing. It does not know imports of types from others.
  const way = await findWay(start, goal, path => graph.importsOf(path), input.signal)
  return way && findWay(start, goal, path => valueImports(path, graph), input.signal)
}

async function findWay(
  start: string,
  goal: string,
  next: (path: string) => Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]])
  const queue = [start]
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at === goal) return wayTo(goal, cameFrom)
    if (cameFrom.size > MAX_VISITED || signal.aborted) return undefined
    for (const path of await next(at)) {
      if (cameFrom.has(path)) continue
      cameFrom.set(path, at)
      queue.push(path)
    }
  }
  return undefined
}

/** What a file imports for more than its types. */
async function valueImports(path: string, graph: ImportGraph): Promise<string[]> {
  const read = await graph.read(path)
  const facts = read && (await read.code.factsOf(read.source))
  if (facts?.kind !== 'facts') return []
  const values = facts.imports.filter(each => !each.isTypeOnly)
  return (await Promise.all(values.flatMap(pathsOf).map(each => graph.targetsOf(each, path)))).flat()
}

function wayTo(goal: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const way: string[] = []
  for (let at: string | undefined = goal; at !== undefined; at = cameFrom.get(at)) way.unshift(at)
  return way
}
