import { expect, test } from 'vitest'
import { runGates } from '#shared/gates/run-gates'
import { readAsset } from '#shared/host/node/assets'
import { Languages } from '#shared/languages/registry'
import { verifyPatch } from '#shared/pipelines/verify'
import { changeSetOf, memoryProject } from '../../support/memory-project'

test.each([
  ['an interrupted check', true, { status: 'FAIL', error: 'interrupted', applied_hunks: [], applied_files: [] }],
  ['a finished one', false, { status: 'PASS', applied_hunks: ['a.xyz'], applied_files: ['a.xyz'] }],
])('%s is told by its status', async (_, isInterrupted, expected) => {
  const changes = changeSetOf({}, { 'a.xyz': 'text\n' })
  const signal = isInterrupted ? AbortSignal.abort() : new AbortController().signal
  const languages = new Languages(readAsset)
  const settings = { blockArchitecture: false, architectureRules: [], runAll: false }
  const summary = await verifyPatch(
    { changes, problems: [], hunkIds: [], mode: 'files' },
    {
      judge: (set, _problems, stop) =>
        runGates(set, memoryProject({}), settings, stop, { languages, now: () => performance.now() }),
      now: () => 0,
    },
    signal,
  )
  expect(summary).toMatchObject(expected)
})

test('a gate that was asked for and could not judge is a warning', async () => {
  const judge = async () => ({
    status: 'PASS' as const,
    results: [skipped, { ...skipped, check_name: 'calls' as const }],
    duration_ms: 1,
  })
  const skipped = {
    check_name: 'static_analysis' as const,
    status: 'SKIP' as const,
    message: 'cargo is not installed',
    duration_ms: 1,
    findings: [],
  }
  const subject = { changes: changeSetOf({}, {}), problems: [], hunkIds: [], mode: 'files' as const }
  const services = { judge, now: () => 0, asked: ['static_analysis' as const] }
  const { warnings } = await verifyPatch(subject, services, new AbortController().signal)
  expect(warnings).toEqual(['static_analysis: asked for, and not judged: cargo is not installed'])
})
