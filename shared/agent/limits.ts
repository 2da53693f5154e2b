import type { LimitName } from '#shared/protocol/events'
import { TOKEN_COUNTS, type Usage } from '#shared/protocol/messages'
import type { ModelRequest } from '#shared/providers/provider'
import type { ModelReply } from './model-call'
import { estimateUsage } from './token-budget'

/** How far one prompt may go. */
export interface TurnLimits {
  /** Requests to the model. */
  maxTurns: number
  /** After `maxTurns` the model is asked once more, for words only. */
  hasGraceTurn?: boolean
}

/** What all requests together may take. Absent = no such limit. */
export interface SpendingLimits {
  maxCostUsd?: number
  /** Input and output. */
  maxTotalTokens?: number
  /** Where the limit of the cost is set; `--max-cost` where it is not said. */
  costSetting?: string
}

export interface Exceeded {
  limit: LimitName
  message: string
}

/** US dollars; undefined where the model's price is not known. */
export type CostOf = (usage: Usage, model: string) => number | undefined

/** What has been spent, over all requests of a session or a run, and whether another one is still allowed. */
export class Spending {
  readonly #costOf: CostOf
  readonly #limits: SpendingLimits
  readonly #whole: Spending | undefined
  readonly total: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  /** US dollars; undefined as soon as one request had no known price, or was not counted by the endpoint. */
  costUsd: number | undefined = 0
  #requests = 0
  #requestsBefore = 0
  /** With estimates for what was not counted, so that limits hold there too. */
  readonly #assumed = { tokens: 0, costUsd: 0 }

  /** @param whole what this is a part of: it counts there too, and ends where the whole does */
  constructor(costOf: CostOf, limits: SpendingLimits = {}, whole?: Spending) {
    this.#costOf = costOf
    this.#limits = limits
    this.#whole = whole
  }

  /** Spending of somebody who works for this one. */
  part(): Spending {
    return new Spending(this.#costOf, {}, this)
  }

  /** A request of a turn, and what came of it. */
  count(request: ModelRequest, reply: ModelReply): void {
    this.#requests++
    this.countBeside(request, reply)
  }

  /** A request beside any turn, such as a summary: it costs, and is no turn. A broken one that was not counted is free. */
  countBeside(request: ModelRequest, reply: ModelReply): void {
    const { usage, model } = reply
    if (usage) this.#add(usage, model, true)
    else if (reply.kind === 'reply') this.#add(estimateUsage(request, reply.message), model, false)
  }

  /** From here on requests count for a new prompt. */
  beginPrompt(): void {
    this.#requestsBefore = this.#requests
  }

  /** The limit that forbids a turn another request, if one does. */
  exceeded({ maxTurns }: TurnLimits): Exceeded | undefined {
    const made = this.#requests - this.#requestsBefore
    if (made < maxTurns) return this.overspent()
    return { limit: 'turns', message: `stopped after ${made} model requests (--max-turns ${maxTurns})` }
  }

  /** The limit that forbids any other request, if one does. */
  overspent(): Exceeded | undefined {
    const { maxCostUsd, maxTotalTokens, costSetting = '--max-cost' } = this.#limits
    const { tokens, costUsd } = this.#assumed
    if (maxTotalTokens !== undefined && tokens >= maxTotalTokens) {
      return { limit: 'tokens', message: `stopped after ${tokens} tokens (--max-total-tokens ${maxTotalTokens})` }
    }
    if (maxCostUsd !== undefined && costUsd >= maxCostUsd) {
      const about = this.costUsd === undefined ? 'about ' : ''
      return { limit: 'cost', message: `stopped after ${about}$${costUsd.toFixed(4)} (${costSetting} ${maxCostUsd})` }
    }
    return this.#whole?.overspent()
  }

  #add(usage: Usage, model: string, isCounted: boolean): void {
    if (this.#whole) this.#whole.#add(usage, model, isCounted)
    const cost = this.#costOf(usage, model)
    this.#assumed.tokens += usage.input + usage.output
    this.#assumed.costUsd += cost ?? 0
    if (isCounted) for (const key of TOKEN_COUNTS) this.total[key] += usage[key]
    this.costUsd = isCounted && cost !== undefined && this.costUsd !== undefined ? this.costUsd + cost : undefined
  }
}
