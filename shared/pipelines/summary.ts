import type { SubtaskStatus, SubtaskView } from '#shared/protocol/events'
import type { Finding, GateReport, GateResult } from '#shared/protocol/gate-report'
import type { Usage } from '#shared/protocol/messages'
import type { CritiqueFinding } from './support/critique-finding'

/** What every pipeline prints, on PASS and on FAIL. A stable contract; see `summary.schema.json`. */
export interface Summary {
  schema_version: 1
  command: 'run' | 'loop' | 'verify' | 'generate'
  /** The prompt or task; `verify` for verify. */
  task_id: string
  status: 'PASS' | 'FAIL'
  /** From 1. */
  rounds_used: number
  duration_ms: number
  applied_hunks: readonly string[]
  applied_files: string[]
  /** Id of a hunk, or path in file mode → `gate: reason`. */
  failed_hunks: Record<string, string>
  failed_files: Record<string, Finding[]>
  /** What failed in an earlier round and no longer does, in the shape of `failed_hunks`. */
  repaired: Record<string, string>
  /** Of the last round. */
  results: GateResult[]
  warnings: string[]
  /** What reviews said of the task and of the last patch. */
  critique?: CritiqueFinding[]
  rounds: RoundSummary[]
  /** Why it failed, when no gate did. */
  error?: string
  model?: string
  usage?: Usage
  /** null: the price of this model is not known. */
  cost_usd?: number | null
  test?: TestSummary
  rolled_back?: boolean
  session_id?: string
  /** The rest is of `loop` only. */
  task?: string
  hunks_applied?: number
  files?: string[]
  attempts?: AttemptSummary[]
  duration_seconds?: number
  test_command?: string
  test_output?: string
  test_error?: string
  failed_tests?: string[]
  /** With `--orchestrate`: what became of each part, in the order of the decomposition. */
  subtasks?: readonly SubtaskSummary[]
  /** With `--branches`: what became of each, and which one landed. */
  branches?: BranchSummary[]
  winner?: string
}

export interface SubtaskSummary extends SubtaskView {
  /** Ids of subtasks. */
  depends: string[]
  status: SubtaskStatus
  /** Why it was not done. */
  reason?: string
  /** What the agent answered, perhaps cut. */
  result?: string
  duration_ms: number
  usage?: Usage
  cost_usd?: number | null
}

export interface BranchSummary {
  id: string
  strategy: string
  status: 'PASS' | 'FAIL'
  /** From 0 to 1; -1 for what failed. */
  score: number
  files: string[]
  duration_ms: number
  cost_usd?: number | null
  error?: string
}

/** One patch that the tests were asked about. */
export interface AttemptSummary {
  /** From 1. */
  attempt: number
  status: 'PASS' | 'FAIL'
  rounds_used: number
  error?: string
  failed_tests?: string[]
}

export interface RoundSummary {
  round: number
  status: 'PASS' | 'FAIL'
  hunks: readonly string[]
  failed_hunks: Record<string, string>
  duration_ms: number
}

export interface TestSummary {
  command: string
  passed: boolean
  output: string
  failed_tests: string[]
}

/** The findings that made a report fail, by file. */
export function failedFiles(report: GateReport): Record<string, Finding[]> {
  const byFile: Record<string, Finding[]> = {}
  for (const result of report.results) {
    if (result.status !== 'FAIL') continue
    for (const finding of result.findings) {
      byFile[finding.file] ??= []
      byFile[finding.file]!.push(finding)
    }
  }
  return byFile
}

/** What failed in some round, but for what failed to the end. */
export function repairedIn(
  rounds: readonly RoundSummary[],
  failed: Readonly<Record<string, string>>,
): Record<string, string> {
  const all = rounds.flatMap(round => Object.entries(round.failed_hunks))
  return Object.fromEntries(all.filter(([id]) => !(id in failed)))
}

/** One line per warning, for `warnings`; a gate that broke or ran out of time is one too. */
export function warningsOf(report: GateReport): string[] {
  return report.results
    .filter(result => result.status === 'WARN' || /^(broke|not finished)/.test(result.message))
    .flatMap(result =>
      result.findings.length === 0
        ? [`${result.check_name}: ${result.message}`]
        : result.findings.map(finding => `${result.check_name}: ${finding.file}:${finding.line}: ${finding.message}`),
    )
}

/** `gate: message` of the first failed gate; undefined when none failed. */
export function failureOf(report: GateReport): string | undefined {
  const failed = report.results.find(result => result.status === 'FAIL')
  return failed && `${failed.check_name}: ${failed.message}`
}
