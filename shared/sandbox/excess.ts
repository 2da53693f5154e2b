import type { Limits } from './limits'
import { watch } from './watchdog'

type OnOutput = (piece: Uint8Array, stream: 'stdout' | 'stderr') => void

/** Ends a command that uses too much of the machine, and knows why it did. */
export class Excess {
  readonly told: string[] = []
  readonly #stopping = new AbortController()
  readonly #limits: Limits
  readonly #folders: readonly string[]
  #endWatch: (() => void) | undefined
  #printedBytes = 0

  /** @param folders where it can write: their disks are watched */
  constructor(limits: Limits, folders: readonly string[]) {
    this.#limits = limits
    this.#folders = folders
  }

  /** Fires when it was too much. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  watch(pid: number): void {
    this.#endWatch = watch(pid, this.#folders, this.#limits, what => this.#stop(what))
  }

  /** Counts what passes, and hands it on. */
  counting(onOutput: OnOutput | undefined): OnOutput {
    return (piece, stream) => {
      this.#printedBytes += piece.length
      if (this.#printedBytes > this.#limits.outputBytes && this.told.length === 0) {
        this.#stop(`it printed more than ${this.#limits.outputBytes} bytes`)
      }
      onOutput?.(piece, stream)
    }
  }

  end(): void {
    this.#endWatch?.()
  }

  #stop(what: string): void {
    this.told.push(`The command was ended: ${what}.`)
    this.#stopping.abort()
  }
}
