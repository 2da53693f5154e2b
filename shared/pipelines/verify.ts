import type { Proposed } from '#shared/edits/proposed'
import { INTERRUPTED } from '#shared/protocol/exit-codes'
import type { GateName, GateReport } from '#shared/protocol/gate-report'
import { failedFiles, failureOf, type Summary, warningsOf } from './summary'
import { failedHunks, type Judge } from './support/failed-hunks'

/** A patch to verify, as its reader left it. */
export interface VerifySubject extends Proposed {
  /** `files`: whole files were given, and each is reported by its path. */
  mode: 'hunks' | 'files'
  /** What of it no gate can look at, one line each. */
  unjudged?: readonly string[]
}

export interface VerifyServices {
  judge: Judge
  /** Gates that somebody asked for by name: where one cannot judge, a warning says so. */
  asked?: readonly GateName[]
  now(): number
}

/** Puts a patch through the gates, without a model and without writing anything. */
export async function verifyPatch(
  subject: VerifySubject,
  services: VerifyServices,
  signal: AbortSignal,
): Promise<Summary> {
  const startedAt = services.now()
  const report = await services.judge(subject.changes, subject.problems, signal)
  const hasFailed = report.status === 'FAIL'
  const isSound = !hasFailed && !signal.aborted
  const failed = hasFailed ? await blame(subject, report, services, signal) : {}
  const paths = subject.changes.files.map(file => file.path)
  const units = subject.mode === 'files' ? paths : subject.hunkIds
  return {
    schema_version: 1,
    command: 'verify',
    task_id: 'verify',
    status: isSound ? 'PASS' : 'FAIL',
    rounds_used: 1,
    duration_ms: Math.round(services.now() - startedAt),
    applied_hunks: signal.aborted ? [] : units.filter(unit => !(unit in failed)),
    applied_files: isSound ? paths : [],
    failed_hunks: failed,
    failed_files: failedFiles(report),
    repaired: {},
    results: report.results,
    warnings: [...(subject.unjudged ?? []), ...notJudged(report, services.asked ?? []), ...warningsOf(report)],
    rounds: [],
    ...(signal.aborted && { error: INTERRUPTED.message }),
  }
}

/** After a failure nobody expects the others to have judged. */
function notJudged({ status, results }: GateReport, asked: readonly GateName[]): string[] {
  if (status === 'FAIL') return []
  const skipped = results.filter(result => result.status === 'SKIP' && asked.includes(result.check_name))
  return skipped.map(result => `${result.check_name}: asked for, and not judged: ${result.message}`)
}

async function blame(
  subject: VerifySubject,
  report: GateReport,
  services: VerifyServices,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (subject.mode === 'hunks') return failedHunks(subject, report, services.judge, signal)
  const files = Object.entries(failedFiles(report))
  if (files.length > 0)
    return Object.fromEntries(files.map(([path, found]) => [path, `${found[0]?.gate}: ${found[0]?.message}`]))
  return { '': failureOf(report) ?? '' }
}
