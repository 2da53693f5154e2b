import type { ApprovalAnswer, ApprovalRequest, TrustMode, UserQuestion } from './approvals'
import type {
  ChangedFile,
  ContextFill,
  KeptFile,
  QueuedPrompt,
  RecordedRun,
  TaskView,
  TodoItem,
  TurnEnd,
} from './events'
import type { GateReport } from './gate-report'
import type { ToolStatus, Usage, UserMessage } from './messages'

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
  /** Notices so far: their ids count, also where a page has only the end of the items. */
  readonly notices: number
  readonly todos: readonly TodoItem[]
  readonly tasks: readonly TaskView[]
  /** Typed while a turn runs and not heard yet. */
  readonly waiting: readonly QueuedPrompt[]
  readonly context: ContextFill | undefined
  /** Over the whole session. */
  readonly spent: Spent
  /** Before the session was opened here; its own totals count from then. */
  readonly spentEarlier: Spent
  /** What the turn shown last landed and ran, so that its end can be told from records. */
  readonly turn: TurnSoFar
}

export interface Spent {
  readonly usage: Usage
  /** US dollars; undefined while no price is known. */
  readonly costUsd: number | undefined
}

/** What a turn did, from records. */
export interface TurnRecord extends Spent, TurnWork {}

interface TurnSoFar extends TurnWork {
  readonly spentBefore: Spent
}

interface TurnWork {
  readonly changes: readonly ChangedFile[]
  readonly gates: Readonly<Record<'passed' | 'warned' | 'refused', number>>
  /** Commands that ran after files had changed. */
  readonly runs: readonly RecordedRun[]
}

/** One row of the transcript. `id` is stable, also between the streamed and the final form. */
export type ChatItem =
  | { kind: 'user'; id: string; text: string; images: readonly string[]; origin: UserMessage['origin'] }
  | TextItem<'text'>
  | TextItem<'thinking'>
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

export interface TextItem<Kind = 'text' | 'thinking'> {
  readonly kind: Kind
  readonly id: string
  readonly messageId: string
  readonly text: string
  readonly isStreaming: boolean
}

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

const NOTHING_SPENT: Spent = {
  usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
  costUsd: undefined,
}

/** A turn that has done nothing yet. */
export const NEW_TURN: TurnSoFar = {
  changes: [],
  gates: { passed: 0, warned: 0, refused: 0 },
  runs: [],
  spentBefore: NOTHING_SPENT,
}

/** A conversation that has not begun. */
export const EMPTY_CHAT: ChatState = {
  sessionId: undefined,
  model: '',
  provider: '',
  mode: 'safe',
  sandbox: '',
  isRunning: false,
  items: [],
  notices: 0,
  todos: [],
  tasks: [],
  waiting: [],
  context: undefined,
  spent: NOTHING_SPENT,
  spentEarlier: NOTHING_SPENT,
  turn: NEW_TURN,
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

/** Whether a call has its result. */
export function isSettled(tool: ToolItem): boolean {
  return tool.status !== 'writing' && tool.status !== 'running' && tool.status !== 'asking'
}
