import { readFileSync } from 'node:fs'
import Ajv from 'ajv'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import type { Summary } from '#shared/pipelines/summary'
import { toGithub, toJunit, toSarif } from '#shared/pipelines/support/report-formats'
import type { Finding } from '#shared/protocol/gate-report'

const schemaFile = new URL(
  '../../../node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
  import.meta.url,
)
// Ajv knows newer drafts only; what the schema uses means the same in them.
const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'))
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema)

const reports: [title: string, summary: Summary][] = [
  ['nothing found', summaryOf({})],
  ['an error in a file', summaryOf({ findings: [finding({})] })],
  ['a file with an odd name', summaryOf({ findings: [finding({ file: 'src/a b#1?ü"<&>.ts' })] })],
  ['an empty place', summaryOf({ findings: [finding({ line: 3, column: 4, end_line: 3, end_column: 4 })] })],
  [
    'text that is no XML',
    summaryOf({ findings: [finding({ message: 'a\0b \x1b[31m ]]> \ud800 \uffff "quoted" <tag>' })] }),
  ],
  ['a gate that failed without a place', summaryOf({ message: 'the scanner is required, but none is set up' })],
  ['a run that could not begin', { ...summaryOf({}), status: 'FAIL', error: 'line 3 of the patch is cut off' }],
]

describe('SARIF', () => {
  test.each(reports)('of %s holds to the schema of version 2.1.0', (_, summary) => {
    isSarif(JSON.parse(JSON.stringify(toSarif(summary, '1.2.3'))))
    expect(isSarif.errors ?? []).toEqual([])
  })

  test('names a file so that the name can be read back', () => {
    const text = JSON.stringify(toSarif(summaryOf({ findings: [finding({ file: 'src/a b#1?.ts' })] }), '1.2.3'))
    const uri = JSON.parse(text).runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri
    expect(decodeURIComponent(new URL(uri, 'file:///root/').pathname)).toBe('/root/src/a b#1?.ts')
  })

  test('tells of a failure that has no place', () => {
    expect(JSON.stringify(toSarif(summaryOf({ message: 'none is set up' }), '1.2.3'))).toContain('none is set up')
  })
})

describe('JUnit', () => {
  test.each(reports)('of %s is well-formed XML', (_, summary) => {
    expect(XMLValidator.validate(toJunit(summary))).toBe(true)
    expect(toJunit(summary)).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u)
  })

  test('counts tests, failures and what was skipped as its cases say', () => {
    const summary = summaryOf({ findings: [finding({ message: 'a < b' })] })
    const { testsuites } = new XMLParser({ ignoreAttributes: false }).parse(toJunit(summary))
    expect(testsuites).toMatchObject({ '@_tests': '3', '@_failures': '1', '@_skipped': '1' })
    const [passed, failed, skipped] = testsuites.testsuite.testcase
    expect(passed['@_name']).toBe('diff_applier')
    expect(failed.failure['#text']).toContain('src/a.ts:1:2: a < b')
    expect(skipped.skipped['@_message']).toBe('not run')
  })
})

describe('annotations of GitHub', () => {
  test.each(reports)('of %s are one command a line', (_, summary) => {
    for (const line of toGithub(summary).trimEnd().split('\n').filter(Boolean))
      expect(line).toMatch(/^::(?:error|warning|notice) [^:]+::./)
  })

  test('keep line breaks, colons and commas', () => {
    const text = toGithub(summaryOf({ findings: [finding({ file: 'a,b:c.ts', message: 'one\ntwo: 100%' })] }))
    expect(text).toContain('file=a%2Cb%3Ac.ts,line=1,col=2')
    expect(text).toContain('::one%0Atwo: 100%25')
  })
})

function finding(more: Partial<Finding>): Finding {
  const place = { file: 'src/a.ts', line: 1, column: 2, end_line: 1, end_column: 5 }
  return { id: 'syntax/parse-error', gate: 'syntax', severity: 'error', message: 'wrong', ...place, ...more }
}

function summaryOf({ findings = [], message = '' }: { findings?: Finding[]; message?: string }): Summary {
  const isWrong = findings.length > 0 || message !== ''
  return {
    schema_version: 1,
    command: 'verify',
    task_id: 'verify',
    status: isWrong ? 'FAIL' : 'PASS',
    rounds_used: 1,
    duration_ms: 12.5,
    applied_hunks: [],
    applied_files: [],
    failed_hunks: {},
    failed_files: {},
    repaired: {},
    results: [
      { check_name: 'diff_applier', status: 'PASS', message: '', duration_ms: 1, findings: [] },
      { check_name: 'syntax', status: isWrong ? 'FAIL' : 'PASS', message: message || 'it', duration_ms: 1, findings },
      { check_name: 'security', status: 'SKIP', message: 'not run', duration_ms: 0, findings: [] },
    ],
    warnings: [],
    rounds: [],
  }
}
