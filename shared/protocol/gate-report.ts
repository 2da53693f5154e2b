/** Verdicts and findings as they are shown, stored and printed. */

/** In the order they run. */
export const GATE_NAMES = [
  'diff_applier',
  'syntax',
  'imports',
  'calls',
  'blast_radius',
  'architecture',
  'security',
  'static_analysis',
  'tdd',
  'sandbox',
  'browser',
] as const
export type GateName = (typeof GATE_NAMES)[number]

/** SKIP: could not judge or does not apply; never to be read as a pass. */
export type GateStatus = 'PASS' | 'FAIL' | 'WARN' | 'SKIP'

export interface GateReport {
  /** FAIL when one gate failed, WARN when one warned, else PASS. */
  status: 'PASS' | 'FAIL' | 'WARN'
  /** One per gate, in order; gates after the first FAIL are SKIP "not run". */
  results: GateResult[]
  duration_ms: number
}

export interface GateResult {
  check_name: GateName
  status: GateStatus
  /** One line; for SKIP the reason. Empty for PASS. */
  message: string
  details?: string
  duration_ms: number
  findings: Finding[]
}

export interface Finding {
  /** Stable, such as `imports/unknown-package`; see the gate's file for its list. */
  id: string
  gate: GateName
  severity: 'error' | 'warning' | 'info'
  /** Relative to the project, with forward slashes. */
  file: string
  /** From 1, in the text after the change. */
  line: number
  /** From 1, in UTF-16 units. */
  column: number
  end_line: number
  /** Exclusive. */
  end_column: number
  message: string
  suggestion?: string
  /** The line the finding is on, cut to a sensible length; never holds a secret. */
  snippet?: string
  /** The hunk that caused it, where one is known. */
  hunk_id?: string
}
