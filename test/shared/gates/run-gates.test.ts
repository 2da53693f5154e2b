import { expect, test } from 'vitest'
import type { EditProblem } from '#shared/edits/change-set'
import type { GateSettings } from '#shared/gates/gate'
import type { PageCheck } from '#shared/gates/page-check'
import { runGates } from '#shared/gates/run-gates'
import { feedbackFor } from '#shared/gates/support/feedback'
import { readAsset } from '#shared/host/node/assets'
import type { ProjectView } from '#shared/languages/project-view'
import { Languages } from '#shared/languages/registry'
import { changeSetOf, memoryProject } from '../../support/memory-project'

const BROKEN = { 'src/a.ts': 'export const a = (\n' }

test('gates after the first failure are not run', async () => {
  const report = await judge(BROKEN)
  expect(report.status).toBe('FAIL')
  expect(statuses(report)).toMatchObject({ diff_applier: 'PASS', syntax: 'FAIL' })
  const later = report.results.slice(report.results.findIndex(result => result.check_name === 'syntax') + 1)
  for (const result of later) expect(result).toMatchObject({ status: 'SKIP', message: 'not run: syntax failed' })
})

test('every gate runs when all are asked for', async () => {
  const report = await judge(BROKEN, { runAll: true })
  expect(report.results.filter(result => result.message.startsWith('not run'))).toEqual([])
})

test('only the gates that are asked for are in the report', async () => {
  const report = await judge(BROKEN, { only: ['diff_applier'] })
  expect(statuses(report)).toEqual({ diff_applier: 'PASS' })
})

test('a gate that is switched off is shown as skipped, with the reason', async () => {
  const report = await judge(BROKEN, { off: ['syntax'], runAll: true })
  expect(statuses(report)).toMatchObject({ diff_applier: 'PASS', syntax: 'SKIP', security: 'PASS' })
  expect(report.results[1]?.message).toBe('not run: verify.gates leaves it out')
})

test('what could not be made to fit fails the first gate and names the hunk', async () => {
  const problem: EditProblem = {
    kind: 'anchor-missing',
    path: 'src/a.ts',
    hunkId: 'h1',
    message: 'the anchor text is not in src/a.ts; the closest place is line 12',
    line: 12,
  }
  const report = await judge({}, {}, [problem])
  expect(report.results[0]).toMatchObject({
    status: 'FAIL',
    findings: [{ id: 'diff_applier/anchor-missing', file: 'src/a.ts', line: 12, hunk_id: 'h1' }],
  })
})

test('files of no known language are skipped, not passed', async () => {
  const report = await judge({ 'notes.xyz': 'hello' }, { only: ['syntax'] })
  expect(report.results[0]).toMatchObject({ status: 'SKIP', message: 'no changed file it knows how to check' })
})

test.each<[string, PageCheck]>([
  ['cannot judge', { check: async () => ({ kind: 'unknown', reason: 'nobody can look' }) }],
  ['breaks', { check: () => Promise.reject(new Error('nobody can look')) }],
])('a gate that is required and %s fails, with the reason', async (_, page) => {
  const change = changeSetOf({}, { 'src/new.ts': 'export {}' })
  const judgeWith = (more: Partial<GateSettings>) =>
    runGates(change, memoryProject({}), settings({ only: ['browser'], ...more }), new AbortController().signal, {
      languages: new Languages(readAsset),
      page,
      now: () => performance.now(),
    })
  expect(await judgeWith({})).toMatchObject({ status: 'PASS', results: [{ status: 'SKIP' }] })
  const required = await judgeWith({ required: ['browser'] })
  expect(required).toMatchObject({ status: 'FAIL', results: [{ message: expect.stringContaining('nobody can look') }] })
})

test('a required gate that comes after a failure is not run', async () => {
  const page: PageCheck = { check: async () => ({ kind: 'works', notes: [] }) }
  const report = await runGates(
    changeSetOf({}, BROKEN),
    memoryProject({}),
    settings({ required: ['browser'] }),
    new AbortController().signal,
    { languages: new Languages(readAsset), page, now: () => performance.now() },
  )
  expect(statuses(report)).toMatchObject({ syntax: 'FAIL', browser: 'SKIP' })
})

test('a gate that breaks is skipped with the reason', async () => {
  const project: ProjectView = {
    ...memoryProject({}),
    kindOf: () => Promise.reject(new Error('disk on fire')),
  }
  const report = await runGates(
    changeSetOf({}, { 'src/new.ts': 'export {}' }),
    project,
    settings({ only: ['diff_applier'] }),
    new AbortController().signal,
    equipment(),
  )
  expect(report.results[0]).toMatchObject({ status: 'SKIP', message: 'broke: disk on fire' })
})

test('a gate that waits for ever ends when the run is cancelled', async () => {
  const project: ProjectView = { ...memoryProject({}), kindOf: () => new Promise(() => {}) }
  const cancel = new AbortController()
  const running = runGates(
    changeSetOf({}, { 'src/new.ts': 'export {}' }),
    project,
    settings({ only: ['diff_applier'] }),
    cancel.signal,
    equipment(),
  )
  cancel.abort()
  expect((await running).results[0]).toMatchObject({ status: 'SKIP', message: 'cancelled' })
})

test.each([
  ['NUL characters', 'export const a = "\0"', 'NUL'],
  ['three million characters', `export const a = "${'x'.repeat(3_000_000)}"`, 'larger than'],
  [
    'sixty thousand nested brackets',
    `export const a = ${'['.repeat(60_000)}${']'.repeat(60_000)}`,
    'nested too deeply',
  ],
])('a file with %s is skipped with the reason', async (_, text, reason) => {
  const report = await judge({ 'src/a.ts': text }, { only: ['syntax'] })
  expect(report.results[0]?.status).toBe('SKIP')
  expect(report.results[0]?.message).toContain(reason)
})

test('the advice names gate, place and finding, and nothing when all is well', async () => {
  const advice = feedbackFor(await judge({ 'src/a.ts': 'export const a = 1\nexport const = 2\n' }))
  expect(advice).toContain('did not pass syntax')
  expect(advice).toContain('[syntax/parse-error] src/a.ts:2:14: ')
  expect(advice).toContain('    export const = 2')
  expect(feedbackFor(await judge({ 'src/a.ts': 'export const a = 1\n' }))).toBe('')
})

function judge(texts: Record<string, string>, more: Partial<GateSettings> = {}, editProblems: EditProblem[] = []) {
  return runGates(changeSetOf({}, texts), memoryProject({}), settings(more), new AbortController().signal, {
    ...equipment(),
    editProblems,
  })
}

function settings(more: Partial<GateSettings>): GateSettings {
  return { blockArchitecture: false, architectureRules: [], runAll: false, ...more }
}

function equipment() {
  return { languages: new Languages(readAsset), now: () => performance.now() }
}

function statuses(report: Awaited<ReturnType<typeof judge>>): Record<string, string> {
  return Object.fromEntries(report.results.map(result => [result.check_name, result.status]))
}
