import type { ChangeSet } from '#shared/edits/change-set'
import type { Unknown } from '#shared/languages/language'

/** Looks at a project's page with a change that is not on the disk, where it can do no harm. */
export interface PageCheck {
  check(changes: ChangeSet, signal: AbortSignal): Promise<PageVerdict | Unknown>
}

export type PageVerdict = {
  /** How the page was served, where it was, and where the evidence is; one line each. */
  notes: readonly string[]
} & (
  | { kind: 'works' }
  /** `older`: what is wrong without the change too. */
  | { kind: 'broken'; added: readonly PageProblem[]; older: readonly PageProblem[] }
)

export interface PageProblem {
  kind: 'page-error' | 'failed-request' | 'step-failed' | 'server-failed'
  message: string
  /** As the server calls the file: `/src/app.js`. */
  path?: string
  /** From 1. */
  line?: number
}
