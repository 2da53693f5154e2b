import { TOKEN_COUNTS, type Usage } from '#shared/protocol/messages'
import type { Taken } from './ask-model'

/** What one run may cost and has cost, over all its rounds and attempts. */
export class RunBudget {
  readonly usage: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  readonly #limitUsd: number | undefined
  readonly #costOf: (usage: Usage, model: string) => number | undefined
  readonly #whole: RunBudget | undefined
  #costUsd: number | null = 0
  /** With estimates for what was not counted, so that the limit holds there too. */
  #assumedUsd = 0

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

  /** null: the price of a model is not known, or a reply was not counted. */
  get costUsd(): number | null {
    return this.#costUsd
  }

  /** What one request took. */
  take({ usage, estimate }: Taken, model: string): void {
    if (usage) this.add(usage, model, true)
    else if (estimate) this.#addEstimate(estimate, model)
  }

  /** @param isAll whether nothing was left uncounted */
  add(usage: Usage, model: string, isAll: boolean): void {
    this.#whole?.add(usage, model, isAll)
    for (const key of TOKEN_COUNTS) this.usage[key] += usage[key]
    const cost = this.#costOf(usage, model)
    this.#assumedUsd += cost ?? 0
    this.#costUsd = cost === undefined || !isAll || this.#costUsd === null ? null : this.#costUsd + cost
  }

  #addEstimate(usage: Usage, model: string): void {
    if (this.#whole) this.#whole.#addEstimate(usage, model)
    this.#assumedUsd += this.#costOf(usage, model) ?? 0
    this.#costUsd = null
  }

  /** Why no further request may be sent; undefined when one may. */
  exhausted(): string | undefined {
    if (this.#limitUsd === undefined || this.#assumedUsd < this.#limitUsd) return undefined
    const used = `${this.#costUsd === null ? 'about ' : ''}$${this.#assumedUsd.toFixed(4)}`
    return `the budget is used up: ${used} of $${this.#limitUsd.toFixed(2)} (engine.token_budget_usd)`
  }
}
