import type { CodeIndex } from '#shared/code-index/code-index'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { ProjectView } from '#shared/languages/project-view'
import type { Languages } from '#shared/languages/registry'
import type { Finding, GateName } from '#shared/protocol/gate-report'
import type { PageCheck } from './page-check'
import type { ProjectChecker } from './project-checker'
import type { SecurityScanner } from './support/scanner'
import type { TestRunner } from './test-runner'

/** May this change land? Pure: change and project in, verdict out. Never throws on input; what it cannot judge is `skip`. */
export interface Gate {
  readonly name: GateName
  judge(input: GateInput): Promise<Verdict>
  /** Milliseconds; without it, GATE_BUDGET_MS of run-gates.ts. */
  readonly budgetMs?: number
  /** Whether it takes part at all; without it, always. */
  isWanted?(input: Omit<GateInput, 'signal'>): boolean
}

/**
 * The index of the project before the change. Brought up to date when it is first asked for: most changes concern nobody else, and
 * a large project takes its time. Undefined while it cannot be had in time; what needs it is then skipped.
 */
export type IndexSource = () => Promise<CodeIndex | undefined>

export interface GateInput {
  changes: ChangeSet
  /** What did not fit; only `diff_applier` looks at it. */
  editProblems: readonly EditProblem[]
  /** Before the change. */
  project: ProjectView
  /** As it would be. */
  changedProject: ProjectView
  languages: Languages
  /** A scanner of somebody else's, beside the security rules of our own. */
  scanner?: SecurityScanner
  index?: IndexSource
  /** For `static_analysis`, which runs only with them. */
  checkers?: readonly ProjectChecker[]
  /** For the gate `sandbox`, which runs only with one. */
  tests?: TestRunner
  /** For the gate `browser`, which runs only with one. */
  page?: PageCheck
  settings: GateSettings
  /** Fires when the run is cancelled or this gate's time is up. */
  signal: AbortSignal
}

export interface GateSettings {
  /** Downstream files allowed; undefined = no limit. */
  maxBlastRadius?: number
  maxFilesTouched?: number
  blockArchitecture: boolean
  architectureRules: readonly ArchitectureRule[]
  /** Go on after the first FAIL. */
  runAll: boolean
  /** Security fails when the scanner could not be asked. */
  requireScanner?: boolean
  /** These fail where they could not judge. */
  required?: readonly GateName[]
  /** These do not judge, and say so. */
  off?: readonly GateName[]
  /** Only these gates, without a word of the others; undefined = all. */
  only?: readonly GateName[]
}

/** `from` and `to` are globs over project paths (or, in `to`, package names). */
export interface ArchitectureRule {
  from: string
  to: string
  kind: 'forbid' | 'allow'
  severity: 'error' | 'warning'
  message: string
}

export type Verdict =
  /** `notes` tell what was not judged and why, one line each. */
  | { kind: 'pass'; notes?: readonly string[] }
  | { kind: 'warn'; message: string; findings: readonly Finding[]; notes?: readonly string[] }
  | { kind: 'fail'; message: string; findings: readonly Finding[]; notes?: readonly string[] }
  /** Could not judge; never shown as a pass. */
  | { kind: 'skip'; reason: string }
