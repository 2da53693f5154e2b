import type { AuditEntry } from '#shared/audit/audit-log'
import type { Summary } from '#shared/pipelines/summary'

/** A pipeline's summary as its line in the audit log. */
export function auditOf(summary: Summary, version: string, now: number, inputSource?: string): AuditEntry {
  const winner = summary.branches?.find(branch => branch.id === summary.winner)
  const failedGate = summary.results.find(result => result.status === 'FAIL')?.check_name
  return {
    timestamp: new Date(now - summary.duration_ms).toISOString(),
    task_id: summary.task_id,
    status: summary.status,
    files: summary.status === 'PASS' ? summary.applied_files : Object.keys(summary.failed_files),
    failures: summary.failed_hunks,
    ...(Object.keys(summary.repaired).length > 0 && { repaired: summary.repaired }),
    rounds_used: summary.rounds_used,
    duration_ms: summary.duration_ms,
    command: summary.command,
    version,
    gates: summary.results.map(({ check_name, status, duration_ms }) => ({ check_name, status, duration_ms })),
    ...(summary.model && { model: summary.model }),
    ...(inputSource && { input_source: inputSource }),
    ...(failedGate && { gate: failedGate }),
    ...(typeof summary.cost_usd === 'number' && { cost_usd: summary.cost_usd }),
    ...(summary.test && { test_output: summary.test.output.slice(-4_000) }),
    ...(summary.error && { reason: summary.error }),
    ...(winner && { winning_strategy: winner.strategy }),
  }
}
