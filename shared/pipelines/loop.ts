import { fail, ok, type Result } from '#shared/base/result'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { WrittenFiles } from '#shared/edits/write'
import { isTestFile } from '#shared/languages/test-files'
import { EXIT } from '#shared/protocol/exit-codes'
import { type RunServices, runTask } from './run'
import type { AttemptSummary, Summary, TestSummary } from './summary'

/** What the loop needs beside a run. */
export interface LoopServices extends Omit<RunServices, 'land'> {
  /** undefined: no test command is known, and the step is skipped with a notice. */
  testCommand: string | undefined
  /** Patches tried until the tests pass. */
  attempts: number
  /** Tests of the patch land first and must fail before the rest lands. */
  isTestFirst: boolean
  startTrial(): Promise<Result<LoopTrial, EditProblem>>
}

/** One attempt on the real files. */
export interface LoopTrial {
  land(changes: ChangeSet): Promise<Result<WrittenFiles, EditProblem>>
  /** What the tests write is taken back with the rest; where that could not be, they do not run. */
  runTests(command: string, signal: AbortSignal): Promise<Result<TestSummary, EditProblem>>
  keep(): Promise<void>
  /** Every file is as before the attempt, byte for byte. */
  takeBack(): Promise<Result<void, EditProblem>>
}

/**
 * Generate → gates → apply → test. When the tests fail, everything is taken back and the failure goes into the next
 * attempt; after the last one the files are as they were.
 */
export async function runLoop(
  task: string,
  services: LoopServices,
  signal: AbortSignal,
): Promise<{ summary: Summary; exitCode: number }> {
  const startedAt = services.now()
  const attempts: AttemptSummary[] = []
  let prompt = task
  for (let number = 1; ; number++) {
    if (services.attempts > 1) services.progress(`attempt ${number} of ${services.attempts}`)
    const attempt = await runAttempt(prompt, services, signal)
    const { summary } = attempt
    attempts.push({
      attempt: number,
      status: summary.status,
      rounds_used: summary.rounds_used,
      ...(summary.error !== undefined && { error: summary.error }),
      ...(summary.test && { failed_tests: summary.test.failed_tests }),
    })
    const isLast = number >= services.attempts || !attempt.mayTryAgain || signal.aborted
    if (isLast || !summary.test) {
      const rounds = attempts.reduce((sum, each) => sum + each.rounds_used, 0)
      const durationMs = Math.round(services.now() - startedAt)
      return { summary: asReport(task, summary, attempts, rounds, durationMs), exitCode: attempt.exitCode }
    }
    prompt = `${task}\n\nAn earlier patch passed all checks but failed the tests and was taken back. ${summary.error}\n${failureText(summary.test)}`
  }
}

interface Attempt {
  summary: Summary
  exitCode: number
  /** The tests decided against it, and the files are as before. */
  mayTryAgain: boolean
}

async function runAttempt(prompt: string, services: LoopServices, signal: AbortSignal): Promise<Attempt> {
  const { testCommand } = services
  const trial = await services.startTrial()
  let hasBegun = false
  let red: TestSummary | undefined
  const land = async (changes: ChangeSet): Promise<Result<WrittenFiles, EditProblem>> => {
    if (!trial.ok) return trial
    const parts = services.isTestFirst && testCommand !== undefined ? testsAndRest(changes) : undefined
    if (!parts) return trial.value.land(changes)
    services.progress('test first: the new tests must fail')
    const tests = await trial.value.land(parts.tests)
    if (!tests.ok) return tests
    hasBegun = true
    const ran = await trial.value.runTests(testCommand ?? '', signal)
    if (!ran.ok) return ran
    red = ran.value
    if (signal.aborted) return fail({ kind: 'other', path: '', message: 'interrupted' })
    if (red.passed) return fail({ kind: 'other', path: '', message: NOT_RED })
    const rest = await trial.value.land(parts.rest)
    if (!rest.ok) return rest
    return ok({ ...rest.value, files: [...tests.value.files, ...rest.value.files] })
  }
  const run = await runTask(prompt, { ...services, land }, signal)
  const summary: Summary = { ...run.summary, command: 'loop', rolled_back: false }
  if (!trial.ok) return { summary, exitCode: run.exitCode, mayTryAgain: false }
  if (!run.landed) {
    const back = await trial.value.takeBack()
    const error = back.ok ? summary.error : `${summary.error}; ${back.error.message}`
    const undone = { ...summary, ...(red && { test: red }), ...(error && { error }), rolled_back: hasBegun && back.ok }
    return { summary: undone, exitCode: run.exitCode, mayTryAgain: red?.passed === true && back.ok }
  }
  if (testCommand === undefined) {
    await trial.value.keep()
    const notice = 'no test command is known; the tests were skipped (set engine.test_command or --test-command)'
    return { summary: { ...summary, warnings: [...summary.warnings, notice] }, exitCode: EXIT.done, mayTryAgain: false }
  }

  services.progress(`test: ${testCommand}`)
  const ran = await trial.value.runTests(testCommand, signal)
  const test = ran.ok ? ran.value : undefined
  if (test?.passed && !signal.aborted) {
    await trial.value.keep()
    return { summary: { ...summary, test }, exitCode: EXIT.done, mayTryAgain: false }
  }
  const hasFailed = ran.ok ? 'tests failed after applying the patch' : ran.error.message
  const why = signal.aborted ? 'interrupted' : hasFailed
  services.progress(`${why}; rolling back`)
  const back = await trial.value.takeBack()
  const error = back.ok ? `${why} (rolled back)` : `${why}; ${back.error.message}`
  const undone = { status: 'FAIL' as const, rolled_back: back.ok, applied_hunks: [], applied_files: [], error }
  const exitCode = signal.aborted ? EXIT.interrupted : EXIT.failed
  return { summary: { ...summary, ...undone, ...(test && { test }) }, exitCode, mayTryAgain: back.ok }
}

const NOT_RED =
  'test first: the tests of the patch pass without the rest of it, so they do not show that it is needed (rolled back)'

/** The tests of a patch and the rest; undefined when it has only one of the two. */
function testsAndRest(changes: ChangeSet): { tests: ChangeSet; rest: ChangeSet } | undefined {
  const tests = changes.files.filter(file => isTestFile(file.path))
  const rest = changes.files.filter(file => !isTestFile(file.path))
  if (tests.length === 0 || rest.length === 0) return undefined
  return { tests: { id: `${changes.id}-tests`, files: tests }, rest: { id: changes.id, files: rest } }
}

/** What the next attempt has to know of a failed test run; the end of an output says most. */
function failureText({ command, failed_tests, output }: TestSummary): string {
  const named = failed_tests.length > 0 ? `Failed tests: ${failed_tests.join(', ')}\n` : ''
  return `Command: ${command}\n${named}${output}`
}

/** The summary of the last attempt with what the reference's report holds beside it; spec/kode.md §5.7. */
function asReport(
  task: string,
  summary: Summary,
  attempts: AttemptSummary[],
  rounds: number,
  durationMs: number,
): Summary {
  const { test, status } = summary
  return {
    ...summary,
    task_id: task,
    task,
    rounds_used: rounds,
    duration_ms: durationMs,
    duration_seconds: durationMs / 1000,
    hunks_applied: summary.applied_hunks.length,
    files: summary.applied_files,
    attempts,
    ...(test && { test_command: test.command, test_output: test.output, failed_tests: test.failed_tests }),
    ...(status === 'FAIL' && test && !test.passed && { test_error: `${summary.error}\n${test.output}` }),
  }
}
