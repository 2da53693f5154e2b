import type { GateReport, GateStatus } from '#shared/protocol/gate-report'

const SIGNS: Readonly<Record<GateStatus, string>> = { PASS: '✓', WARN: '⚠', FAIL: '✗', SKIP: '–' }

/** A report as a Markdown list: each gate with its status, and what it found below. */
export function gateLines({ results }: GateReport): string {
  return results
    .flatMap(({ check_name, status, message, findings }) => [
      `- ${SIGNS[status]} ${status} \`${check_name}\`${message ? `: ${message}` : ''}`,
      ...findings.map(({ file, line, message, suggestion }) =>
        [`  - ${file}:${line} ${message}`, suggestion].filter(Boolean).join(' – '),
      ),
    ])
    .join('\n')
}
