import type { ChangeEngine } from '#shared/agent/change-engine'
import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { EditProblem } from '#shared/edits/change-set'
import type { LoopTrial } from '#shared/pipelines/loop'
import type { TestSummary } from '#shared/pipelines/summary'
import { failedTests } from '#shared/pipelines/support/failed-tests'
import type { Sandbox } from '#shared/sandbox/sandbox'

/** Source: spec/kode.md §9.3. */
export const TEST_TIMEOUT_S = 120
const MAX_OUTPUT_CHARS = 12_000
const MAX_TITLE = 80
/**
 * Python's caches would be left behind by a rollback, and can be taken for current: they know a source by its size and second.
 */
const LEAVE_NO_CACHES = 'export PYTHONDONTWRITEBYTECODE=1 PYTEST_ADDOPTS="-p no:cacheprovider $PYTEST_ADDOPTS"'

/** Begins changes on the real files that can be taken back, with what commands write meanwhile. */
export async function startTrial(
  task: string,
  engine: ChangeEngine,
  test: (command: string, signal: AbortSignal) => Promise<TestSummary>,
): Promise<Result<LoopTrial, EditProblem>> {
  const cause = { turnId: newId(), title: task.slice(0, MAX_TITLE) }
  const trial = await engine.startTrial(cause)
  if (!trial.ok) return trial
  let unseen: EditProblem | undefined
  return ok({
    land: changes => engine.land(changes, cause),
    async runTests(command, signal) {
      const watch = await engine.watch(cause)
      if (!watch.ok) return fail(unwatched(watch.error))
      try {
        return ok(await test(command, signal))
      } finally {
        const finished = await watch.value.finish()
        if (!finished.ok) unseen = unwatched(finished.error)
      }
    },
    keep: () => trial.value.keep(),
    async takeBack() {
      const back = await trial.value.takeBack()
      return back.ok && unseen ? fail(unseen) : back
    },
  })
}

/** What runs unseen cannot be taken back. */
function unwatched(problem: EditProblem): EditProblem {
  return { ...problem, message: `what commands write here cannot be watched: ${problem.message}` }
}

/** Runs a command of the project in the sandbox and reads from its output what failed. */
export async function runTests(
  command: string,
  timeoutS: number,
  sandbox: Sandbox,
  root: string,
  signal: AbortSignal,
): Promise<TestSummary> {
  const ended = await sandbox.run({
    command: `${LEAVE_NO_CACHES}\n${command}`,
    cwd: root,
    timeoutMs: timeoutS * 1000,
    signal,
  })
  if (!ended.ok) return { command, passed: false, output: ended.error.message, failed_tests: [] }
  const { exitCode, stdout, stderr, timedOut, violations } = ended.value
  const notes = [...(timedOut ? [`test timed out after ${timeoutS}s`] : []), ...violations]
  const output = [stdout, stderr, ...notes].filter(text => text !== '').join('\n')
  const passed = exitCode === 0 && !timedOut
  return {
    command,
    passed,
    output: cutMiddle(output, MAX_OUTPUT_CHARS),
    failed_tests: passed ? [] : failedTests(output),
  }
}
