import type { LimitName } from '#shared/protocol/events'
import { TOKEN_COUNTS, type Usage } from '#shared/protocol/messages'

/** How far one prompt may go. Absent = no such limit. */
export interface TurnLimits {
  /** Requests to the model. */
  maxTurns: number
  maxCostUsd?: number
  /** Input and output of all requests together. */
  maxTotalTokens?: number
  /** After `maxTurns` the model is asked once more, for words only. */
  hasGraceTurn?: boolean
}

/** What has been spent, over all requests of a session, and whether the next request is still allowed. */
export class Spending {
  readonly #costOf: (usage: Usage, model: string) => number | undefined
  readonly total: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  /** US dollars; undefined as soon as one request had no known price, or was not counted by the endpoint. */
  costUsd: number | undefined = 0
  requests = 0
  #requestsBefore = 0
  /** With estimates for what was not counted, so that limits hold there too. */
  readonly #assumed = { tokens: 0, costUsd: 0 }

  /** @param costOf US dollars by the model that answered, which a fallback may have changed */
  constructor(costOf: (usage: Usage, model: string) => number | undefined) {
    this.#costOf = costOf
  }

  /** @param usage as the provider counted it; undefined when no reply came */
  add(usage: Usage | undefined, model: string): void {
    this.requests++
    if (!usage) return
    for (const key of TOKEN_COUNTS) this.total[key] += usage[key]
    const cost = this.#assume(usage, model)
    this.costUsd = cost === undefined || this.costUsd === undefined ? undefined : this.costUsd + cost
  }

  /** A reply that came without a count. */
  addEstimate(usage: Usage, model: string): void {
    this.requests++
    this.#assume(usage, model)
    this.costUsd = undefined
  }

  #assume(usage: Usage, model: string): number | undefined {
    const cost = this.#costOf(usage, model)
    this.#assumed.tokens += usage.input + usage.output
    this.#assumed.costUsd += cost ?? 0
    return cost
  }

  /** From here on requests count for a new prompt. */
  beginPrompt(): void {
    this.#requestsBefore = this.requests
  }

  /** Spending of somebody who works for this one: it counts here too, and ends where this one's money does. */
  child(limits: Omit<TurnLimits, 'maxTurns'>): Spending {
    return new ChildSpending(this.#costOf, this, limits)
  }

  /** Of a request beside the turn, such as a summary: it costs, and is no turn. */
  addBeside(usage: Usage, model: string): void {
    this.add(usage, model)
    this.requests--
  }

  /** The same without a count. */
  addEstimateBeside(usage: Usage, model: string): void {
    this.addEstimate(usage, model)
    this.requests--
  }

  /** The limit that forbids another request, if one does. */
  exceeded(limits: TurnLimits): { limit: LimitName; message: string } | undefined {
    const made = this.requests - this.#requestsBefore
    const { tokens, costUsd } = this.#assumed
    if (made >= limits.maxTurns) {
      return { limit: 'turns', message: `stopped after ${made} model requests (--max-turns ${limits.maxTurns})` }
    }
    if (limits.maxTotalTokens !== undefined && tokens >= limits.maxTotalTokens) {
      return {
        limit: 'tokens',
        message: `stopped after ${tokens} tokens (--max-total-tokens ${limits.maxTotalTokens})`,
      }
    }
    if (limits.maxCostUsd !== undefined && costUsd >= limits.maxCostUsd) {
      const about = this.costUsd === undefined ? 'about ' : ''
      const message = `stopped after ${about}$${costUsd.toFixed(4)} (--max-cost ${limits.maxCostUsd})`
      return { limit: 'cost', message }
    }
    return undefined
  }
}

class ChildSpending extends Spending {
  readonly #parent: Spending
  readonly #parentLimits: Omit<TurnLimits, 'maxTurns'>

  constructor(
    costOf: (usage: Usage, model: string) => number | undefined,
    parent: Spending,
    parentLimits: Omit<TurnLimits, 'maxTurns'>,
  ) {
    super(costOf)
    this.#parent = parent
    this.#parentLimits = parentLimits
  }

  override add(usage: Usage | undefined, model: string): void {
    super.add(usage, model)
    if (usage) this.#parent.addBeside(usage, model)
  }

  override addEstimate(usage: Usage, model: string): void {
    super.addEstimate(usage, model)
    this.#parent.addEstimateBeside(usage, model)
  }

  override exceeded(limits: TurnLimits): { limit: LimitName; message: string } | undefined {
    const parentLimits = { ...this.#parentLimits, maxTurns: Number.POSITIVE_INFINITY }
    return super.exceeded(limits) ?? this.#parent.exceeded(parentLimits)
  }
}
