import type { ApprovalAnswer, ApprovalRequest, TrustMode, UserQuestion } from './approvals'
import type {
  ChangedFile,
  ChatEvent,
  ContextFill,
  KeptFile,
  QueuedPrompt,
  RecordedRun,
  TaskView,
  TodoItem,
  TurnEnd,
} from './events'
import type { GateReport } from './gate-report'
import type { AssistantMessage, AssistantPart, ToolCall, ToolStatus, Usage, UserMessage } from './messages'

/** What a surface shows of one session. */
export interface ChatState {
  readonly sessionId: string | undefined
  readonly model: string
  readonly provider: string
  readonly mode: TrustMode
  /** Sandbox level in words; empty until known. */
  readonly sandbox: string
  readonly isRunning: boolean
  readonly items: readonly ChatItem[]
  readonly todos: readonly TodoItem[]
  readonly tasks: readonly TaskView[]
  /** Typed while a turn runs and not heard yet. */
  readonly waiting: readonly QueuedPrompt[]
  readonly context: ContextFill | undefined
  /** Over the whole session. */
  readonly usage: Usage
  /** US dollars over the whole session; undefined while no price is known. */
  readonly costUsd: number | undefined
  /** What the turn shown last landed and ran, so that its end can be told from records. */
  readonly turn: TurnRecord
}

export interface TurnRecord {
  readonly changes: readonly ChangedFile[]
  readonly gates: Readonly<Record<'passed' | 'warned' | 'refused', number>>
  readonly usage: Usage
  /** Commands that ran after files had changed. */
  readonly runs: readonly RecordedRun[]
}

/** One row of the transcript. `id` is stable, also between the streamed and the final form. */
export type ChatItem =
  | { kind: 'user'; id: string; text: string; images: readonly string[]; origin: UserMessage['origin'] }
  | { kind: 'text'; id: string; messageId: string; text: string; isStreaming: boolean }
  | { kind: 'thinking'; id: string; messageId: string; text: string; isStreaming: boolean }
  | ToolItem
  | { kind: 'question'; id: string; question: UserQuestion; answer: string | undefined }
  | { kind: 'notice'; id: string; level: 'info' | 'warning' | 'error'; text: string }
  | {
      kind: 'resumed'
      id: string
      awayMs: number
      messages: number
      toolCalls: number
      tokens: number
      isInterrupted: boolean
    }
  | TurnEndItem

export interface TurnEndItem {
  readonly kind: 'turn-end'
  readonly id: string
  readonly turnId: string
  readonly end: TurnEnd
  readonly record: TurnRecord
  /** Set once the user took the turn back. */
  readonly undone: { readonly message: string; readonly kept: readonly KeptFile[] } | undefined
}

export interface ToolItem {
  readonly kind: 'tool'
  /** The call's id. */
  readonly id: string
  readonly messageId: string
  readonly name: string
  readonly title: string
  /** As the model wrote it so far. */
  readonly arguments: string
  /** `writing`: the model still writes the call; `asking`: it waits for the user. */
  readonly status: 'writing' | 'running' | 'asking' | ToolStatus
  readonly output: string
  readonly durationMs: number | undefined
  readonly changes: readonly ChangedFile[]
  readonly diff: string | undefined
  readonly gates: GateReport | undefined
  readonly approval: ApprovalRequest | undefined
  readonly answer: ApprovalAnswer['kind'] | undefined
}

/** Kept of a running call's output; the result replaces it. */
const OUTPUT_TAIL_CHARACTERS = 20_000

const NO_USAGE: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
const NEW_TURN: TurnRecord = { changes: [], gates: { passed: 0, warned: 0, refused: 0 }, usage: NO_USAGE, runs: [] }

/** A conversation that has not begun. */
export const EMPTY_CHAT: ChatState = {
  sessionId: undefined,
  model: '',
  provider: '',
  mode: 'safe',
  sandbox: '',
  isRunning: false,
  items: [],
  todos: [],
  tasks: [],
  waiting: [],
  context: undefined,
  usage: NO_USAGE,
  costUsd: undefined,
  turn: NEW_TURN,
}

/** What is shown after one more event. Pure; unchanged items keep their identity. */
export function reduceChat(state: ChatState, event: ChatEvent): ChatState {
  switch (event.type) {
    case 'session':
      return {
        ...state,
        sessionId: event.session_id,
        model: event.model,
        provider: event.provider,
        mode: event.mode,
        sandbox: event.sandbox,
      }
    case 'turn_started':
      return { ...state, isRunning: true, turn: NEW_TURN }
    case 'user':
      return withItem(state, userItem(event.message))
    case 'text_delta':
      return appendStreamed(state, 'text', event.message_id, event.text)
    case 'thinking_delta':
      return appendStreamed(state, 'thinking', event.message_id, event.text)
    case 'tool_call_delta':
      return appendCall(state, event.message_id, event.call_id, event.name, event.text)
    case 'assistant':
      return settleMessage(state, event.message)
    case 'tool_started':
      return startCall(state, event.call, event.title)
    case 'tool_output_delta':
      return changeTool(state, event.call_id, tool => ({
        output: (tool.output + event.text).slice(-OUTPUT_TAIL_CHARACTERS),
      }))
    case 'gates':
      return countGates(
        changeTool(state, event.call_id, () => ({ gates: event.report })),
        event.report,
      )
    case 'approval_requested':
      return changeTool(state, event.request.call_id, tool => ({
        status: 'asking',
        approval: event.request,
        answer: undefined,
        diff: event.request.diff ?? tool.diff,
        gates: event.request.gates ?? tool.gates,
      }))
    case 'approval_answered':
      return changeTool(state, event.call_id, () => ({ status: 'running', answer: event.answer }))
    case 'question_asked':
      return withItem(state, {
        kind: 'question',
        id: event.question.id,
        question: event.question,
        answer: undefined,
      })
    case 'question_answered':
      return changeItem(state, event.id, item => (item.kind === 'question' ? { ...item, answer: event.answer } : item))
    case 'landed': {
      const { changes, diff } = event
      const next = changeTool(state, event.call_id, tool => ({
        changes: mergeChanges(tool.changes, changes),
        diff: (tool.diff ?? '') + diff,
      }))
      return { ...next, turn: { ...next.turn, changes: mergeChanges(next.turn.changes, changes) } }
    }
    case 'tool_result': {
      const changes = event.changes ?? []
      const next = changeTool(state, event.message.call_id, tool => ({
        status: event.message.status,
        output: event.message.text,
        durationMs: event.duration_ms,
        changes,
        diff: event.diff ?? tool.diff,
        gates: event.gates ?? tool.gates,
      }))
      return { ...next, turn: { ...next.turn, changes: mergeChanges(next.turn.changes, changes) } }
    }
    case 'todos':
      return { ...state, todos: event.items }
    case 'tasks':
      return { ...state, tasks: event.tasks }
    case 'steering':
      return { ...state, waiting: event.waiting }
    case 'mode':
      return { ...state, mode: event.mode }
    case 'usage':
      return {
        ...state,
        context: event.context,
        usage: addUsage(state.usage, event.usage),
        costUsd: event.cost_usd ?? state.costUsd,
        turn: { ...state.turn, usage: addUsage(state.turn.usage, event.usage) },
      }
    case 'notice':
      return withItem(state, {
        kind: 'notice',
        id: `notice-${state.items.length}`,
        level: event.level,
        text: event.text,
      })
    case 'turn_ended':
      return endTurn(state, event.turn_id, event.end)
    case 'resumed':
      return withItem(state, {
        kind: 'resumed',
        id: `resumed-${state.items.length}`,
        awayMs: event.away_ms,
        messages: event.messages,
        toolCalls: event.tool_calls,
        tokens: event.tokens,
        isInterrupted: event.is_interrupted,
      })
    case 'evidence':
      return takeEvidence(state, event.turn_id, event.runs)
    case 'turn_undone':
      return changeItem(state, endId(event.turn_id), item =>
        item.kind === 'turn-end' ? { ...item, undone: { message: event.message, kept: event.kept } } : item,
      )
  }
}

/** The words of a message, without its images and without the note about date and git that kode adds. */
export function textOf(message: UserMessage): string {
  return message.parts
    .flatMap(part => (part.type === 'text' && !part.text.startsWith('<environment>\n') ? [part.text] : []))
    .join('\n')
}

/** Calls that wait for the user's word, oldest first. */
export function openApprovals(state: ChatState): ApprovalRequest[] {
  return state.items.flatMap(item =>
    item.kind === 'tool' && item.status === 'asking' && item.approval ? [item.approval] : [],
  )
}

function userItem(message: UserMessage): ChatItem {
  const images = message.parts.flatMap(part =>
    part.type === 'image' ? [`data:${part.media_type};base64,${part.data}`] : [],
  )
  return { kind: 'user', id: message.id, text: textOf(message), images, origin: message.origin }
}

function appendStreamed(state: ChatState, kind: 'text' | 'thinking', messageId: string, text: string): ChatState {
  const last = state.items.at(-1)
  if (last?.kind === kind && last.messageId === messageId && last.isStreaming) {
    return { ...state, items: [...state.items.slice(0, -1), { ...last, text: last.text + text }] }
  }
  const id = partId(messageId, partsOf(state, messageId).length)
  return withItem(state, { kind, id, messageId, text, isStreaming: true })
}

function appendCall(state: ChatState, messageId: string, callId: string, name: string, text: string): ChatState {
  if (hasTool(state, callId)) return changeTool(state, callId, tool => ({ arguments: tool.arguments + text }))
  return withItem(state, newTool({ type: 'tool_call', id: callId, name, arguments: text }, messageId, 'writing'))
}

/** Puts the durable message in place of what was streamed of it. */
function settleMessage(state: ChatState, message: AssistantMessage): ChatState {
  const streamed = partsOf(state, message.id)
  const final = message.parts.flatMap((part, index) => settledItem(part, message.id, index, streamed))
  const at = state.items.findIndex(item => belongsTo(item, message.id))
  if (at < 0) return { ...state, items: [...state.items, ...final] }
  const others = state.items.slice(at).filter(item => !belongsTo(item, message.id))
  return { ...state, items: [...state.items.slice(0, at), ...final, ...others] }
}

function settledItem(part: AssistantPart, messageId: string, index: number, streamed: readonly ChatItem[]): ChatItem[] {
  const id = partId(messageId, index)
  if (part.type === 'tool_call') {
    const known = streamed.find(item => item.id === part.id)
    return [known?.kind === 'tool' ? { ...known, arguments: part.arguments } : newTool(part, messageId, 'writing')]
  }
  if (part.text === '') return []
  return [{ kind: part.type, id, messageId, text: part.text, isStreaming: false }]
}

function startCall(state: ChatState, call: ToolCall, title: string): ChatState {
  const known = hasTool(state, call.id) ? state : withItem(state, newTool(call, '', 'running'))
  return changeTool(known, call.id, () => ({ status: 'running', title, arguments: call.arguments }))
}

function newTool(call: ToolCall, messageId: string, status: ToolItem['status']): ToolItem {
  return {
    kind: 'tool',
    id: call.id,
    messageId,
    name: call.name,
    title: '',
    arguments: call.arguments,
    status,
    output: '',
    durationMs: undefined,
    changes: [],
    diff: undefined,
    gates: undefined,
    approval: undefined,
    answer: undefined,
  }
}

function endTurn(state: ChatState, turnId: string, end: TurnEnd): ChatState {
  const items = state.items.map(item => {
    if (item.kind === 'tool' && !isSettled(item)) return { ...item, status: 'interrupted' as const }
    if ((item.kind === 'text' || item.kind === 'thinking') && item.isStreaming) return { ...item, isStreaming: false }
    return item
  })
  const ended: ChatItem = { kind: 'turn-end', id: endId(turnId), turnId, end, record: state.turn, undone: undefined }
  return { ...state, isRunning: false, items: [...items, ended] }
}

/** Of the turn that runs, or of one that ended: a run turns stale long after. */
function takeEvidence(state: ChatState, turnId: string, runs: readonly RecordedRun[]): ChatState {
  const isOver = state.items.some(item => item.id === endId(turnId))
  if (!isOver) return { ...state, turn: { ...state.turn, runs } }
  return changeItem(state, endId(turnId), item =>
    item.kind === 'turn-end' ? { ...item, record: { ...item.record, runs } } : item,
  )
}

function endId(turnId: string): string {
  return `end-${turnId}`
}

/** Whether a call has its result. */
export function isSettled(tool: ToolItem): boolean {
  return tool.status !== 'writing' && tool.status !== 'running' && tool.status !== 'asking'
}

function countGates(state: ChatState, report: GateReport): ChatState {
  const counted = ({ PASS: 'passed', WARN: 'warned', FAIL: 'refused' } as const)[report.status]
  const gates = { ...state.turn.gates, [counted]: state.turn.gates[counted] + 1 }
  return { ...state, turn: { ...state.turn, gates } }
}

function mergeChanges(known: readonly ChangedFile[], more: readonly ChangedFile[]): readonly ChangedFile[] {
  const merged = new Map(known.map(change => [change.path, change]))
  for (const change of more) {
    const earlier = merged.get(change.path)
    // A file made and then changed in one turn is still a new file to the user.
    merged.set(change.path, earlier?.status === 'created' && change.status === 'modified' ? earlier : change)
  }
  return [...merged.values()]
}

function addUsage(left: Usage, right: Usage): Usage {
  return {
    input: left.input + right.input,
    output: left.output + right.output,
    cache_read: left.cache_read + right.cache_read,
    cache_write: left.cache_write + right.cache_write,
    thinking: left.thinking + right.thinking,
  }
}

function withItem(state: ChatState, item: ChatItem): ChatState {
  return { ...state, items: [...state.items, item] }
}

function changeTool(state: ChatState, callId: string, change: (tool: ToolItem) => Partial<ToolItem>): ChatState {
  return changeItem(state, callId, item => (item.kind === 'tool' ? { ...item, ...change(item) } : item))
}

/** Looks from the end, where what changes is. */
function changeItem(state: ChatState, id: string, change: (item: ChatItem) => ChatItem): ChatState {
  const at = state.items.findLastIndex(item => item.id === id)
  const item = state.items[at]
  return item ? { ...state, items: state.items.with(at, change(item)) } : state
}

function hasTool(state: ChatState, callId: string): boolean {
  return state.items.findLastIndex(item => item.kind === 'tool' && item.id === callId) >= 0
}

function partsOf(state: ChatState, messageId: string): ChatItem[] {
  // Parts of the running message are at the end; older ones need no look.
  return state.items.slice(-STREAMED_PARTS_AT_MOST).filter(item => belongsTo(item, messageId))
}

/** No model writes more parts into one message; keeps the cost of a delta independent of the history. */
const STREAMED_PARTS_AT_MOST = 200

function belongsTo(item: ChatItem, messageId: string): boolean {
  return 'messageId' in item && item.messageId === messageId
}

function partId(messageId: string, index: number): string {
  return `${messageId}/${index}`
}
