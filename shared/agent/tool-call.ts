import { cutMiddle, RESULT_LIMIT_CHARS } from '#shared/base/cut'
import { unifiedDiff } from '#shared/base/diff'
import { newId } from '#shared/base/ids'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import { feedbackFor } from '#shared/gates/support/feedback'
import type { TrustMode } from '#shared/protocol/approvals'
import type { ChangedFile } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { ToolCall, ToolMessage, ToolStatus } from '#shared/protocol/messages'
import type { Prepared, Tool, ToolContext, ToolOutput } from '#shared/tools/tool'
import type { Effect } from '#shared/trust/effects'
import type { Actor } from '#shared/trust/matrix'
import { type Circumstances, type Decision, decideTrust } from '#shared/trust/policy'
import { type ApprovalServices, askApproval, refusalOf } from './approval'
import { type CallDecision, denied, type Ending, interrupted, invalid } from './call-ending'
import type { Toolset } from './toolset'

/** What one call needs of the session around it. */
export interface ToolCallServices extends ApprovalServices {
  tools: Toolset
  context: ToolContext
  actor: Actor
  mode(): TrustMode
  /** What bears on a decision about this call. */
  circumstances(effect: Effect, title: string): Promise<Circumstances>
  judge(changes: ChangeSet, signal: AbortSignal): Promise<GateReport>
  /** Writes a judged and approved change; all or nothing. */
  land(changes: ChangeSet): Promise<Result<ChangedFile[], EditProblem>>
  /** A change set with the texts the user put in place of the proposed ones. */
  withEdits(changes: ChangeSet, files: readonly { path: string; after: string }[]): ChangeSet
  /** Runs an action and tells which workspace files it changed meanwhile. */
  observeAction(effect: Effect, action: () => Promise<ToolOutput>): Promise<ObservedAction>
  audit(entry: ToolAudit): void
}

/** An action that ran, and what it changed in the workspace. */
export interface ObservedAction {
  output: ToolOutput
  changes: ChangedFile[]
  /** Of those changes; empty for what is not text. */
  diff: string
  /** What the gates say about them; empty when nothing. */
  advice: string
}

/** One line of the audit log: what was decided about a call, and why. */
export interface ToolAudit {
  tool: string
  call_id: string
  decision: CallDecision
  reason: string
  files?: string[]
  gates?: GateReport
  duration_ms: number
}

/** How one call ended. `message` goes to the model; the rest to surfaces and the run's result. */
export interface CallEnd {
  message: ToolMessage
  changes: ChangedFile[]
  /** Set when policy or the user refused. */
  denied?: { tool: string; reason: string }
  diff?: string
  gates?: GateReport
  durationMs: number
  fullText?: string
  /** Of the command it ran. */
  exitCode?: number
}

const MAX_EVENT_DIFF_CHARS = 100_000

/**
 * One call, from request to result: find, parse, prepare, trust, gates, approval, do, audit.
 * Never throws: whatever happens, the model gets exactly one result.
 */
export async function runToolCall(call: ToolCall, services: ToolCallServices, signal: AbortSignal): Promise<CallEnd> {
  const startedAt = services.context.now()
  const ending = await decideAndDo(call, services, signal).catch(
    (bug: unknown): Ending => ({
      status: 'error',
      text: `Error: ${call.name} failed unexpectedly: ${messageOf(bug)}`,
      decision: 'failed',
      reason: messageOf(bug),
    }),
  )
  const durationMs = services.context.now() - startedAt
  const limit = Math.floor(RESULT_LIMIT_CHARS * services.context.contextFactor * 2)
  services.audit({
    tool: call.name,
    call_id: call.id,
    decision: ending.decision,
    reason: ending.reason,
    duration_ms: durationMs,
    ...(ending.changes && { files: ending.changes.map(file => file.path) }),
    ...(ending.gates && { gates: ending.gates }),
  })
  return {
    message: {
      role: 'tool',
      id: newId(),
      call_id: call.id,
      name: call.name,
      text: cutMiddle(ending.text, limit),
      status: ending.status,
      ...(ending.images && { images: ending.images }),
    },
    changes: ending.changes ?? [],
    durationMs,
    ...(ending.denied && { denied: ending.denied }),
    ...(ending.diff && { diff: ending.diff.slice(0, MAX_EVENT_DIFF_CHARS) }),
    ...(ending.gates && { gates: ending.gates }),
    ...(ending.fullText && { fullText: ending.fullText }),
    ...(ending.exitCode !== undefined && { exitCode: ending.exitCode }),
  }
}

async function decideAndDo(call: ToolCall, services: ToolCallServices, signal: AbortSignal): Promise<Ending> {
  const parsed = readCall(call, services.tools)
  if (!parsed.ok) {
    services.emit({ type: 'tool_started', call, title: '' })
    return invalid(parsed.error)
  }
  const prepared = await parsed.value.tool.prepare(parsed.value.input, services.context)
  services.emit({ type: 'tool_started', call, title: prepared.kind === 'refused' ? '' : prepared.title })
  if (prepared.kind === 'refused') return invalid(prepared.text)
  if (signal.aborted) return interrupted()

  const circumstances = await services.circumstances(prepared.effect, prepared.title)
  const decision = decideTrust(prepared.effect, services.mode(), services.actor, circumstances)
  if (decision.kind === 'deny') return denied(call, decision.reason)
  return prepared.kind === 'change'
    ? landChange(call, prepared, decision, services, signal)
    : runAction(call, prepared, decision, services, signal)
}

/** The tool that a call means and its input as data. An error is for the model. */
export function readCall(call: ToolCall, tools: Toolset): Result<{ tool: Tool; input: unknown }, string> {
  const tool = tools.find(call.name)
  if (!tool) return fail(`Error: ${tools.whyNot(call.name)}`)
  try {
    const json: unknown = call.arguments.trim() === '' ? {} : JSON.parse(call.arguments)
    return ok({ tool, input: typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {} })
  } catch (error) {
    return fail(`Error: the arguments of ${tool.name} are not valid JSON (${messageOf(error)}). Send the call again.`)
  }
}

/** A change that somebody else made for this session: trusted, judged, asked about and written like one of its own. */
export async function landFor(
  call: ToolCall,
  prepared: Extract<Prepared, { kind: 'change' }>,
  services: ToolCallServices,
  signal: AbortSignal,
): Promise<{ status: ToolStatus; text: string; changes: ChangedFile[]; diff: string; isStale: boolean }> {
  const startedAt = services.context.now()
  const circumstances = await services.circumstances(prepared.effect, prepared.title)
  const decision = decideTrust(prepared.effect, services.mode(), services.actor, circumstances)
  const ending =
    decision.kind === 'deny'
      ? denied(call, decision.reason)
      : await landChange(call, prepared, decision, services, signal)
  const { status, text, changes = [], diff = '' } = ending
  services.audit({
    tool: call.name,
    call_id: call.id,
    decision: ending.decision,
    reason: ending.reason,
    duration_ms: services.context.now() - startedAt,
    files: prepared.changes.files.map(file => file.path),
    ...(ending.gates && { gates: ending.gates }),
  })
  return { status, text, changes, diff, isStale: ending.decision === 'failed' }
}

async function landChange(
  call: ToolCall,
  prepared: Extract<Prepared, { kind: 'change' }>,
  decision: Decision,
  services: ToolCallServices,
  signal: AbortSignal,
): Promise<Ending> {
  let changes = prepared.changes
  while (true) {
    // Gates run before the user is asked: nobody should review a diff that cannot land.
    const gates = await services.judge(changes, signal)
    services.emit({ type: 'gates', call_id: call.id, report: gates })
    const diff = unifiedDiff(changes.files)
    if (signal.aborted) return interrupted()
    if (gates.status === 'FAIL') {
      const reason = gates.results.find(result => result.status === 'FAIL')?.message ?? 'a gate failed'
      return { status: 'error', text: feedbackFor(gates), decision: 'gates_failed', reason, gates, diff }
    }
    if (decision.kind === 'ask') {
      const answer = await askApproval({ call, prepared, decision, change: { changes, diff, gates } }, services, signal)
      if (answer.kind === 'edited') {
        changes = services.withEdits(changes, answer.files)
        continue
      }
      const refusal = refusalOf(call, answer, decision, services)
      if (refusal) return { ...refusal, gates, diff }
    }
    const landed = await services.land(changes)
    if (!landed.ok) {
      return {
        status: 'error',
        text: `Error: ${landed.error.message}`,
        decision: 'failed',
        reason: landed.error.message,
        gates,
        diff,
      }
    }
    const output = prepared.done()
    const warnings = gates.status === 'WARN' ? `\n${feedbackFor(gates)}` : ''
    return {
      status: 'ok',
      text: output.text + warnings,
      decision: 'landed',
      reason: decision.reason,
      changes: landed.value,
      gates,
      diff,
    }
  }
}

async function runAction(
  call: ToolCall,
  prepared: Extract<Prepared, { kind: 'action' }>,
  decision: Decision,
  services: ToolCallServices,
  signal: AbortSignal,
): Promise<Ending> {
  if (decision.kind === 'ask') {
    const answer = await askApproval({ call, prepared, decision }, services, signal)
    const refusal = refusalOf(call, answer, decision, services)
    if (refusal) return refusal
  }
  const { output, changes, diff, advice } = await services.observeAction(prepared.effect, () =>
    prepared.run(signal, text => services.emit({ type: 'tool_output_delta', call_id: call.id, text }), call.id),
  )
  return {
    status: signal.aborted ? 'interrupted' : output.isError ? 'error' : 'ok',
    text: advice ? `${output.text}\n${advice}` : output.text,
    decision: 'ran',
    reason: decision.reason,
    changes: [...(output.landed?.changes ?? []), ...changes],
    ...((output.landed?.diff || diff) && { diff: (output.landed?.diff ?? '') + diff }),
    ...(output.images && { images: output.images }),
    ...(output.fullText && { fullText: output.fullText }),
    ...(output.exitCode !== undefined && { exitCode: output.exitCode }),
  }
}
