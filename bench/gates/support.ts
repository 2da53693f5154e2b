import { CodeIndex } from '#shared/code-index/code-index'
import type { ChangeSet } from '#shared/edits/change-set'
import type { GateSettings } from '#shared/gates/gate'
import type { ProjectChecker } from '#shared/gates/project-checker'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import type { ProjectView } from '#shared/languages/project-view'
import { Languages } from '#shared/languages/registry'
import type { GateName, GateReport } from '#shared/protocol/gate-report'

export const files = nodeFiles()
export const languages = new Languages(readAsset)

export interface Edit {
  path: string
  /** undefined: the file is new. */
  before: string | undefined
  /** undefined: the file is gone. */
  after: string | undefined
}

export function changeSetOf(edits: readonly Edit[]): ChangeSet {
  return {
    id: 'bench',
    files: edits.map(({ path, before, after }) => ({
      path,
      kind: before === undefined ? 'create' : after === undefined ? 'delete' : 'modify',
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      hunkIds: [],
    })),
  }
}

/** Runs the gates on edits of one project, as the agent does; limits on radius and architecture are off. */
export function judge(
  project: ProjectView,
  edits: readonly Edit[],
  only?: readonly GateName[],
  index?: CodeIndex,
  checkers?: readonly ProjectChecker[],
): Promise<GateReport> {
  const settings: GateSettings = {
    blockArchitecture: false,
    architectureRules: [],
    runAll: true,
    ...(only ? { only } : {}),
  }
  const equipment = {
    languages,
    now: () => performance.now(),
    ...(index && { index: async () => index }),
    ...(checkers && { checkers }),
  }
  return runGates(changeSetOf(edits), project, settings, new AbortController().signal, equipment)
}

export function viewOf(root: string): ProjectView {
  return projectViewOf(files, root)
}

export function indexOf(root: string): CodeIndex {
  return new CodeIndex({ root, files, languages })
}

/** Text as the gates get it: without BOM; undefined for what is not UTF-8. */
export async function readText(root: string, path: string): Promise<string | undefined> {
  return viewOf(root).read(path)
}

export interface WalkOptions {
  isWanted(path: string): boolean
  /** Installed packages too. */
  withModules?: boolean
}

/** Paths below a folder, sorted. */
export async function pathsBelow(folder: string, { isWanted, withModules }: WalkOptions): Promise<string[]> {
  const walked = await files.walk(folder, {
    enters: path => withModules || !/(?:^|\/)(?:node_modules|\.git|\.kode)$/.test(path),
    includes: isWanted,
  })
  return walked.ok ? walked.value.map(each => each.path).sort() : []
}

export function oneOf<T>(all: readonly T[], random: () => number): T | undefined {
  return all[Math.floor(random() * all.length)]
}

/** So many of all, in an order that depends on the seed alone. */
export function sample<T>(all: readonly T[], count: number, random: () => number): T[] {
  const rest = [...all]
  for (let at = 0; at < Math.min(count, rest.length); at++) {
    const other = at + Math.floor(random() * (rest.length - at))
    const [a, b] = [rest[at]!, rest[other]!]
    rest[at] = b
    rest[other] = a
  }
  return rest.slice(0, count)
}

export function quantile(numbers: readonly number[], part: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? 0
}

export function percent(part: number, whole: number, digits = 1): string {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(digits)} %`
}

/** Columns as wide as their widest cell; the first is text, the others numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows
    .map(row =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n')
}
