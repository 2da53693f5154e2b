import {
  type ChatItem,
  type ChatState,
  isSettled,
  NEW_TURN,
  type TextItem,
  type ToolItem,
  type TurnEndItem,
  textOf,
} from './chat-state'
import type { ChangedFile, ChatEvent, RecordedRun, TurnEnd } from './events'
import type { GateReport } from './gate-report'
import type { AssistantMessage, AssistantPart, ToolCall, Usage, UserMessage } from './messages'

/** Kept of a running call's output; the result replaces it. */
const OUTPUT_TAIL_CHARACTERS = 20_000

/** No model writes more parts into one message; keeps the cost of an event independent of the history. */
const STREAMED_PARTS_AT_MOST = 200

/** The next state while events are folded into it; nobody else sees it yet. */
type Draft = { -readonly [Field in keyof Omit<ChatState, 'items'>]: ChatState[Field] } & { items: ChatItem[] }

/** What is shown after more events. Pure; unchanged items keep their identity. Many events cost one copy of the list. */
export function foldChat(state: ChatState, events: readonly ChatEvent[]): ChatState {
  const draft: Draft = { ...state, items: [...state.items] }
  for (const event of events) take(draft, event)
  return draft
}

function take(draft: Draft, event: ChatEvent): void {
  switch (event.type) {
    case 'session':
      draft.sessionId = event.session_id
      draft.model = event.model
      draft.provider = event.provider
      draft.mode = event.mode
      draft.sandbox = event.sandbox
      // Its totals begin at nothing.
      draft.spentEarlier = draft.spent
      return
    case 'turn_started':
      draft.isRunning = true
      draft.turn = { ...NEW_TURN, spentBefore: draft.spent }
      return
    case 'user':
      draft.items.push(userItem(event.message))
      return
    case 'text_delta':
      appendStreamed(draft, 'text', event.message_id, event.text)
      return
    case 'thinking_delta':
      appendStreamed(draft, 'thinking', event.message_id, event.text)
      return
    case 'tool_call_delta':
      appendCall(draft, event.message_id, event.call_id, event.name, event.text)
      return
    case 'assistant':
      settleMessage(draft, event.message)
      return
    case 'tool_started':
      startCall(draft, event.call, event.title)
      return
    case 'tool_output_delta':
      changeTool(draft, event.call_id, tool => ({ output: (tool.output + event.text).slice(-OUTPUT_TAIL_CHARACTERS) }))
      return
    case 'gates':
      changeTool(draft, event.call_id, () => ({ gates: event.report }))
      countGates(draft, event.report)
      return
    case 'approval_requested':
      changeTool(draft, event.request.call_id, tool => ({
        status: 'asking',
        approval: event.request,
        answer: undefined,
        diff: event.request.diff ?? tool.diff,
        gates: event.request.gates ?? tool.gates,
      }))
      return
    case 'approval_answered':
      changeTool(draft, event.call_id, () => ({ status: 'running', answer: event.answer }))
      return
    case 'question_asked':
      draft.items.push({ kind: 'question', id: event.question.id, question: event.question, answer: undefined })
      return
    case 'question_answered':
      changeItem(draft, event.id, item => (item.kind === 'question' ? { ...item, answer: event.answer } : item))
      return
    case 'landed':
      changeTool(draft, event.call_id, tool => ({
        changes: mergeChanges(tool.changes, event.changes),
        diff: (tool.diff ?? '') + event.diff,
      }))
      addChanges(draft, event.changes)
      return
    case 'tool_result': {
      const changes = event.changes ?? []
      changeTool(draft, event.message.call_id, tool => ({
        status: event.message.status,
        output: event.message.text,
        durationMs: event.duration_ms,
        changes,
        diff: event.diff ?? tool.diff,
        gates: event.gates ?? tool.gates,
      }))
      addChanges(draft, changes)
      return
    }
    case 'todos':
      draft.todos = event.items
      return
    case 'tasks':
      draft.tasks = event.tasks
      return
    case 'steering':
      draft.waiting = event.waiting
      return
    case 'mode':
      draft.mode = event.mode
      return
    case 'usage':
      draft.context = event.context
      draft.spent = {
        usage: addUsage(draft.spentEarlier.usage, event.usage),
        // One request without a known price ends the counting; what was known stays.
        costUsd:
          event.cost_usd === undefined ? draft.spent.costUsd : (draft.spentEarlier.costUsd ?? 0) + event.cost_usd,
      }
      return
    case 'notice':
      draft.items.push({ kind: 'notice', id: `notice-${draft.notices++}`, level: event.level, text: event.text })
      return
    case 'turn_ended':
      endTurn(draft, event.turn_id, event.end)
      return
    case 'resumed':
      draft.items.push({
        kind: 'resumed',
        id: `resumed-${draft.notices++}`,
        awayMs: event.away_ms,
        messages: event.messages,
        toolCalls: event.tool_calls,
        tokens: event.usage.input + event.usage.output,
        isInterrupted: event.is_interrupted,
      })
      draft.spent = { usage: event.usage, costUsd: event.cost_usd }
      draft.spentEarlier = draft.spent
      return
    case 'evidence':
      takeEvidence(draft, event.turn_id, event.runs)
      return
    case 'turn_recalled': {
      const { turn_id, end, changes, gates, runs, usage, cost_usd, undone } = event
      const record = { changes, gates, runs, usage, costUsd: cost_usd }
      draft.items.push({ kind: 'turn-end', id: endId(turn_id), turnId: turn_id, end, record, undone })
      return
    }
    case 'turn_undone':
      changeEnd(draft, event.turn_id, () => ({ undone: { message: event.message, kept: event.kept } }))
      return
    default:
      event satisfies never
  }
}

function userItem(message: UserMessage): ChatItem {
  const images = message.parts.flatMap(part =>
    part.type === 'image' ? [`data:${part.media_type};base64,${part.data}`] : [],
  )
  return { kind: 'user', id: message.id, text: textOf(message), images, origin: message.origin }
}

function appendStreamed({ items }: Draft, kind: TextItem['kind'], messageId: string, text: string): void {
  const last = items.at(-1)
  if (last?.kind === kind && last.messageId === messageId && last.isStreaming) {
    items[items.length - 1] = { ...last, text: last.text + text }
    return
  }
  const streamed = items.slice(-STREAMED_PARTS_AT_MOST).filter(item => belongsTo(item, messageId))
  items.push({ kind, id: partId(messageId, streamed.length), messageId, text, isStreaming: true })
}

function appendCall(draft: Draft, messageId: string, callId: string, name: string, text: string): void {
  const isKnown = changeTool(draft, callId, tool => ({ arguments: tool.arguments + text }))
  if (!isKnown)
    draft.items.push(newTool({ type: 'tool_call', id: callId, name, arguments: text }, messageId, 'writing'))
}

/** Puts the durable message in place of what was streamed of it. */
function settleMessage({ items }: Draft, message: AssistantMessage): void {
  const since = items.splice(streamedFrom(items, message.id))
  const streamed = since.filter(item => belongsTo(item, message.id))
  for (const [index, part] of message.parts.entries()) items.push(...settledItem(part, message.id, index, streamed))
  for (const item of since) if (!belongsTo(item, message.id)) items.push(item)
}

/** Where the first item stands that was streamed of a message; behind the last where nothing was. */
function streamedFrom(items: readonly ChatItem[], messageId: string): number {
  let first = items.length
  // A stored conversation settles thousands: nothing is copied to look.
  for (let at = items.length - 1; at >= 0 && at >= items.length - STREAMED_PARTS_AT_MOST; at--) {
    const item = items[at]
    if (item && belongsTo(item, messageId)) first = at
  }
  return first
}

function settledItem(part: AssistantPart, messageId: string, index: number, streamed: readonly ChatItem[]): ChatItem[] {
  if (part.type === 'tool_call') {
    const known = streamed.find(item => item.id === part.id)
    return [known?.kind === 'tool' ? { ...known, arguments: part.arguments } : newTool(part, messageId, 'writing')]
  }
  if (part.text === '') return []
  return [{ kind: part.type, id: partId(messageId, index), messageId, text: part.text, isStreaming: false }]
}

function startCall(draft: Draft, call: ToolCall, title: string): void {
  const isKnown = changeTool(draft, call.id, () => ({ status: 'running', title, arguments: call.arguments }))
  if (!isKnown) draft.items.push({ ...newTool(call, '', 'running'), title })
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

function endTurn(draft: Draft, turnId: string, end: TurnEnd): void {
  const { items } = draft
  // What a turn left open stands behind the end of the one before.
  for (let at = items.length - 1; at >= 0 && items[at]?.kind !== 'turn-end'; at--) {
    const item = items[at]
    if (item?.kind === 'tool' && !isSettled(item)) items[at] = { ...item, status: 'interrupted' }
    if ((item?.kind === 'text' || item?.kind === 'thinking') && item.isStreaming) {
      items[at] = { ...item, isStreaming: false }
    }
  }
  const { spentBefore, changes, gates, runs } = draft.turn
  const { usage, costUsd } = draft.spent
  const record = {
    changes,
    gates,
    runs,
    usage: addUsage(usage, spentBefore.usage, -1),
    costUsd: costUsd === undefined ? undefined : costUsd - (spentBefore.costUsd ?? 0),
  }
  items.push({ kind: 'turn-end', id: endId(turnId), turnId, end, record, undone: undefined })
  draft.isRunning = false
}

/** Of the turn that runs, or of one that ended: a run turns stale long after. */
function takeEvidence(draft: Draft, turnId: string, runs: readonly RecordedRun[]): void {
  const isOver = changeEnd(draft, turnId, end => ({ record: { ...end.record, runs } }))
  if (!isOver) draft.turn = { ...draft.turn, runs }
}

function countGates(draft: Draft, report: GateReport): void {
  const counted = ({ PASS: 'passed', WARN: 'warned', FAIL: 'refused' } as const)[report.status]
  draft.turn = { ...draft.turn, gates: { ...draft.turn.gates, [counted]: draft.turn.gates[counted] + 1 } }
}

function addChanges(draft: Draft, more: readonly ChangedFile[]): void {
  if (more.length > 0) draft.turn = { ...draft.turn, changes: mergeChanges(draft.turn.changes, more) }
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

function addUsage(left: Usage, right: Usage, sign: 1 | -1 = 1): Usage {
  return {
    input: left.input + sign * right.input,
    output: left.output + sign * right.output,
    cache_read: left.cache_read + sign * right.cache_read,
    cache_write: left.cache_write + sign * right.cache_write,
    thinking: left.thinking + sign * right.thinking,
  }
}

/** @returns whether there is such a call */
function changeTool(draft: Draft, callId: string, change: (tool: ToolItem) => Partial<ToolItem>): boolean {
  return changeItem(draft, callId, item => (item.kind === 'tool' ? { ...item, ...change(item) } : item))
}

/** @returns whether that turn has ended */
function changeEnd(draft: Draft, turnId: string, change: (end: TurnEndItem) => Partial<TurnEndItem>): boolean {
  return changeItem(draft, endId(turnId), item => (item.kind === 'turn-end' ? { ...item, ...change(item) } : item))
}

/** Looks from the end, where what changes is. @returns whether there is such an item */
function changeItem({ items }: Draft, id: string, change: (item: ChatItem) => ChatItem): boolean {
  const at = items.findLastIndex(item => item.id === id)
  const item = items[at]
  if (item) items[at] = change(item)
  return item !== undefined
}

function endId(turnId: string): string {
  return `end-${turnId}`
}

function belongsTo(item: ChatItem, messageId: string): boolean {
  return 'messageId' in item && item.messageId === messageId
}

function partId(messageId: string, index: number): string {
  return `${messageId}/${index}`
}
