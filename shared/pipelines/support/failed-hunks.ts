import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { Proposed } from '#shared/edits/proposed'
import type { Finding, GateName, GateReport } from '#shared/protocol/gate-report'
import { failureOf } from '../summary'

/**
 * What the gates say about a change.
 *
 * @param problems what of the proposal did not fit
 * @param only by default every gate
 */
export type Judge = (
  changes: ChangeSet,
  problems: readonly EditProblem[],
  signal: AbortSignal,
  only?: readonly GateName[],
) => Promise<GateReport>

/**
 * Which hunks a refusal comes from, and the reason of each. A finding in a file of several hunks is tracked down by
 * leaving them out one after the other: who takes it away with him brought it. Where that tells nothing, all hunks of
 * the file are named; where a gate names no place, all of the patch.
 */
export async function failedHunks(
  patch: Proposed,
  report: GateReport,
  judge: Judge,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const blamed: Record<string, string> = {}
  for (const { check_name: gate, findings } of report.results.filter(each => each.status === 'FAIL')) {
    const without = await withoutEach(patch, gate, findings, judge, signal)
    for (const finding of findings) {
      for (const id of culpritsOf(finding, findings, patch, without)) blamed[id] ??= `${gate}: ${finding.message}`
    }
  }
  if (Object.keys(blamed).length > 0) return blamed
  const reason = failureOf(report) ?? ''
  return Object.fromEntries(patch.hunkIds.map(id => [id, reason]))
}

/** What a gate still finds when a hunk is left out. */
interface LeftOut {
  id: string
  findings: readonly Finding[]
  /** Other hunks no longer fit without it. */
  isNeeded: boolean
}

/** These judge files one by one or look at names; what the others find belongs to the patch as a whole, or takes too long. */
const DIVISIBLE_GATES: readonly GateName[] = ['syntax', 'imports', 'calls', 'architecture', 'security']
/** More are not tried one by one. */
const MAX_HUNKS = 40

async function withoutEach(
  patch: Proposed,
  gate: GateName,
  findings: readonly Finding[],
  judge: Judge,
  signal: AbortSignal,
): Promise<LeftOut[]> {
  const files = new Set(findings.filter(finding => finding.hunk_id === undefined).map(finding => finding.file))
  const suspects = patch.changes.files.filter(file => files.has(file.path) && file.hunkIds.length > 1)
  const ids = [...new Set(suspects.flatMap(file => file.hunkIds))]
  if (!patch.only || ids.length > MAX_HUNKS || !DIVISIBLE_GATES.includes(gate)) return []
  const tried: LeftOut[] = []
  for (const id of ids) {
    const rest = await patch.only(new Set(patch.hunkIds.filter(other => other !== id)))
    const report = await judge(rest.changes, rest.problems, signal, [gate])
    const isNeeded = rest.problems.length > patch.problems.length
    tried.push({ id, findings: report.results.flatMap(result => result.findings), isNeeded })
  }
  return tried
}

function culpritsOf(
  finding: Finding,
  findings: readonly Finding[],
  { changes }: Proposed,
  without: readonly LeftOut[],
): readonly string[] {
  if (finding.hunk_id !== undefined) return [finding.hunk_id]
  const own = changes.files.filter(file => file.path === finding.file).flatMap(file => file.hunkIds)
  const helps = without.filter(
    each => own.includes(each.id) && countOf(finding, each.findings) < countOf(finding, findings),
  )
  const certain = helps.filter(each => !each.isNeeded)
  const culprits = certain.length > 0 ? certain : helps
  return culprits.length > 0 ? culprits.map(each => each.id) : own
}

/** How often the same is found in the file; lines move when a hunk is left out. */
function countOf({ id, file, message }: Finding, findings: readonly Finding[]): number {
  return findings.filter(each => each.id === id && each.file === file && each.message === message).length
}
