import type { Finding, GateReport, GateResult } from '#shared/protocol/gate-report'
import { findingLine } from './findings'

/** How the advice about a refused change begins. */
export const NOTHING_WRITTEN = 'Nothing was written: the change did not pass'

/** A model mends the first few and learns nothing from the hundredth. */
const MAX_FINDINGS = 20

/**
 * A report as advice for the model: which gate, where, what is wrong, what exists instead.
 *
 * @returns empty when there is nothing to say
 */
export function feedbackFor(report: GateReport): string {
  const failed = report.results.filter(result => result.status === 'FAIL')
  const warned = report.results.filter(result => result.status === 'WARN')
  const parts: string[] = []
  if (failed.length > 0) {
    parts.push(`${NOTHING_WRITTEN} ${failed.map(result => result.check_name).join(' and ')}.`)
    parts.push(...failed.map(describe))
    parts.push('Mend this and send the whole change again; what these findings do not name was fine.')
  }
  if (warned.length > 0) parts.push('Worth a look, though it does not block:', ...warned.map(describe))
  return parts.join('\n')
}

function describe(result: GateResult): string {
  const shown = result.findings.slice(0, MAX_FINDINGS)
  const lines = shown.length > 0 ? shown.map(line) : [`- ${result.check_name}: ${result.message}`]
  const left = result.findings.length - shown.length
  if (left > 0) lines.push(`- and ${left} more of the same kind`)
  return lines.join('\n')
}

function line(finding: Finding): string {
  const snippet = finding.snippet?.trim() ? `\n    ${finding.snippet.trim()}` : ''
  return `- [${finding.id}] ${findingLine(finding)}${snippet}`
}
