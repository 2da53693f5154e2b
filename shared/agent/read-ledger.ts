import type { ReadLedger } from '#shared/tools/tool'

/** What the model of one session has seen of files. */
export class SessionReadLedger implements ReadLedger {
  readonly #seen = new Map<string, string>()
  readonly #shown = new Map<string, string>()
  readonly #onRead: (path: string) => void

  /** @param onRead told of every file that the model was shown; absolute */
  constructor(onRead: (path: string) => void = () => undefined) {
    this.#onRead = onRead
  }

  note(path: string, hash: string): void {
    this.#onRead(path)
    this.#seen.set(path, hash)
  }

  seenHash(path: string): string | undefined {
    return this.#seen.get(path)
  }

  show(piece: string, hash: string): boolean {
    const isShown = this.#shown.get(piece) === hash
    this.#shown.set(piece, hash)
    return isShown
  }

  /** Results were put away: what they showed has to be shown again. */
  forgetShown(): void {
    this.#shown.clear()
  }
}
