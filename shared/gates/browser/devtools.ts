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
  #pending = ''
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
    const texts = (this.#pending + piece).split('\0')
    this.#pending = texts.pop() ?? ''
    if (this.#pending.length > MAX_MESSAGE_CHARS) this.end('the browser sent too much')
    for (const text of texts) this.#hear(text)
  }

  #hear(text: string): void {
    const read = readMessage(text)
    if (!read.ok) {
      this.end(`the browser sent what nobody understands: ${read.error}`)
      return
    }
    const { id, method, params = {}, result = {}, error } = read.value
    if (id !== undefined) {
      const answer = this.#waiting.get(id)
      this.#waiting.delete(id)
      answer?.(error ? fail(error.message) : ok(result))
    } else if (method !== undefined) {
      for (const listener of this.#listeners) listener(method, params)
    }
  }
}

function readMessage(text: string): Result<v.InferOutput<typeof messageSchema>, string> {
  try {
    return ok(v.parse(messageSchema, JSON.parse(text)))
  } catch (error) {
    return fail(messageOf(error))
  }
}
