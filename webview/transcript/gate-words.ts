import type { GateName, GateReport, GateStatus } from '#shared/protocol/gate-report'
import type { IconName } from '../ui/icons'

/** What each gate asks, in as few words as possible. */
export const GATE_WORDS: Record<GateName, string> = {
  diff_applier: 'applies',
  syntax: 'syntax',
  imports: 'imports',
  calls: 'calls',
  blast_radius: 'reach',
  architecture: 'architecture',
  security: 'security',
  static_analysis: 'types',
  tdd: 'tests first',
  sandbox: 'tests',
  browser: 'browser',
}

export const STATUS_ICONS: Record<GateStatus, IconName> = {
  PASS: 'check',
  FAIL: 'close',
  WARN: 'warning',
  SKIP: 'circle-slash',
}

/** One line for the whole report; a skipped gate never reads as passed. */
export function verdictLine(report: GateReport): string {
  const names = (status: GateStatus) =>
    report.results.filter(result => result.status === status).map(result => GATE_WORDS[result.check_name])
  if (report.status === 'FAIL') return `Refused: ${names('FAIL').join(', ')}`
  const passed = `${names('PASS').length} checks passed`
  const warned = names('WARN').length > 0 ? `, look at ${names('WARN').join(', ')}` : ''
  const skipped = names('SKIP').length > 0 ? `, ${names('SKIP').length} not judged` : ''
  return `${passed}${warned}${skipped}`
}
