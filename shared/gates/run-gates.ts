import { messageOf } from '#shared/base/message-of'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import { type ProjectView, withChanges } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import type { GateReport, GateResult } from '#shared/protocol/gate-report'
import type { Gate, GateInput, GateSettings, IndexSource, Verdict } from './gate'
import type { PageCheck } from './page-check'
import type { ProjectChecker } from './project-checker'
import { GATES } from './registry'
import { findingLine } from './support/findings'
import type { SecurityScanner } from './support/scanner'
import type { TestRunner } from './test-runner'

/** What gates need beside the change. */
export interface GateEquipment {
  languages: Languages
  scanner?: SecurityScanner
  /** For `static_analysis`, which runs only with them. */
  checkers?: readonly ProjectChecker[]
  /** For `sandbox`, which runs only with one. */
  tests?: TestRunner
  /** For `browser`, which runs only with one. */
  page?: PageCheck
  index?: IndexSource
  /** What the readers of hunks and patches could not make fit; each fails `diff_applier`. */
  editProblems?: readonly EditProblem[]
  /** Milliseconds; fractions welcome. */
  now(): number
}

/** A gate that takes longer is not waited for: a late verdict is worth less than an honest SKIP. */
export const GATE_BUDGET_MS = 10_000

/**
 * Judges a change: gate after gate, up to the first FAIL unless `settings.runAll`. Never throws; a gate that breaks or takes
 * too long is SKIP with the reason, and FAIL where it is required.
 *
 * @param project before the change, made for this run
 */
export async function runGates(
  changes: ChangeSet,
  project: ProjectView,
  settings: GateSettings,
  signal: AbortSignal,
  equipment: GateEquipment,
): Promise<GateReport> {
  const { now, editProblems = [], ...parts } = equipment
  const input = { ...parts, changes, editProblems, project, changedProject: withChanges(project, changes), settings }
  const startMs = now()
  const results: GateResult[] = []
  for (const gate of GATES) {
    if (settings.only && !settings.only.includes(gate.name)) continue
    if (gate.isWanted && !gate.isWanted(input)) continue
    if (settings.off?.includes(gate.name)) {
      results.push(toResult(gate, { kind: 'skip', reason: 'not run: verify.gates leaves it out' }, 0))
      continue
    }
    const failed = results.find(result => result.status === 'FAIL')
    if (failed && !settings.runAll) {
      results.push(toResult(gate, { kind: 'skip', reason: `not run: ${failed.check_name} failed` }, 0))
      continue
    }
    const gateStartMs = now()
    const verdict = await judge(gate, input, signal)
    const isMissing = verdict.kind === 'skip' && settings.required?.includes(gate.name)
    results.push(toResult(gate, isMissing ? failedToJudge(verdict.reason) : verdict, now() - gateStartMs))
  }
  return { status: overall(results), results, duration_ms: rounded(now() - startMs) }
}

async function judge(gate: Gate, input: Omit<GateInput, 'signal'>, runSignal: AbortSignal): Promise<Verdict> {
  if (runSignal.aborted) return { kind: 'skip', reason: 'not run: cancelled' }
  const budgetMs = gate.budgetMs ?? GATE_BUDGET_MS
  const budget = new AbortController()
  const signal = AbortSignal.any([runSignal, budget.signal])
  const stopped = new Promise<Verdict>(resolve => {
    const stop = () => {
      const reason = runSignal.aborted ? 'cancelled' : `not finished within ${budgetMs / 1000} s`
      resolve({ kind: 'skip', reason })
    }
    signal.addEventListener('abort', stop, { once: true })
  })
  const timer = setTimeout(() => budget.abort(), budgetMs)
  try {
    return await Promise.race([gate.judge({ ...input, signal }), stopped])
  } catch (error) {
    // The door of the gates: a bug in one must neither land a change unseen nor end the session.
    return { kind: 'skip', reason: `broke: ${messageOf(error)}` }
  } finally {
    clearTimeout(timer)
  }
}

/** What was asked for and could not be done must not read as if all were well. */
function failedToJudge(reason: string): Verdict {
  return { kind: 'fail', message: `asked for, and could not judge: ${reason}`, findings: [] }
}

function toResult(gate: Gate, verdict: Verdict, durationMs: number): GateResult {
  const common = { check_name: gate.name, duration_ms: rounded(durationMs) }
  switch (verdict.kind) {
    case 'skip':
      return { ...common, status: 'SKIP', message: verdict.reason, findings: [] }
    case 'pass':
      return { ...common, status: 'PASS', message: '', ...detailsOf(verdict.notes ?? []), findings: [] }
    default: {
      const lines = [...verdict.findings.map(findingLine), ...(verdict.notes ?? [])]
      const status = verdict.kind === 'fail' ? 'FAIL' : 'WARN'
      return { ...common, status, message: verdict.message, ...detailsOf(lines), findings: [...verdict.findings] }
    }
  }
}

function detailsOf(lines: readonly string[]): { details?: string } {
  return lines.length > 0 ? { details: lines.join('\n') } : {}
}

function overall(results: readonly GateResult[]): GateReport['status'] {
  if (results.some(result => result.status === 'FAIL')) return 'FAIL'
  return results.some(result => result.status === 'WARN') ? 'WARN' : 'PASS'
}

function rounded(durationMs: number): number {
  return Math.round(durationMs * 100) / 100
}
