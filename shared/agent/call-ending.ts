import type { ChangedFile } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { ToolCall, ToolMessage, ToolStatus } from '#shared/protocol/messages'
import type { Decision } from '#shared/trust/policy'

/** What became of a call, in the words of the audit log. */
export type CallDecision = Decision['kind'] | 'invalid' | 'gates_failed' | 'rejected' | 'landed' | 'ran' | 'failed'

/** How one call ended, before it becomes a message. */
export interface Ending {
  status: ToolStatus
  /** For the model. */
  text: string
  decision: CallDecision
  reason: string
  changes?: ChangedFile[]
  images?: ToolMessage['images']
  /** Set when policy or the user refused. */
  denied?: { tool: string; reason: string }
  diff?: string
  gates?: GateReport
  fullText?: string
  /** Of the command it ran. */
  exitCode?: number
}

/** Policy refuses the call. */
export function denied(call: ToolCall, reason: string): Ending {
  return {
    status: 'denied',
    text: `Denied: ${reason}. Find another way, or say what you would need.`,
    decision: 'deny',
    reason,
    denied: { tool: call.name, reason },
  }
}

/** The call cannot be understood or prepared. */
export function invalid(text: string): Ending {
  return { status: 'error', text, decision: 'invalid', reason: text }
}

/** The result of a call that was not run because the turn was cancelled. */
export function interrupted(): Ending {
  return {
    status: 'interrupted',
    text: 'Interrupted by the user before it ran.',
    decision: 'rejected',
    reason: 'interrupted',
  }
}
