import type { CodeIndex } from '#shared/code-index/code-index'
import { ImportGraph } from '#shared/code-index/import-graph'
import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import type { DeclarationFact, FileFacts } from '#shared/languages/language'
import { type ProjectView, withChanges } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import { isTestFile } from '#shared/languages/test-files'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import type { Plan } from './plan'
import type { CritiqueFinding, Lens } from './support/critique-finding'
import { dependencyRemarks } from './support/dependency-lens'

/** Overrides what a lens says by itself; `off` silences it. */
export type LensSeverities = Readonly<Partial<Record<Lens, CritiqueFinding['severity'] | 'off'>>>

export interface CritiqueSource {
  index: CodeIndex
  languages: Languages
  /** Before the change. */
  project: ProjectView
  severities: LensSeverities
}

/** Source: spec/kode.md §13. */
const MANY_FILES = 5
/** A task that begins in more places is several tasks. */
const MOST_ENTRIES = 5

/** Reviews a patch. */
export async function critiquePatch(changes: ChangeSet, source: CritiqueSource): Promise<CritiqueFinding[]> {
  const after = withChanges(source.project, changes)
  const graph = new ImportGraph(
    source.index,
    source.languages,
    after,
    changes.files.map(file => file.path),
  )
  const found: CritiqueFinding[] = [...pathRemarks(changes), ...sizeRemarks(changes)]
  for (const file of changes.files) {
    const facts = await factsOf(file.path, file.after, graph)
    if (!facts) continue
    found.push(...packageRemarks(file), ...concernRemarks(file, facts))
    found.push(...conventionRemarks(file, facts, await factsOf(file.oldPath ?? file.path, file.before, graph)))
  }
  found.push(...(await unrelatedRemarks(changes, graph)))
  found.push(...(await dependencyRemarks(changes, source.project)))
  return withSeverities(found, source.severities)
}

/** Reviews a task by what planning found for it, before a model is asked. */
export function critiquePlan(plan: Plan, severities: LensSeverities): CritiqueFinding[] {
  const found: CritiqueFinding[] = []
  const add = (message: string, suggestion: string, path = '') =>
    found.push({ lens: 'task', severity: 'warning', file_path: path, line: 1, message, suggestion })
  for (const path of missingPaths(plan)) {
    add(`the task names ${path}, which is not there`, 'check the path, or say that it is to be created', path)
  }
  const entries = plan.ranked.filter(file => file.reasons.includes('named in the task'))
  if (entries.length > MOST_ENTRIES)
    add(`the task names ${entries.length} files; that is several tasks`, 'do one after the other')
  if (plan.ranked.length > 0 && plan.ranked.every(file => file.score === 0))
    add('no word of the task occurs in the project', 'name a file, a function or a word of the code')
  if (plan.task.trim().split(/\s+/).length < 3 && entries.length === 0)
    add('the task is very short', 'say what is to be different afterwards')
  return withSeverities(found, severities)
}

/** One line per finding, as the model and people read it. */
export function critiqueText(findings: readonly CritiqueFinding[]): string {
  return findings
    .map(({ lens, severity, file_path, line, message, suggestion }) => {
      const place = file_path === '' ? '' : `${file_path}:${line}: `
      return `- ${severity} (${lens}): ${place}${message}${suggestion ? `; ${suggestion}` : ''}`
    })
    .join('\n')
}

/** Why a task is not to be done, where its review says so. */
export function rejectionOf(remarks: readonly CritiqueFinding[]): Failure | undefined {
  const errors = remarks.filter(remark => remark.severity === 'error')
  if (errors.length === 0) return undefined
  return { message: `the review rejected the task:\n${critiqueText(errors)}`, exitCode: EXIT.failed }
}

function withSeverities(found: readonly CritiqueFinding[], severities: LensSeverities): CritiqueFinding[] {
  return found.flatMap(finding => {
    const wanted = severities[finding.lens]
    if (wanted === 'off') return []
    return [wanted === undefined ? finding : { ...finding, severity: wanted }]
  })
}

/** Words of the task that look like files with a folder, and are none. */
function missingPaths({ task, ranked }: Plan): string[] {
  const known = ranked.map(file => file.path)
  const tokens = task.split(/[\s"'`()<>,;]+/).map(token => token.replace(/^\.\//, '').replace(/[.:!?]+$/, ''))
  return tokens.filter(
    token =>
      /^[\w@.-]+(?:\/[\w@.-]+)+\.\w{1,5}$/.test(token) &&
      !known.some(path => path === token || path.endsWith(`/${token}`)),
  )
}

function pathRemarks(changes: ChangeSet): CritiqueFinding[] {
  return changes.files
    .filter(
      file => file.kind === 'create' && file.path.split('/').some(part => /\s|^\.(?!github|gitignore|env)/.test(part)),
    )
    .map(({ path }) => ({
      lens: 'architecture-compliance',
      severity: 'warning',
      file_path: path,
      line: 1,
      message: 'a new path with a blank or a leading dot',
    }))
}

function sizeRemarks(changes: ChangeSet): CritiqueFinding[] {
  const { length } = changes.files
  if (length <= MANY_FILES) return []
  const message = `the patch touches ${length} files`
  const common = { lens: 'blast-radius', severity: 'warning', line: 1, message } as const
  return [
    {
      ...common,
      file_path: changes.files[0]?.path ?? '',
      suggestion: 'split it, unless the files only make sense together',
    },
  ]
}

/** A Go package is called like its folder; commands, tests and versions aside. */
function packageRemarks({ path, kind, after }: FileChange): CritiqueFinding[] {
  if (kind !== 'create' || !path.endsWith('.go')) return []
  const name = /^package\s+(\w+)/m.exec(after ?? '')?.[1]
  const folder = path.split('/').at(-2)
  if (name === undefined || folder === undefined || name === 'main' || name.endsWith('_test') || /^v\d+$/.test(folder))
    return []
  const common = { lens: 'architecture-compliance', severity: 'warning', file_path: path, line: 1 } as const
  const found: CritiqueFinding[] = []
  if (name !== folder.replaceAll(/[-.]/g, '') && name !== folder)
    found.push({
      ...common,
      message: `package ${name} in folder ${folder}`,
      suggestion: `package ${folder.replaceAll(/\W/g, '')}`,
    })
  if (name.includes('_')) found.push({ ...common, message: `package name ${name} has an underscore` })
  return found
}

/** What shows and what stores, in one file. */
const CONCERNS: readonly [name: string, packages: RegExp][] = [
  [
    'user interface',
    /^(?:react|react-dom|vue|svelte|preact|solid-js|@angular\/core|html\/template|tkinter|PyQt\d)(?:\/|$)/,
  ],
  [
    'database',
    /^(?:pg|mysql2?|mongoose|mongodb|drizzle-orm|prisma|@prisma\/client|knex|sequelize|typeorm|database\/sql|gorm\.io\/gorm|github\.com\/jackc\/pgx.*|sqlalchemy|psycopg2?|sqlite3|diesel|sqlx)(?:[/.]|$)/,
  ],
]

function concernRemarks({ path, after = '' }: FileChange, facts: FileFacts): CritiqueFinding[] {
  const hits = CONCERNS.map(([name, packages]) => ({
    name,
    hit: facts.imports.find(each => packages.test(each.imported)),
  }))
  const [first, second] = hits
  if (!first?.hit || !second?.hit) return []
  const message = `${first.name} (${first.hit.imported}) and ${second.name} (${second.hit.imported}) in one file`
  const line = lineAt(after, Math.max(first.hit.start, second.hit.start))
  return [
    {
      lens: 'coherence',
      severity: 'warning',
      file_path: path,
      line,
      message,
      suggestion: 'put one behind a module of its own',
    },
  ]
}

/** How the names in a file are written, told by those that were there before. */
const STYLES: readonly [name: string, pattern: RegExp][] = [
  ['snake_case', /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/],
  ['camelCase', /^[a-z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+$/],
]
/** Fewer names are no habit. */
const HABIT = 3

function conventionRemarks(
  { path, after = '' }: FileChange,
  facts: FileFacts,
  before: FileFacts | undefined,
): CritiqueFinding[] {
  const old = (before?.declarations ?? []).filter(isNamedByHand)
  const known = new Set(old.map(each => each.name))
  const counts = STYLES.map(([, pattern]) => old.filter(each => pattern.test(each.name)).length)
  return facts.declarations.filter(isNamedByHand).flatMap(({ name, start }): CritiqueFinding[] => {
    const style = STYLES.findIndex(([, pattern]) => pattern.test(name))
    const habit = counts.findIndex(count => count >= HABIT)
    if (known.has(name) || style === -1 || habit === -1 || style === habit || (counts[style] ?? 0) > 0) return []
    const message = `\`${name}\` is ${STYLES[style]?.[0]}; this file writes ${STYLES[habit]?.[0]}`
    return [{ lens: 'convention', severity: 'info', file_path: path, line: lineAt(after, start), message }]
  })
}

function isNamedByHand({ kind }: DeclarationFact): boolean {
  return kind === 'function' || kind === 'method' || kind === 'variable'
}

/** Code files of the patch that nothing connects: no import, no folder, no test. */
async function unrelatedRemarks(changes: ChangeSet, graph: ImportGraph): Promise<CritiqueFinding[]> {
  const paths = changes.files.filter(file => file.after !== undefined && !isTestFile(file.path)).map(file => file.path)
  const code: string[] = []
  for (const path of paths) if (await graph.read(path)) code.push(path)
  const groups = new Map(code.map(path => [path, path]))
  const root = (path: string): string => {
    const parent = groups.get(path) ?? path
    return parent === path ? path : root(parent)
  }
  for (const path of code) {
    const near = await graph.importsOf(path)
    // What both import, such as a shared type, connects them too.
    const steps = new Set([
      ...near,
      ...(await Promise.all(near.slice(0, 20).map(each => graph.importsOf(each)))).flat(),
    ])
    for (const other of code) {
      if (steps.has(other) || folderOf(other) === folderOf(path)) groups.set(root(path), root(other))
    }
  }
  const heads = [...new Set(code.map(root))]
  if (heads.length < 2) return []
  const message = `${heads.length} parts that have nothing to do with each other: ${heads.slice(0, 4).join(', ')}`
  return [
    {
      lens: 'coherence',
      severity: 'warning',
      file_path: heads[0] ?? '',
      line: 1,
      message,
      suggestion: 'one patch for each',
    },
  ]
}

async function factsOf(path: string, text: string | undefined, graph: ImportGraph): Promise<FileFacts | undefined> {
  if (text === undefined) return undefined
  const read = await graph.read(path)
  const facts = await read?.code.factsOf({ path, text })
  return facts?.kind === 'facts' ? facts : undefined
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
