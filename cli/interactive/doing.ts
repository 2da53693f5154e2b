import type { KodeEvent } from '#shared/protocol/events'

/** What goes on in a turn and for how long, for work that takes seconds. */
export class Doing {
  readonly #onTick: () => void
  #tool = ''
  #since = 0
  #timer: NodeJS.Timeout | undefined

  /** @param onTick called every second of a turn */
  constructor(onTick: () => void) {
    this.#onTick = onTick
  }

  see(event: KodeEvent): void {
    if (event.type === 'turn_started') {
      this.stop()
      this.#begin('')
      this.#timer = setInterval(this.#onTick, 1000)
    } else if (event.type === 'turn_ended') this.stop()
    else if (event.type === 'tool_started') this.#begin(event.call.name)
    else if (event.type === 'tool_result' || event.type === 'text_delta') this.#begin('')
  }

  /** Such as ` Bash 12 s`; empty for what has only begun. */
  get text(): string {
    const seconds = Math.floor((performance.now() - this.#since) / 1000)
    return seconds < 2 ? '' : `${this.#tool === '' ? '' : ` ${this.#tool}`} ${seconds} s`
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #begin(tool: string): void {
    this.#tool = tool
    this.#since = performance.now()
  }
}
