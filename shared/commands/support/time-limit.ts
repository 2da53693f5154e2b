import type { Summary } from '#shared/pipelines/summary'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import { type CommandArgs, type CommandContext, CommandFailure, wholeNumber } from '../command'

export const TIMEOUT_OPTION = {
  type: 'string',
  value: 'SECONDS',
  help: 'stop after this time; what did not land by then does not land, and the exit code is 3',
} as const

export interface PipelineEnd {
  summary: Summary
  exitCode: number
}

interface TimeLimit {
  /** Is interrupted by `--timeout` as by Ctrl-C. */
  timed: CommandContext
  /** The end of a pipeline, called by its right name. */
  asEnded(end: PipelineEnd): PipelineEnd
  /** Why something without a summary failed, called by its right name. */
  asFailure(failure: Failure): CommandFailure
}

/** What `--timeout` does to a pipeline. */
export function withTimeLimit(context: CommandContext, args: CommandArgs): TimeLimit {
  const seconds = wholeNumber(args, 'timeout')
  if (seconds === undefined) return { timed: context, asEnded: end => end, asFailure: commandFailure }
  const limit = AbortSignal.timeout(seconds * 1000)
  const isOutOfTime = () => limit.aborted && !context.signal.aborted
  const message = `stopped after ${seconds} s (--timeout)`
  return {
    timed: { ...context, signal: AbortSignal.any([context.signal, limit]) },
    asEnded(end) {
      if (end.exitCode !== EXIT.interrupted || !isOutOfTime()) return end
      const { rolled_back, error = '' } = end.summary
      const fate = rolled_back ? 'rolled back' : error.replace(/^interrupted(?:; )?/, '')
      const told = fate === '' ? message : `${message}; ${fate}`
      return { summary: { ...end.summary, error: told }, exitCode: EXIT.limit }
    },
    asFailure(failure) {
      const isLate = failure.exitCode === EXIT.interrupted && isOutOfTime()
      return commandFailure(isLate ? { message, exitCode: EXIT.limit } : failure)
    },
  }
}

function commandFailure({ message, exitCode }: Failure): CommandFailure {
  return new CommandFailure(message, exitCode)
}
