import type { ModelEvent } from '../provider'
import {
  failureOfCut,
  failureOfEmptyReply,
  failureOfForeignReply,
  failureOfNetwork,
  failureOfSilence,
  failureOfStatus,
  type Origin,
  throwMistake,
} from './http-failure'
import { CANCELLED } from './retry'
import { type ServerEvent, SseReader } from './sse'
import { StatusError } from './transport'
import { parseJson } from './wire'

/** How long a server may be silent. */
export interface Silence {
  /** From the request to the first byte of the reply's body. */
  firstByteMs: number
  /** Between two pieces after that. */
  betweenMs: number
}

/** A wire format's way of reading one reply. */
export interface ReplyDecoder {
  /** Takes one event of a streamed reply; a `failure` among the results ends it. */
  take(event: ServerEvent): readonly ModelEvent[]
  /** Takes a reply that came whole, from a server that does not stream; undefined when it is none. */
  takeWhole(body: unknown): readonly ModelEvent[] | undefined
  /** `finished`: the model is done, but counts may follow. `closed`: nothing follows. */
  readonly state: 'open' | 'finished' | 'closed'
  /** Text held back so far because it could have become a tag. */
  flush(): readonly ModelEvent[]
  /** Calls, usage and the end. */
  finish(): readonly ModelEvent[]
}

/** Counts come within moments after the last word, or not at all. */
const GRACE_MS = { finished: 2000, closed: 50 }

/**
 * One try at one reply: sends the request and reads what comes, until the end or one failure.
 *
 * @param open sends the request; throws what the SDK throws
 */
export async function* readReply(
  open: (signal: AbortSignal) => Promise<Response>,
  decoder: ReplyDecoder,
  origin: Origin,
  silence: Silence,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const ending = new AbortController()
  const abort = () => ending.abort()
  if (signal.aborted) return yield { type: 'failure', failure: CANCELLED }
  signal.addEventListener('abort', abort, { once: true })
  let hasBegun = false
  let isSilent = false
  const onSilence = () => {
    isSilent = true
    ending.abort()
  }
  let timer = setTimeout(onSilence, silence.firstByteMs)

  const failed = (error: unknown): ModelEvent => {
    if (signal.aborted) return { type: 'failure', failure: CANCELLED }
    if (isSilent) {
      const [place, timeoutMs] = hasBegun
        ? (['between', silence.betweenMs] as const)
        : (['first-byte', silence.firstByteMs] as const)
      return { type: 'failure', failure: failureOfSilence(place, timeoutMs, origin) }
    }
    const status = statusErrorIn(error)
    if (status) return { type: 'failure', failure: failureOfStatus(status.status, status.headers, status.body, origin) }
    if (!hasBegun) return { type: 'failure', failure: failureOfNetwork(error, origin) }
    throwMistake(error)
    return { type: 'failure', failure: failureOfCut(origin) }
  }

  try {
    const response = await open(ending.signal)
    const reader = response.body?.getReader()
    if (!reader) return yield { type: 'failure', failure: failureOfEmptyReply(origin) }
    const limits = limitsOf(response.headers)
    if (limits) yield limits
    const contentType = response.headers.get('content-type') ?? ''
    const events = new SseReader()
    while (true) {
      const { done, value } = await reader.read()
      if (done) break
      if (!hasBegun) {
        if (!isEventStream(contentType, value)) {
          return yield* takeForeign(value, reader, contentType, decoder, origin)
        }
        hasBegun = true
        clearTimeout(timer)
        timer = setTimeout(onSilence, silence.betweenMs)
      } else timer.refresh()

      for (const event of events.read(value)) {
        for (const found of decoder.take(event)) {
          yield found
          if (found.type === 'failure') return
        }
      }
      if (decoder.state !== 'open') {
        clearTimeout(timer)
        timer = setTimeout(onSilence, GRACE_MS[decoder.state])
      }
    }
    for (const event of events.end()) {
      const found = decoder.take(event)
      // Half an event is no mistake of the model: the stream was cut there.
      if (!found.some(each => each.type === 'failure')) yield* found
    }
  } catch (error) {
    // A server that keeps the connection open after its last word has still said everything.
    if (decoder.state === 'open' || signal.aborted) {
      yield* decoder.flush()
      return yield failed(error)
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    // Frees the connection when the reader of this stream went away early; after a whole reply it does nothing.
    ending.abort()
  }
  if (decoder.state === 'open') {
    yield* decoder.flush()
    return yield { type: 'failure', failure: failureOfCut(origin) }
  }
  yield* decoder.finish()
}

/** A reply that is no event stream: whole JSON from a server that does not stream, or no reply at all. */
async function* takeForeign(
  start: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  contentType: string,
  decoder: ReplyDecoder,
  origin: Origin,
): AsyncGenerator<ModelEvent> {
  const pieces = [start]
  for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value)
  const text = Buffer.concat(pieces).toString('utf8')
  const body = parseJson(text)
  const events = body === undefined ? undefined : decoder.takeWhole(body)
  if (!events) return yield { type: 'failure', failure: failureOfForeignReply(contentType, text, origin) }
  yield* events
  if (events.at(-1)?.type !== 'failure') yield* decoder.finish()
}

/** Gateways count requests and seconds; OpenAI and others count the same under longer names, and write times as text. */
function limitsOf(headers: Headers): ModelEvent | undefined {
  const count = (name: string) => {
    const text = headers.get(`x-ratelimit-${name}`) ?? headers.get(`x-ratelimit-${name}-requests`)
    return text !== null && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
  }
  const remaining = count('remaining')
  if (remaining === undefined) return undefined
  const reset = count('reset')
  // Some send the time of the reset, in seconds since 1970.
  return { type: 'limits', limit: count('limit'), remaining, resetSeconds: reset && reset < 1e9 ? reset : undefined }
}

function isEventStream(contentType: string, start: Uint8Array): boolean {
  if (contentType.includes('event-stream')) return true
  // Some local servers stream under another name.
  return /^\s*(data|event|id|retry)?:/.test(Buffer.from(start.subarray(0, 64)).toString('latin1'))
}

/** The HTTP status that an SDK wrapped, if that is what went wrong. */
export function statusErrorIn(error: unknown): StatusError | undefined {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof StatusError) return each
  return undefined
}
