import type { Result } from '#shared/base/result'
import type { TaskView } from '#shared/protocol/events'

/** A task as tools tell of it. */
export interface TaskReport extends TaskView {
  kind: 'agent' | 'process'
  /** Name of an agent. */
  agent?: string
  /** Set once it has ended. */
  exitCode?: number
  /** A process: what it printed so far. An agent: its answer, once it has one. */
  output: string
}

/** How waiting for one task ended. */
export type TaskWait = { id: string; report?: TaskReport; outcome: TaskOutcome }
export type TaskOutcome = 'success' | 'failed' | 'timeout' | 'cancelled' | 'forbidden' | 'not_found'

/** Work beside the conversation, as tools see it. */
export interface TaskDesk extends OwnTasks {
  /**
   * Starts a command line that goes on by itself. An error is one line for the model.
   *
   * @param callId of the call that wants it; what it changes is told as this call's
   */
  startProcess(command: string, callId: string): Promise<Result<TaskReport, string>>
}

/** The same as `tasks/task-board.ts` makes it for each caller, which looks at no files. */
export interface BoardDesk extends OwnTasks {
  /** @param afterEnd what is done before its end counts as such; never rejects */
  startProcess(command: string, afterEnd: () => Promise<void>): Promise<Result<TaskReport, string>>
  /** What a task printed, or said and did, so far, for people. */
  transcript(id: string): Result<string, 'forbidden' | 'not_found'>
}

/** Of what runs, a caller knows and controls only what it started itself. */
interface OwnTasks {
  /** The caller's tasks, oldest first. */
  list(): readonly TaskReport[]
  /** Ends a task; fine when it has ended already. */
  cancel(id: string): Result<void, 'forbidden' | 'not_found'>
  /** Waits for each, at most so long; what was waited for is not told again by `takeFinished`. */
  wait(ids: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<TaskWait[]>
  /** Tasks that ended and that nobody was told of yet; each is handed out once. */
  takeFinished(): readonly TaskReport[]
}
