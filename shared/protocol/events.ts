import type { ApprovalAnswer, ApprovalRequest, TrustMode, UserQuestion } from './approvals'
import type { GateReport } from './gate-report'
import type { AssistantMessage, ToolCall, ToolMessage, Usage, UserMessage } from './messages'

/**
 * Everything the core announces, one way. The same objects are the lines of `--output-format stream-json`,
 * are folded by `foldChat` in the webview, and are translated for ACP; hence the wire spelling.
 *
 * `user`, `assistant` and `tool_result` are sent after their message is durable. Deltas are not.
 */
export type KodeEvent =
  | SessionEvent
  | { type: 'turn_started'; turn_id: string }
  | { type: 'user'; message: UserMessage }
  | { type: 'text_delta'; message_id: string; text: string }
  | { type: 'thinking_delta'; message_id: string; text: string }
  | { type: 'tool_call_delta'; message_id: string; call_id: string; name: string; text: string }
  | { type: 'assistant'; message: AssistantMessage }
  | ToolStartedEvent
  | { type: 'tool_output_delta'; call_id: string; text: string }
  | { type: 'gates'; call_id: string; report: GateReport }
  | { type: 'approval_requested'; request: ApprovalRequest }
  | { type: 'approval_answered'; id: string; call_id: string; answer: ApprovalAnswer['kind'] }
  | { type: 'question_asked'; question: UserQuestion }
  | { type: 'question_answered'; id: string; answer: string }
  | ToolResultEvent
  /** Changed without a call's result to tell it: by an agent or a command in the background, or it could not be saved. */
  | { type: 'landed'; call_id: string; changes: ChangedFile[]; diff: string }
  | { type: 'todos'; items: TodoItem[] }
  | { type: 'tasks'; tasks: TaskView[] }
  | { type: 'steering'; waiting: QueuedPrompt[] }
  | { type: 'mode'; mode: TrustMode }
  /** Totals of the session so far, after every request; `cost_usd` is absent while a price is unknown. */
  | { type: 'usage'; usage: Usage; cost_usd?: number; context: ContextFill }
  | { type: 'notice'; level: 'info' | 'warning' | 'error'; text: string }
  | { type: 'turn_ended'; turn_id: string; end: TurnEnd }

/**
 * Of `kode run --orchestrate`, which has no conversation: agents at work on parts of a task, then one plan made of what they
 * answered. Lines of its `--output-format stream-json`.
 */
export type OrchestrationEvent =
  | ({ type: 'subtask_started' } & SubtaskView)
  | ({ type: 'subtask_ended'; status: SubtaskStatus; reason?: string } & SubtaskView)
  | { type: 'synthesis_started'; results: number; subtasks: number }

/** Who works on a subtask; none of them writes files. */
export const SUBTASK_AGENTS = ['main', 'researcher', 'test-oracle'] as const
export type SubtaskAgent = (typeof SUBTASK_AGENTS)[number]

export const SUBTASK_STATUSES = ['done', 'failed', 'skipped'] as const
export type SubtaskStatus = (typeof SUBTASK_STATUSES)[number]

export interface SubtaskView {
  /** Unique in its list. */
  id: string
  agent: SubtaskAgent
  /** One line for people. */
  title: string
}

/** What a surface with a transcript adds to the core's events. */
export type ChatEvent =
  | KodeEvent
  /** What commands of a turn prove about the files it changed; sent again whenever that is different. */
  | { type: 'evidence'; turn_id: string; runs: RecordedRun[] }
  /** A stored conversation was opened again; what was said comes before. */
  | {
      type: 'resumed'
      away_ms: number
      messages: number
      tool_calls: number
      /** Of the whole conversation. */
      usage: Usage
      cost_usd?: number
      /** Its last turn did not come to its end. */
      is_interrupted: boolean
    }
  | { type: 'turn_undone'; turn_id: string; message: string; kept: KeptFile[] }
  | RecalledTurn

/** The end of a turn of a stored conversation, as its records told it then. */
export interface RecalledTurn {
  type: 'turn_recalled'
  turn_id: string
  end: TurnEnd
  changes: ChangedFile[]
  gates: Record<'passed' | 'warned' | 'refused', number>
  runs: RecordedRun[]
  usage: Usage
  cost_usd?: number
  undone?: { message: string; kept: KeptFile[] }
}

/** A command that ran to its end after files of its turn had changed. */
export interface RecordedRun {
  call_id: string
  command: string
  exit_code: number
  duration_ms: number
  /** The files that the turn had changed, as the command saw them. */
  covers: { path: string; sha256: string }[]
  /** Those of the turn's files that are not as the command saw them any more; then it proves nothing about them. */
  stale: string[]
}

/** A file that an undo left alone. */
export interface KeptFile {
  path: string
  reason: string
  /** What an undo would have lost, as a unified diff. */
  diff: string
}

export interface SessionEvent {
  type: 'session'
  schema_version: 1
  session_id: string
  model: string
  provider: string
  mode: TrustMode
  cwd: string
  tools: string[]
  /** Sandbox level in words, such as `bubblewrap`. */
  sandbox: string
}

export interface ToolStartedEvent {
  type: 'tool_started'
  call: ToolCall
  /** One line for people, such as `src/a.ts` or the command. */
  title: string
}

export interface ToolResultEvent {
  type: 'tool_result'
  message: ToolMessage
  duration_ms: number
  /** Why policy or the user refused it. */
  denied?: string
  /** Files this call landed. */
  changes?: ChangedFile[]
  /** The change as a unified diff, cut to a sensible length. */
  diff?: string
  gates?: GateReport
  /** Of the command it ran, where that ran to its end. */
  exit_code?: number
}

export interface ChangedFile {
  path: string
  status: 'created' | 'modified' | 'deleted' | 'renamed'
}

export interface TodoItem {
  content: string
  status: 'pending' | 'in_progress' | 'completed'
  priority: 'high' | 'medium' | 'low'
}

export interface TaskView {
  /** `agent:N` or `process:PID` */
  id: string
  name: string
  status: 'pending' | 'running' | 'completed' | 'errored' | 'cancelled' | 'exited' | 'killed'
  /** What it does right now, such as its last tool call. */
  doing: string
  started_at: number
}

export interface QueuedPrompt {
  id: string
  text: string
  /** `next` is heard before the next model request, `later` starts a turn of its own. */
  lane: 'next' | 'later'
}

/** How full the window is, in tokens. */
export interface ContextFill {
  used: number
  window: number
  by_category: Record<'system' | 'tools' | 'messages' | 'tool_results', number>
}

export type LimitName = 'turns' | 'cost' | 'tokens' | 'time' | 'loop_guard' | 'output_limit' | 'context'

export type TurnEnd =
  | { reason: 'answered' }
  | { reason: 'cancelled' }
  | { reason: 'limit'; limit: LimitName; message: string }
  | { reason: 'refused'; message: string }
  | { reason: 'provider_failed'; message: string; advice?: string }
  /** What was said or done could not be saved, as on a full disk. */
  | { reason: 'store_failed'; message: string }
