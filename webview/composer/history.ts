/** Prompts of this page, newest last, to walk through with the arrow keys. */
export class History {
  readonly #entries: string[] = []
  #at: number | undefined

  get isBrowsing(): boolean {
    return this.#at !== undefined
  }

  add(text: string): void {
    if (text.trim() !== '' && this.#entries.at(-1) !== text) this.#entries.push(text)
    this.#at = undefined
  }

  /** The entry before the one shown; undefined when there is none. */
  older(): string | undefined {
    const next = (this.#at ?? this.#entries.length) - 1
    if (next < 0) return undefined
    this.#at = next
    return this.#entries[next]
  }

  /** The entry after the one shown; behind the newest, an empty composer. */
  newer(): string {
    const next = (this.#at ?? this.#entries.length) + 1
    this.#at = next < this.#entries.length ? next : undefined
    return this.#entries[next] ?? ''
  }
}
