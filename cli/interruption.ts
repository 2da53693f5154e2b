import { EXIT } from '#shared/protocol/exit-codes'

/** An exit code. */
export type CliEnd = number

/** From the signal to the end of the process, everything included. */
const GRACE_MS = 900

/** Turns SIGINT and SIGTERM into a cancel, and makes sure that the process ends soon after. */
export class Interruption {
  readonly #controller = new AbortController()
  #exitCode: number | undefined

  constructor() {
    process.on('SIGINT', () => this.#interrupt(EXIT.interrupted))
    process.on('SIGTERM', () => this.#interrupt(EXIT.terminated))
    process.on('SIGHUP', () => this.#interrupt(EXIT.terminated))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Nobody reads the result any more: work in progress stops, and its end is not counted as done. */
  readerGone(): void {
    this.#interrupt(EXIT.interrupted)
  }

  /** Set once a signal came; decides how the process ends. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Ends the process now; open sockets and timers do not hold it up. */
  exit(code: CliEnd): never {
    process.exit(this.#exitCode ?? code)
  }

  #interrupt(exitCode: number): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode)
    this.#exitCode = exitCode
    this.#controller.abort()
    setTimeout(() => process.exit(exitCode), GRACE_MS).unref()
  }
}
