import type { Finding } from '#shared/protocol/gate-report'
import type { Summary } from '../summary'

/** Every finding of a summary, failed gates and warnings alike. */
function findingsOf(summary: Summary): Finding[] {
  return summary.results.flatMap(result => result.findings)
}

/** Why a gate failed that names no line of code. */
function failuresWithoutPlace(summary: Summary): string[] {
  const gates = summary.results.filter(result => result.status === 'FAIL' && result.findings.length === 0)
  return [...gates.map(result => `${result.check_name}: ${result.message}`), ...(summary.error ? [summary.error] : [])]
}

function toUri(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

const SARIF_LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const

/** SARIF 2.1.0, for code scanning. */
export function toSarif(summary: Summary, version: string): object {
  const findings = findingsOf(summary)
  const ruleIds = [...new Set(findings.map(finding => finding.id))]
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kode',
            version,
            rules: ruleIds.map(id => ({ id, shortDescription: { text: id.replace(/[/-]/g, ' ') } })),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            exitCode: summary.status === 'PASS' ? 0 : 1,
            toolExecutionNotifications: failuresWithoutPlace(summary).map(text => ({
              level: 'error',
              message: { text },
            })),
          },
        ],
        results: findings.map(finding => ({
          ruleId: finding.id,
          ruleIndex: ruleIds.indexOf(finding.id),
          level: SARIF_LEVEL[finding.severity],
          message: { text: finding.suggestion ? `${finding.message}; ${finding.suggestion}` : finding.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: toUri(finding.file), uriBaseId: '%SRCROOT%' },
                region: {
                  startLine: finding.line,
                  startColumn: finding.column,
                  endLine: Math.max(finding.end_line, finding.line),
                  endColumn:
                    finding.end_line > finding.line ? finding.end_column : Math.max(finding.end_column, finding.column),
                },
              },
            },
          ],
        })),
      },
    ],
  }
}

/** JUnit XML: one test case per gate. */
export function toJunit(summary: Summary): string {
  const cases = summary.results.map(result => {
    const seconds = (result.duration_ms / 1000).toFixed(3)
    const open = `    <testcase classname="kode" name="${escapeXml(result.check_name)}" time="${seconds}"`
    if (result.status === 'FAIL') {
      const body = escapeXml(result.findings.map(lineOf).join('\n') || result.details || '')
      return `${open}>\n      <failure message="${escapeXml(result.message)}">${body}</failure>\n    </testcase>`
    }
    if (result.status === 'SKIP')
      return `${open}>\n      <skipped message="${escapeXml(result.message)}"/>\n    </testcase>`
    const warnings = result.findings.map(lineOf).join('\n')
    return warnings ? `${open}>\n      <system-out>${escapeXml(warnings)}</system-out>\n    </testcase>` : `${open}/>`
  })
  const count = (status: string) => summary.results.filter(result => result.status === status).length
  const time = (summary.duration_ms / 1000).toFixed(3)
  const totals = `tests="${summary.results.length}" failures="${count('FAIL')}" skipped="${count('SKIP')}" time="${time}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="kode verify" ${totals}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

const GITHUB_LEVEL = { error: 'error', warning: 'warning', info: 'notice' } as const

/** Workflow commands that GitHub shows beside the lines they are about. */
export function toGithub(summary: Summary): string {
  const lines = findingsOf(summary).map(finding => {
    const place = `file=${property(finding.file)},line=${finding.line},col=${finding.column},endLine=${finding.end_line}`
    const text = finding.suggestion ? `${finding.message}; ${finding.suggestion}` : finding.message
    return `::${GITHUB_LEVEL[finding.severity]} ${place},title=${property(`kode ${finding.id}`)}::${data(text)}`
  })
  const withoutPlace = failuresWithoutPlace(summary).map(text => `::error title=kode::${data(text)}`)
  return [...lines, ...withoutPlace, ''].join('\n')
}

/** For people: one line per gate, findings below it. */
export function toText(summary: Summary): string {
  const gates = summary.results.flatMap(result => [
    `${MARKS[result.status]} ${result.check_name}${result.message ? `: ${result.message}` : ''} (${result.duration_ms} ms)`,
    ...result.findings.map(finding => `    ${lineOf(finding)}`),
  ])
  const files = summary.applied_files.length > 0 ? [`files: ${summary.applied_files.join(', ')}`] : []
  const error = summary.error ? [summary.error] : []
  return [...gates, ...error, ...files, `${summary.status} in ${summary.duration_ms} ms`].join('\n')
}

const MARKS = { PASS: '✓', FAIL: '✗', WARN: '!', SKIP: '–' } as const

function lineOf(finding: Finding): string {
  const text = `${finding.file}:${finding.line}:${finding.column}: ${finding.message} [${finding.id}]`
  return finding.suggestion ? `${text}; ${finding.suggestion}` : text
}

function escapeXml(text: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // XML 1.0 has no way to write most control characters.
  const printable = text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
  return printable.replace(/[&<>"]/g, character => escapes[character] ?? character)
}

function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}
