import type { KodeEvent } from '#shared/protocol/events'

/** Sums up a turn in one line, when it has ended. */
export class TurnFooter {
  #startedAt = 0
  #requests = 0
  /** Of the whole session so far. */
  #total = { input: 0, output: 0 }
  #before = this.#total
  #cost: number | undefined = 0
  #costBefore: number | undefined = 0
  #filled = 0

  /** @returns the line, at the end of a turn that asked the model */
  see(event: KodeEvent): string | undefined {
    switch (event.type) {
      case 'turn_started':
        this.#startedAt = performance.now()
        this.#requests = 0
        this.#before = this.#total
        this.#costBefore = this.#cost
        return undefined
      case 'assistant':
        this.#requests++
        return undefined
      case 'usage':
        this.#total = { input: event.usage.input, output: event.usage.output }
        this.#cost = event.cost_usd
        this.#filled = event.context.used / event.context.window
        return undefined
      case 'turn_ended':
        return this.#requests === 0 ? undefined : this.#line()
      default:
        return undefined
    }
  }

  #line(): string {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1)
    const tokens = [this.#total.input - this.#before.input, this.#total.output - this.#before.output]
    const [input, output] = tokens.map(count => count.toLocaleString('en'))
    const isCounted = this.#total.input > this.#before.input
    return [
      `${this.#requests} request${this.#requests === 1 ? '' : 's'}`,
      ...(isCounted ? [`${input} tokens in, ${output} out`, this.#price()] : []),
      `${seconds} s`,
      ...(this.#filled >= 0.01 ? [`window ${Math.round(this.#filled * 100)} % full`] : []),
    ].join(' · ')
  }

  #price(): string {
    if (this.#cost === undefined || this.#costBefore === undefined) return 'price unknown'
    return `$${(this.#cost - this.#costBefore).toFixed(4)}`
  }
}
