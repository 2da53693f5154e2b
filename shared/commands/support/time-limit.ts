import type { Summary } from '#shared/pipelines/summary'
import { EXIT } from '#shared/protocol/exit-codes'
import { type CommandArgs, type CommandContext, CommandFailure, wholeNumber } from '../command'

export const TIMEOUT_OPTION = {
  type: 'string',
  value: 'SECONDS',
  help: 'stop after this time; what did not land by then does not land, and the exit code is 3',
} as const

interface PipelineEnd {
  summary: Summary
  exitCode: number
}

interface TimeLimit {
  /** Is interrupted by `--timeout` as by Ctrl-C. */
  timed: CommandContext
  /** The end of a pipeline, called by its right name. */
  asEnded(end: PipelineEnd): PipelineEnd
  /** Why something without a summary was interrupted. */
  stopped(): CommandFailure
}

/** What `--timeout` does to a pipeline. */
export function withTimeLimit(context: CommandContext, args: CommandArgs): TimeLimit {
  const interrupted = new CommandFailure('interrupted', EXIT.interrupted)
  const seconds = wholeNumber(args, 'timeout')
  if (seconds === undefined) return { timed: context, asEnded: end => end, stopped: () => interrupted }
  const limit = AbortSignal.timeout(seconds * 1000)
  const isOutOfTime = () => limit.aborted && !context.signal.aborted
  const message = `stopped after ${seconds} s (--timeout)`
  return {
    timed: { ...context, signal: AbortSignal.any([context.signal, limit]) },
    asEnded(end) {
      if (end.exitCode !== EXIT.interrupted || !isOutOfTime()) return end
      const error = end.summary.rolled_back ? `${message}; rolled back` : message
      return { summary: { ...end.summary, error }, exitCode: EXIT.limit }
    },
    stopped: () => (isOutOfTime() ? new CommandFailure(message, EXIT.limit) : interrupted),
  }
}
