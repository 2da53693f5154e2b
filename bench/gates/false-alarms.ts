import type { Finding, GateReport } from '#shared/protocol/gate-report'
import { seeded } from '../../test/support/seeded'
import type { History, Project } from './corpus'
import rightFindings from './right-findings.data.json' with { type: 'json' }
import { type Edit, judge, pathsBelow, percent, readText, sample, viewOf } from './support'

export interface Alarms {
  title: string
  judged: number
  /** Failed, though nothing in them is known to be wrong. */
  failed: number
  /** What they failed for, some lines each. */
  lines: string[]
  failedSyntax: number
  /** Of those that failed: for nothing but dangerous calls, which are to be given a reason. */
  dangerous: number
  /** Failed for nothing but faults that somebody looked at and found to be there; see right-findings.data.json. */
  right: number
  warned: number
}

function noAlarms(title: string): Alarms {
  return { title, judged: 0, failed: 0, lines: [], failedSyntax: 0, dangerous: 0, right: 0, warned: 0 }
}

/** What a published package needs of the repository it was cut from, whose manifest is not published with it; and sources that are wrong on purpose. */
const OF_ITS_REPOSITORY =
  /(?:^|\/)(?:tests?|__tests__|testdata|benchmarks?|scripts)\/|\.(?:test|spec|bench)\.\w+$|(?:^|\/)bench\.\w+$/
const CODE = /\.(?:[mc]?[jt]s|[jt]sx|pyi?|go|rs)$/

/** Every file as if the change had just made it: nothing in it is forgiven for having been there. */
export async function alarmsOnFiles(
  title: string,
  projects: readonly Project[],
  extension: RegExp,
  most: number,
  withModules = false,
): Promise<Alarms> {
  const all: { project: Project; path: string }[] = []
  for (const project of projects) {
    const isWanted = (path: string) => extension.test(path) && (project.isWhole || !OF_ITS_REPOSITORY.test(path))
    const paths = await pathsBelow(project.root, { isWanted, withModules })
    all.push(...paths.map(path => ({ project, path })))
  }
  const alarms = noAlarms(title)
  const chosen = sample(all, most, seeded(11)).sort(
    (a, b) => a.project.root.localeCompare(b.project.root) || a.path.localeCompare(b.path),
  )
  let view: { root: string; uses: number; project: ReturnType<typeof viewOf> } | undefined
  for (const { project, path } of chosen) {
    // One view remembers all it read: a fresh one now and then keeps memory low.
    if (view?.root !== project.root || ++view.uses > 300)
      view = { root: project.root, uses: 0, project: viewOf(project.root) }
    const after = await view.project.read(path)
    if (after === undefined) continue
    const report = await judge(view.project, [{ path, before: undefined, after }], OF_A_TEXT)
    count(alarms, report, `${project.name}/`)
  }
  return alarms
}

/** Version n becomes version n + 1, as one change of many files; then each changed file by itself, all others being new already. */
export async function alarmsOnHistories(
  histories: readonly History[],
  mostFilesOfAStep: number,
): Promise<[Alarms, Alarms]> {
  const steps = noAlarms('a package from one version to the next')
  const single = noAlarms('one file of such a step')
  for (const { name, versions } of histories) {
    for (const [index, next] of versions.entries()) {
      const previous = versions[index - 1]
      if (!previous) continue
      const edits = await editsBetween(previous, next)
      if (edits.length === 0) continue
      count(steps, await judge(viewOf(previous.root), edits, FAST), `${name} ${previous.name} → ${next.name}: `)
      const modified = edits.filter(
        each => each.before !== undefined && each.after !== undefined && CODE.test(each.path),
      )
      for (const edit of sample(modified, mostFilesOfAStep, seeded(index + 1)))
        count(single, await judge(viewOf(next.root), [edit], OF_A_TEXT), `${next.name}: `)
    }
  }
  return [steps, single]
}

const OF_A_TEXT = ['syntax', 'imports', 'calls', 'security'] as const
const FAST = ['diff_applier', ...OF_A_TEXT] as const

async function editsBetween(previous: Project, next: Project): Promise<Edit[]> {
  const isWanted = (path: string) =>
    (CODE.test(path) && !OF_ITS_REPOSITORY.test(path)) || /(?:^|\/)package\.json$/.test(path)
  const paths = new Set([
    ...(await pathsBelow(previous.root, { isWanted })),
    ...(await pathsBelow(next.root, { isWanted })),
  ])
  const edits: Edit[] = []
  for (const path of paths) {
    const [before, after] = [await readText(previous.root, path), await readText(next.root, path)]
    if (before !== after) edits.push({ path, before, after })
  }
  return edits
}

function count(alarms: Alarms, report: GateReport, where: string): void {
  alarms.judged++
  if (report.status === 'WARN') alarms.warned++
  if (report.status !== 'FAIL') return
  const errors = report.results.flatMap(each => each.findings.filter(({ severity }) => severity === 'error'))
  const findings = errors.filter(finding => !isRight(finding, where))
  if (findings.length === 0) {
    alarms.right++
    return
  }
  if (report.results.some(each => each.check_name === 'syntax' && each.status === 'FAIL')) alarms.failedSyntax++
  if (findings.every(({ gate }) => gate === 'security')) alarms.dangerous++
  alarms.failed++
  alarms.lines.push(
    ...findings.slice(0, 3).map(({ id, file, line, message }) => `${id} ${where}${file}:${line} ${message}`),
    ...(findings.length > 3 ? [`  … ${findings.length - 3} more`] : []),
  )
}

function isRight({ id, file }: Finding, where: string): boolean {
  return rightFindings.some(right => right.id === id && `${where}${file}`.endsWith(right.file))
}

export const ALARM_COLUMNS = ['valid change', 'judged', 'FAIL syntax', 'FAIL', 'share', 'only danger', 'right', 'WARN']

export function alarmsRow({ title, judged, failed, failedSyntax, dangerous, right, warned }: Alarms): string[] {
  return [
    title,
    `${judged}`,
    `${failedSyntax}`,
    `${failed}`,
    percent(failed, judged, 3),
    `${dangerous}`,
    `${right}`,
    `${warned}`,
  ]
}
