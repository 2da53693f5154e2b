import type { GateName, GateReport, GateStatus } from '#shared/protocol/gate-report'
import { t } from '../l10n'
import type { IconName } from '../ui/icons'

/** What a gate asks, in as few words as possible. */
export function gateWord(gate: GateName): string {
  const words: Record<GateName, string> = {
    diff_applier: t('applies'),
    syntax: t('syntax'),
    imports: t('imports'),
    calls: t('calls'),
    blast_radius: t('reach'),
    architecture: t('architecture'),
    security: t('security'),
    static_analysis: t('types'),
    tdd: t('tests first'),
    sandbox: t('tests'),
    browser: t('browser'),
  }
  return words[gate]
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
    report.results.filter(result => result.status === status).map(result => gateWord(result.check_name))
  if (report.status === 'FAIL') return t('Refused: {0}', names('FAIL').join(', '))
  const passed = t('{0} checks passed', names('PASS').length)
  const warned = names('WARN').length > 0 ? `, ${t('look at {0}', names('WARN').join(', '))}` : ''
  const skipped = names('SKIP').length > 0 ? `, ${t('{0} not judged', names('SKIP').length)}` : ''
  return `${passed}${warned}${skipped}`
}
