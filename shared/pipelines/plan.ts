import { extname } from 'node:path'
import type { CodeIndex } from '#shared/code-index/code-index'
import { ImportGraph } from '#shared/code-index/import-graph'
import type { ProjectView } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import { type PlannedFile, readPlannedFile } from './support/plan-files'
import { type GraphEdge, graphOf, linksBetween, ownLinks, type PlanGraph } from './support/plan-graph'
import { type ContextPacket, packetOf } from './support/plan-packet'
import { type PastChange, type RankedFile, rankFiles, type WordCounts } from './support/plan-ranking'
import { taskWords } from './support/task-words'

/** The project as planning sees it. */
export interface PlanProject {
  languages: Languages
  /** Up to date. */
  index: CodeIndex
  project: ProjectView
}

/** What planning looks at. */
export interface PlanSource {
  root: string
  /** Asked last: what other programs find, they find meanwhile. */
  open(): Promise<PlanProject>
  /** Files that ignore rules leave, relative paths. */
  listFiles(): Promise<readonly string[]>
  /** How often each file has each of these words, in any case, also as part of longer ones. */
  countWords(words: readonly string[]): Promise<WordCounts>
  /** The last commits, newest first; empty where there is no git. */
  history(): Promise<readonly PastChange[]>
}

/** The files that matter for a task. */
export interface Plan {
  task: string
  ranked: readonly RankedFile[]
  /** The best of them, read. */
  files: readonly PlannedFile[]
  links: readonly GraphEdge[]
  packet(maxTokens: number): ContextPacket
  graph(): PlanGraph
}

export const DEFAULT_PLAN_TOKENS = 8_000
/** Read and parsed; a packet of the usual size has room for about forty. */
const MOST_FILES = 45

/** Finds what a task is about: the files it names or seems to mean, and what hangs together with them. No model is asked. */
export async function planTask(task: string, source: PlanSource): Promise<Plan> {
  const { stems } = taskWords(task)
  const [listed, counts, history, { languages, index, project }] = await Promise.all([
    source.listFiles(),
    source.countWords(stems),
    source.history(),
    openWithParser(source),
  ])
  const paths = [...listed].filter(path => !IGNORED.test(path)).sort()
  const graph = new ImportGraph(index, languages, project)
  const named = namedFiles(task, paths)
  const matching = await rankFiles({ paths, stems, counts, named, history, index, graph })
  const ranked = matching.length > 0 ? matching : usualEntries(paths)
  const read = await Promise.all(ranked.slice(0, MOST_FILES).map(file => readPlannedFile(file, project, graph)))
  const files = read.filter(file => file !== undefined)
  const between = linksBetween(files)
  const links = [...ownLinks(files), ...between]
  return {
    task,
    ranked,
    files,
    links,
    packet: maxTokens => packetOf(task, files, between, stems, maxTokens),
    graph: () => graphOf(task, source.root, files, links),
  }
}

/** The parser that most files need loads while other programs still search. */
async function openWithParser(source: PlanSource): Promise<PlanProject> {
  const opened = await source.open()
  const counts = new Map<string, { path: string; count: number }>()
  for (const path of opened.index.paths) {
    const ending = extname(path)
    counts.set(ending, { path, count: (counts.get(ending)?.count ?? 0) + 1 })
  }
  const most = [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a), { path: '', count: 0 })
  const language = await opened.languages.languageOf(most.path)
  await language?.code?.factsOf({ path: most.path, text: '' })
  return opened
}

/** Written by programs, or of no use to a reader. */
const IGNORED =
  /(?:^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|go\.sum|Cargo\.lock|poetry\.lock|uv\.lock)$|\.min\.(?:js|css)$|\.map$/

/** Files, or files in folders, that the task names by path, by a unique end of it, or by a unique file name. */
function namedFiles(task: string, all: readonly string[]): string[] {
  const tokens = task.split(/[\s"'`()<>,;]+/).map(token =>
    token
      .replaceAll('\\', '/')
      .replace(/^\.\//, '')
      .replace(/[.:!?/]+$/, ''),
  )
  const found = tokens.flatMap(token => {
    if (!/[./]/.test(token)) return []
    if (all.includes(token)) return [token]
    const ends = all.filter(path => path.endsWith(`/${token}`))
    if (ends.length === 1) return ends
    return token.includes('/') ? all.filter(path => path.startsWith(`${token}/`)).slice(0, MOST_OF_FOLDER) : []
  })
  return [...new Set(found)]
}

const MOST_OF_FOLDER = 5

/** Where a reader would begin, when a task says nothing that can be searched for. Source: spec/kode.md §14.1. */
function usualEntries(paths: readonly string[]): RankedFile[] {
  const rank = (path: string) => (USUAL_ENTRY.test(path) ? 0 : SOURCE_FOLDER.test(path) ? 1 : 2)
  return [...paths]
    .sort((a, b) => rank(a) - rank(b) || a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
    .map(path => ({ path, score: 0, reasons: ['the task names no file and no word of the project'], isEntry: false }))
}

const USUAL_ENTRY = /(?:^|\/)(?:main|index|lib|app|__main__)\.\w+$/
const SOURCE_FOLDER = /^(?:cmd|src|lib|app)\//

/** One step of the work: a folder, after the folders it depends on. */
export interface PlanStep {
  folder: string
  files: string[]
}

/** The best files by folder, dependencies first, larger folders before smaller. */
export function planSteps(files: readonly PlannedFile[]): PlanStep[] {
  const steps = new Map<string, string[]>()
  for (const { path } of files) steps.set(folderOf(path), [...(steps.get(folderOf(path)) ?? []), path])
  const needs = new Map([...steps.keys()].map(folder => [folder, new Set<string>()]))
  for (const file of files) {
    for (const { path } of file.imports) {
      const [from, to] = [folderOf(file.path), folderOf(path)]
      if (from !== to && needs.has(to)) needs.get(from)?.add(to)
    }
  }
  const ordered: PlanStep[] = []
  const open = [...steps].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
  while (open.length > 0) {
    const done = new Set(ordered.map(step => step.folder))
    const ready = open.findIndex(([folder]) => [...(needs.get(folder) ?? [])].every(need => done.has(need)))
    // Folders that need each other are taken in order of size.
    const [[folder, members]] = open.splice(Math.max(0, ready), 1) as [[string, string[]]]
    ordered.push({ folder, files: members })
  }
  return ordered
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
