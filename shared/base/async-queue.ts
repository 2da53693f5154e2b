/** Values pushed by one side, awaited in order by the other. One consumer. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = []
  #wake: (() => void) | undefined
  #isClosed = false

  push(value: T): void {
    this.#values.push(value)
    this.#wake?.()
  }

  /** Ends the iteration after what was pushed so far. */
  close(): void {
    this.#isClosed = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    while (true) {
      while (this.#values.length > 0) yield this.#values.shift() as T
      if (this.#isClosed) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
