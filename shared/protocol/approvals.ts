import type { GateReport } from './gate-report'

/** What a call can do at worst. The order is the order of severity. */
export const EFFECT_CLASSES = ['read_only', 'local_mutation', 'remote_action', 'destructive'] as const
export type EffectClass = (typeof EFFECT_CLASSES)[number]

/** How much the user lets happen unasked; see trust/policy.ts for the matrix. */
export type TrustMode = 'plan' | 'safe' | 'auto'

/** A question to the user that an action waits for. */
export interface ApprovalRequest {
  id: string
  call_id: string
  tool: string
  /** One line: the command, the path, the URL. */
  title: string
  effect: EffectPreview
  /** For a change: what would be written, as a unified diff. */
  diff?: string
  files?: FilePreview[]
  gates?: GateReport
  /** Why it is asked. */
  reason: string
  /** Rules that would make this question needless from now on, the narrowest first; absent where none may. */
  rules?: RuleOffer[]
}

/** A rule that the user may grant by answering `remember`. */
export interface RuleOffer {
  rule: string
  /** What it would also have allowed of all that was asked in this session, by title. */
  also_allowed: string[]
}

export interface EffectPreview {
  class: EffectClass
  programs: string[]
  reads: string[]
  writes: string[]
  network: string[]
  outside_project: string[]
}

/** One file of a proposed change; texts are absent for a file that does not exist on that side. */
export interface FilePreview {
  path: string
  old_path?: string
  before?: string
  after?: string
}

export type ApprovalAnswer =
  | { kind: 'approve' }
  /** Approve, and switch the session to `auto`. */
  | { kind: 'always' }
  /** Approve, and remember one of the offered rules. */
  | { kind: 'remember'; rule: string }
  | { kind: 'reject'; feedback?: string }
  /** The user changed the proposed texts; they are judged again before they land. */
  | { kind: 'edited'; files: { path: string; after: string }[] }
  /** Nobody is there to answer. */
  | { kind: 'unavailable' }

/** A question of the model that is no approval. Its answer is a text; several chosen options are one line each. */
export interface UserQuestion extends Question {
  id: string
  call_id: string
}

/** What is asked. */
export interface Question {
  question: string
  options: string[]
  /** Several options may be chosen. */
  multiple?: boolean | undefined
  /** Counts where nobody answers. */
  default?: string | undefined
  /** Seconds that the question waits; for ever without. */
  timeout?: number | undefined
}
