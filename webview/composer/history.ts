/** Prompts of this project, newest last, to walk through with the arrow keys and to search. */
export class History {
  readonly #fetch: () => Promise<readonly string[]>
  #entries: string[] = []
  #loading: Promise<void> | undefined
  #at: number | undefined

  /** @param fetch what was typed before, newest first; asked once, when somebody looks for it */
  constructor(fetch: () => Promise<readonly string[]>) {
    this.#fetch = fetch
  }

  get isBrowsing(): boolean {
    return this.#at !== undefined
  }

  /** Brings what earlier windows kept; what was typed here stays the newest. */
  load(): Promise<void> {
    this.#loading ??= this.#fetch().then(
      kept => {
        this.#entries = [...kept.filter(text => !this.#entries.includes(text)).reverse(), ...this.#entries]
      },
      () => {
        // Without a key or a folder there is only what was typed here; the next look tries again.
        this.#loading = undefined
      },
    )
    return this.#loading
  }

  add(text: string): void {
    if (text.trim() !== '') this.#entries = [...this.#entries.filter(each => each !== text), text]
    this.#at = undefined
  }

  /** Those that hold all words of the query, newest first. */
  find(query: string, limit: number): string[] {
    const words = query.toLowerCase().split(/\s+/)
    return this.#entries
      .filter(text => words.every(word => text.toLowerCase().includes(word)))
      .reverse()
      .slice(0, limit)
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
