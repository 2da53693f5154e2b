import * as v from 'valibot'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { Conversation } from '#shared/sandbox/conversation'

const messageSchema = v.object({
  id: v.optional(v.number()),
  method: v.optional(v.string()),
  params: v.optional(v.record(v.string(), v.unknown())),
  result: v.optional(v.record(v.string(), v.unknown())),
  error: v.optional(v.object({ message: v.string() })),
})

export type DevToolsValues = Readonly<Record<string, unknown>>

/** A page that is caught in a loop never answers. */
const TIMEOUT_MS = 10_000
/** A page with a large screenshot; more comes from nobody who means well. */
const MAX_MESSAGE_CHARS = 100_000_000

/**
 * Talks to a browser over `--remote-debugging-pipe`: JSON messages that end with a NUL. No port is opened, and nothing else is
 * needed: the libraries that do the same are larger than all of kode.
 */
export class DevTools {
  readonly #browser: Pick<Conversation, 'stdin' | 'stdout'>
  readonly #waiting = new Map<number, (answer: Result<DevToolsValues, string>) => void>()
  readonly #listeners: ((method: string, params: DevToolsValues) => void)[] = []
  #lastId = 0
  /** Pieces of a message that has not ended. */
  readonly #pending: string[] = []
  #pendingChars = 0
  #ended: string | undefined

  constructor(browser: Pick<Conversation, 'stdin' | 'stdout'>) {
    this.#browser = browser
    browser.stdout.setEncoding('utf8')
    browser.stdout.on('data', (piece: string) => this.#take(piece))
    browser.stdout.once('close', () => this.end('the browser ended'))
  }

  onEvent(listener: (method: string, params: DevToolsValues) => void): void {
    this.#listeners.push(listener)
  }

  /** Why nobody answers any more; undefined while somebody does. */
  get ended(): string | undefined {
    return this.#ended
  }

  /** @param sessionId of a page; without it the browser itself is asked */
  send(
    method: string,
    params: DevToolsValues = {},
    sessionId?: string,
    timeoutMs = TIMEOUT_MS,
  ): Promise<Result<DevToolsValues, string>> {
    if (this.#ended !== undefined) return Promise.resolve(fail(this.#ended))
    const id = ++this.#lastId
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        resolve(fail(`no answer within ${timeoutMs / 1000} s`))
      }, timeoutMs)
      this.#waiting.set(id, answer => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.#browser.stdin.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`)
    })
  }

  /** Whoever waits for an answer gets this reason instead. */
  end(reason: string): void {
    this.#ended ??= reason
    for (const answer of this.#waiting.values()) answer(fail(this.#ended))
    this.#waiting.clear()
  }

  #take(piece: string): void {
    // Looked for in the piece alone: in all that is pending, a large picture would be searched again with each of its pieces.
    for (const [index, text] of piece.split('\0').entries()) {
      if (index > 0) this.#endMessage()
      if (this.#ended !== undefined) return
      this.#pending.push(text)
      this.#pendingChars += text.length
      if (this.#pendingChars > MAX_MESSAGE_CHARS) this.end('the browser sent too much')
    }
  }

  #endMessage(): void {
    const text = this.#pending.splice(0).join('')
    this.#pendingChars = 0
    try {
      this.#hear(text)
    } catch (error) {
      // Thrown on, from where a stream is read, it would end kode.
      this.end(`the browser sent what nobody understands: ${messageOf(error)}`)
    }
  }

  #hear(text: string): void {
    const { id, method, params = {}, result = {}, error } = v.parse(messageSchema, JSON.parse(text))
    if (id !== undefined) {
      const answer = this.#waiting.get(id)
      this.#waiting.delete(id)
      answer?.(error ? fail(error.message) : ok(result))
    } else if (method !== undefined) {
      for (const listener of this.#listeners) listener(method, params)
    }
  }
}
