import { newId } from '#shared/base/ids'
import { fail, type Result } from '#shared/base/result'
import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import type { ApprovalAnswer, ApprovalRequest, FilePreview, RuleOffer } from '#shared/protocol/approvals'
import type { KodeEvent } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { ToolCall } from '#shared/protocol/messages'
import type { Prepared } from '#shared/tools/tool'
import type { Effect } from '#shared/trust/effects'
import type { Decision } from '#shared/trust/policy'
import { denied, type Ending } from './call-ending'

/** What asking the user about a call needs. */
export interface ApprovalServices {
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<ApprovalAnswer>
  /** Rules to offer with a question about this call. */
  offerRules(effect: Effect, title: string): RuleOffer[]
  /** Keeps a rule that the user chose among the offered. */
  remember(rule: string): Promise<Result<unknown, { message: string }>>
  /** Switches the session to `auto`; fails where that is refused. */
  switchToAuto(): Result<void, { message: string }>
  emit(event: KodeEvent): void
}

/** A call that waits for the user's word. */
export interface OpenCall {
  call: ToolCall
  prepared: Exclude<Prepared, { kind: 'refused' }>
  decision: Decision
  /** What it would change, as it passed the gates. */
  change?: { changes: ChangeSet; diff: string; gates: GateReport }
}

/** Puts a call to the user, with the rules that could answer the next such question. */
export async function askApproval(
  { call, prepared, decision, change }: OpenCall,
  services: ApprovalServices,
  signal: AbortSignal,
): Promise<ApprovalAnswer> {
  const { reason: _, isKnown: __, ...effect } = prepared.effect
  const rules = services.offerRules(prepared.effect, prepared.title)
  const request: ApprovalRequest = {
    id: newId(),
    call_id: call.id,
    tool: call.name,
    title: prepared.title,
    effect,
    reason: decision.reason,
    ...(rules.length > 0 && { rules }),
    ...(change && { diff: change.diff, gates: change.gates, files: change.changes.files.map(previewOf) }),
  }
  services.emit({ type: 'approval_requested', request })
  const answer = await services.approve(request, signal)
  services.emit({ type: 'approval_answered', id: request.id, call_id: call.id, answer: answer.kind })
  if (answer.kind === 'remember') await remember(answer.rule, rules, services)
  return answer
}

/** The call itself was approved, whatever becomes of the rule. */
async function remember(rule: string, offered: readonly RuleOffer[], services: ApprovalServices): Promise<void> {
  const kept = offered.some(offer => offer.rule === rule)
    ? await services.remember(rule)
    : fail({ message: 'it was not offered' })
  if (kept.ok) services.emit({ type: 'notice', level: 'info', text: `Remembered: ${rule}` })
  else services.emit({ type: 'notice', level: 'warning', text: `"${rule}" was not remembered: ${kept.error.message}` })
}

/** What ends the call unless the user agreed. */
export function refusalOf(
  call: ToolCall,
  answer: ApprovalAnswer,
  decision: Decision,
  services: ApprovalServices,
): Ending | undefined {
  switch (answer.kind) {
    case 'approve':
    case 'remember':
    case 'edited':
      return undefined
    case 'always': {
      const switched = services.switchToAuto()
      if (!switched.ok) services.emit({ type: 'notice', level: 'warning', text: switched.error.message })
      return undefined
    }
    case 'unavailable':
      return denied(call, decision.reason)
    case 'reject': {
      const words = answer.feedback ? ` They said: ${answer.feedback}` : ''
      return {
        status: 'denied',
        text: `The user rejected this call.${words}`,
        decision: 'rejected',
        reason: answer.feedback ?? 'rejected by the user',
        denied: { tool: call.name, reason: answer.feedback ?? 'rejected by the user' },
      }
    }
  }
}

function previewOf({ path, oldPath, before, after }: FileChange): FilePreview {
  return {
    path,
    ...(oldPath && { old_path: oldPath }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }
}
