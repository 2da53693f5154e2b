import type { ChangeSet } from '#shared/edits/change-set'
import type { Unknown } from '#shared/languages/language'

/** A language's own checker, kept ready beside the process: slow and exact where the other gates are quick and careful. */
export interface ProjectChecker {
  /** As people call it: "TypeScript". */
  readonly name: string
  appliesTo(path: string): boolean
  /**
   * Errors that are there after the change and were not before.
   *
   * @param paths the files to look at: those of the change, and others that may suffer from it
   */
  newErrors(
    changes: ChangeSet,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<{ kind: 'judged'; errors: readonly CheckerError[] } | Unknown>
  /** Ends what was kept ready; the next question starts it again. */
  close?(): void
}

export interface CheckerError {
  path: string
  /** UTF-16 offsets in the text after the change; half-open. */
  start: number
  end: number
  /** The checker's own name for it: `TS2345`. */
  code: string
  message: string
}
