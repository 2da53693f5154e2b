import type { ChangeSet } from '#shared/edits/change-set'
import type { Unknown } from '#shared/languages/language'

/** Runs tests of a project with a change that is not on the disk, where they can do no harm. */
export interface TestRunner {
  /** @param tests paths of files with tests, as they are after the change */
  run(changes: ChangeSet, tests: readonly string[], signal: AbortSignal): Promise<TestRun | Unknown>
}

export type TestRun =
  | { kind: 'passed'; command: string }
  /** They failed with the change, and did not without it. `output`: its end. */
  | { kind: 'failed'; command: string; output: string }
