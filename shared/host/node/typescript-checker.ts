import { Worker } from 'node:worker_threads'
import { workerPath } from './worker-path'

/** What the thread of typescript-worker.ts found. */
export type TypeScriptAnswer =
  | { kind: 'judged'; errors: readonly { path: string; start: number; end: number; code: number; message: string }[] }
  | { kind: 'unknown'; reason: string }

/** Texts by absolute path; null: the file is not there. */
export type ShownTexts = Readonly<Record<string, string | null>>

/** The TypeScript compiler on its own thread: started on the first question, warm for the next, gone with `close`. */
export class TypeScriptThread {
  #worker: Worker | undefined
  #lastId = 0
  readonly #waiting = new Map<number, (answer: TypeScriptAnswer) => void>()

  /**
   * Errors in the files after a change that were not there before it.
   *
   * @param root absolute; tsconfig.json is looked for up to here
   * @param paths absolute
   */
  ask(
    root: string,
    paths: readonly string[],
    before: ShownTexts,
    after: ShownTexts,
    signal: AbortSignal,
  ): Promise<TypeScriptAnswer> {
    const id = ++this.#lastId
    return new Promise(resolve => {
      const stop = () => {
        // The compiler cannot be interrupted; a new thread is cheaper than waiting for the old one.
        this.close()
        resolve({ kind: 'unknown', reason: 'it took too long' })
      }
      this.#waiting.set(id, answer => {
        signal.removeEventListener('abort', stop)
        resolve(answer)
      })
      signal.addEventListener('abort', stop, { once: true })
      this.#start().postMessage({ id, root, paths, before: { texts: before }, after: { texts: after } })
    })
  }

  close(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
    this.#answerAll('its thread ended')
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(workerPath('typescript-worker'), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
    })
    // A forgotten thread must not keep the process alive.
    worker.unref()
    worker.on('message', ({ id, errors, reason }: { id: number; errors?: []; reason?: string }) => {
      this.#waiting.get(id)?.(errors ? { kind: 'judged', errors } : { kind: 'unknown', reason: reason ?? 'no answer' })
      this.#waiting.delete(id)
    })
    worker.on('error', error => {
      if (this.#worker === worker) this.#worker = undefined
      this.#answerAll(error.message)
    })
    this.#worker = worker
    return worker
  }

  #answerAll(reason: string): void {
    for (const answer of this.#waiting.values()) answer({ kind: 'unknown', reason })
    this.#waiting.clear()
  }
}

/** Enough for projects of a million lines; beyond it the answer is "not checked". */
const MAX_MEMORY_MB = 3_000
