import type { ToolCall, ToolMessage } from '#shared/protocol/messages'

/** A second identical step is often a fair retry, a third learns nothing new: then the model is told. */
const REPEATS_BEFORE_REMINDER = 3
/** After the reminder it gets as many tries again before the turn ends. */
const REPEATS_BEFORE_STOP = 6

export type LoopVerdict = { kind: 'fine' } | { kind: 'remind' | 'stop'; tool: string; times: number }

/**
 * Notices a model that repeats itself, so that the turn ends instead of spinning.
 * A step repeats another when all its calls have the same names and arguments and brought the same results;
 * reading eight different files is no loop.
 */
export class LoopGuard {
  #last = ''
  #times = 0

  /** Takes one reply's calls with their results. */
  see(calls: readonly ToolCall[], results: readonly ToolMessage[]): LoopVerdict {
    if (calls.length === 0) return { kind: 'fine' }
    const fingerprint = JSON.stringify([
      calls.map(call => [call.name, normalised(call.arguments)]),
      results.map(result => [result.status, withoutTimes(result.text)]),
    ])
    this.#times = fingerprint === this.#last ? this.#times + 1 : 1
    this.#last = fingerprint
    const verdict = { tool: calls[0]!.name, times: this.#times }
    if (this.#times >= REPEATS_BEFORE_STOP) return { kind: 'stop', ...verdict }
    if (this.#times === REPEATS_BEFORE_REMINDER) return { kind: 'remind', ...verdict }
    return { kind: 'fine' }
  }
}

/** The same arguments in another order or spacing are the same. */
function normalised(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    )
  } catch {
    // Malformed arguments are compared as they are.
    return json
  }
}

/** Durations differ between two runs of the same failing test; that is no progress. */
function withoutTimes(text: string): string {
  return text.replace(/\b\d+(\.\d+)? ?(ms|s|seconds)\b/g, '')
}
