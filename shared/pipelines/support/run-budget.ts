import { TOKEN_COUNTS, type Usage } from '#shared/protocol/messages'

/** What one run may cost and has cost, over all its rounds and attempts. */
export class RunBudget {
  readonly usage: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  readonly #limitUsd: number | undefined
  readonly #costOf: (usage: Usage, model: string) => number | undefined
  readonly #whole: RunBudget | undefined
  #costUsd: number | null = 0

  /** @param limitUsd undefined = no limit; costOf returns undefined where the model's price is not known */
  constructor(
    limitUsd: number | undefined,
    costOf: (usage: Usage, model: string) => number | undefined,
    whole?: RunBudget,
  ) {
    this.#limitUsd = limitUsd
    this.#costOf = costOf
    this.#whole = whole
  }

  /** For a part of the run: what is added to it counts in the whole too. */
  part(): RunBudget {
    return new RunBudget(undefined, this.#costOf, this)
  }

  /** null: the price of this model is not known. */
  get costUsd(): number | null {
    return this.#costUsd
  }

  add(usage: Usage | undefined, model: string): void {
    if (!usage) return
    this.#whole?.add(usage, model)
    for (const key of TOKEN_COUNTS) this.usage[key] += usage[key]
    const cost = this.#costOf(usage, model)
    this.#costUsd = cost === undefined || this.#costUsd === null ? null : this.#costUsd + cost
  }

  /** Why no further request may be sent; undefined when one may. */
  exhausted(): string | undefined {
    if (this.#limitUsd === undefined || this.#costUsd === null || this.#costUsd < this.#limitUsd) return undefined
    return `the budget is used up: $${this.#costUsd.toFixed(4)} of $${this.#limitUsd.toFixed(2)} (engine.token_budget_usd)`
  }
}
