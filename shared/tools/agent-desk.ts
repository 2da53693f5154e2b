import type { Result } from '#shared/base/result'
import type { ChangedFile } from '#shared/protocol/events'
import type { Failure } from '#shared/protocol/exit-codes'
import type { TaskReport } from './task-desk'

/** An agent as tools tell of it. */
export interface AgentEntry {
  name: string
  description: string
  source: 'built-in' | 'user' | 'project'
  /** How its prompt begins. */
  prompt: string
}

export interface AgentRequest {
  agent: string
  prompt: string
  /** Of the call that asks for it. */
  callId: string
  /** Goes on with this earlier conversation of the caller's. */
  sessionId?: string
}

/** What an agent came to. */
export interface AgentAnswer {
  /** Its last words, or why there are none. */
  text: string
  isError?: boolean
  /** What it changed in the workspace. */
  landed?: { changes: ChangedFile[]; diff: string }
}

/** Other agents, as one caller sees them. `tasks/sub-agents.ts` makes one for each caller. */
export interface AgentDesk {
  list(): Promise<readonly AgentEntry[]>
  /** Whether the agent is there and may be started from here; an error is one line for the model. */
  check(agent: string, isBackground: boolean): Promise<Result<void, string>>
  /** Runs it to its end. */
  invoke(request: AgentRequest, signal: AbortSignal, onOutput: (text: string) => void): Promise<AgentAnswer>
  /** Has it answer for a program, which gets its last words alone, or why there are none. */
  ask(request: AgentRequest, signal: AbortSignal): Promise<Result<string, Failure>>
  /** Starts it beside the conversation. An error is one line for the model. */
  start(request: AgentRequest): Promise<Result<TaskReport, string>>
}
