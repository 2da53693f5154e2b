import type { Result } from '#shared/base/result'
import type { EditProblem } from '#shared/edits/change-set'
import type { WrittenFiles } from '#shared/edits/write'
import { EXIT } from '#shared/protocol/exit-codes'
import { type RunServices, runTask } from './run'
import type { Summary, TestSummary } from './summary'

/** What the loop needs beside a run. */
export interface LoopServices extends RunServices {
  /** undefined: no test command is known, and the step is skipped with a notice. */
  testCommand: string | undefined
  /** Patches tried until the tests pass. */
  attempts: number
  /** What the tests write belongs to the turn of `landed` and is taken back with it. */
  runTests(command: string, landed: WrittenFiles, signal: AbortSignal): Promise<TestSummary>
  /** Takes back what landed, byte for byte, and what the tests wrote into files that were there before. */
  rollBack(landed: WrittenFiles): Promise<Result<void, EditProblem>>
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
  let prompt = task
  for (let attempt = 1; ; attempt++) {
    const run = await runTask(prompt, services, signal)
    const summary: Summary = { ...run.summary, command: 'loop', task_id: task, rolled_back: false }
    const finish = (more: Partial<Summary>, exitCode: number) => ({
      summary: { ...summary, ...more, duration_ms: Math.round(services.now() - startedAt) },
      exitCode,
    })
    if (!run.landed) return finish({}, run.exitCode)
    if (services.testCommand === undefined) {
      const notice = 'no test command is known; the tests were skipped (set engine.test_command or --test-command)'
      return finish({ warnings: [...summary.warnings, notice] }, EXIT.done)
    }

    services.progress(`test: ${services.testCommand}`)
    const test = await services.runTests(services.testCommand, run.landed, signal)
    if (test.passed && !signal.aborted) return finish({ test }, EXIT.done)

    services.progress(signal.aborted ? 'interrupted; rolling back' : 'the tests failed; rolling back')
    const rolledBack = await services.rollBack(run.landed)
    const failure: Partial<Summary> = {
      status: 'FAIL',
      test,
      rolled_back: rolledBack.ok,
      applied_hunks: [],
      applied_files: [],
      error: rolledBack.ok ? 'tests failed after applying the patch (rolled back)' : rolledBack.error.message,
    }
    if (signal.aborted) return finish({ ...failure, error: 'interrupted (rolled back)' }, EXIT.interrupted)
    if (!rolledBack.ok || attempt >= services.attempts) return finish(failure, EXIT.failed)
    prompt = `${task}\n\nAn earlier patch passed all checks but failed the tests (\`${test.command}\`) and was taken back:\n${test.output}`
  }
}
