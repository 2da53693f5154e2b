/**
 * The system prompt of one conversation. From the first request on it stays as it is, so that it can be cached; who has
 * something to say only later speaks beside the user's words.
 */
export class ConversationPrompt {
  readonly #own: string
  readonly #instructions: (told: Set<string>) => string
  readonly #told = new Set<string>()
  #whole: string | undefined

  /** @param instructions of servers that are there by now and not among those who were told; adds them */
  constructor(own: string, instructions: (told: Set<string>) => string) {
    this.#own = own
    this.#instructions = instructions
  }

  whole(): string {
    this.#whole ??= [this.#own, this.#instructions(this.#told)].filter(text => text !== '').join('\n\n')
    return this.#whole
  }

  /** What has come since; empty before the first request. */
  late(): string {
    return this.#whole === undefined ? '' : this.#instructions(this.#told)
  }
}
