import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { answerTo } from '#shared/host/node/http-answer'
import { checkedName, checkedTarget } from '#shared/host/node/web'
import { proxyFor, throughProxy, tunnelAgent } from '#shared/providers/support/proxy'

/** Of one reply, or of one event of a stream of events. */
const MAX_BYTES = 32 * 1024 * 1024

/** What `fetch` is given, as far as the SDK uses it. */
export interface FetchInit {
  method?: string
  headers?: NonNullable<RequestInit['headers']>
  body?: RequestInit['body']
  signal?: AbortSignal | null
}

/** `fetch` with connections of its own, which `close` ends. */
export interface GuardedFetch {
  fetch(url: string | URL, init?: FetchInit): Promise<Response>
  close(): void
}

/**
 * `fetch` for one server: connects to the very address that was checked, or through the proxy of the environment; follows
 * no redirect by itself (each step comes back here), and ends a reply that never does.
 *
 * @param allowsLocal the user said that private and loopback addresses are fine for this server
 */
export function guardedFetch(allowsLocal: boolean, env: Readonly<Record<string, string | undefined>>): GuardedFetch {
  const ways = new Ways(allowsLocal, env)
  return {
    fetch: async (url, init = {}) => send(await ways.to(String(url)), init),
    close: () => ways.close(),
  }
}

/** An address that is not asked, whatever else is tried. */
export class RefusedError extends Error {}

/** How a request gets to where it was checked to go. */
interface Way {
  url: URL
  options: RequestOptions
}

class Ways {
  readonly #allowsLocal: boolean
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #http = new HttpAgent({ keepAlive: true })
  readonly #https = new HttpsAgent({ keepAlive: true })
  #tunnel: HttpsAgent | undefined

  constructor(allowsLocal: boolean, env: Readonly<Record<string, string | undefined>>) {
    this.#allowsLocal = allowsLocal
    this.#env = env
  }

  async to(text: string): Promise<Way> {
    const proxy = URL.canParse(text) ? proxyFor(new URL(text), this.#env) : undefined
    return proxy ? this.#through(proxy, text) : this.#straight(text)
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
    this.#tunnel?.destroy()
  }

  async #straight(text: string): Promise<Way> {
    const target = await checkedTarget(text, !this.#allowsLocal)
    if (!target.ok) throw refusal(target.error.message)
    const { url, address, family } = target.value
    // The address was checked; asking the name server again could give another one.
    const lookup: LookupFunction = (_, options, callback) =>
      options.all ? callback(null, [{ address, family }]) : callback(null, address, family)
    return { url, options: { lookup, agent: url.protocol === 'https:' ? this.#https : this.#http } }
  }

  /** The proxy asks the name server; what it may reach is its owner's business. */
  async #through(proxy: URL, text: string): Promise<Way> {
    const named = checkedName(text, !this.#allowsLocal)
    if (!named.ok) throw refusal(named.error.message)
    const url = named.value
    if (url.protocol === 'https:') {
      this.#tunnel ??= await tunnelAgent(proxy, true)
      return { url, options: { agent: this.#tunnel } }
    }
    return { url, options: { ...throughProxy(proxy, url), agent: this.#http } }
  }
}

function refusal(message: string): RefusedError {
  return new RefusedError(/private address/.test(message) ? `${message}; "allow_local": true allows it` : message)
}

async function send({ url, options }: Way, init: FetchInit): Promise<Response> {
  const request = new Request(url, {
    method: init.method ?? 'GET',
    ...(init.headers && { headers: init.headers }),
    ...(init.body && { body: init.body }),
  })
  const body = init.body ? Buffer.from(await request.arrayBuffer()) : undefined
  const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    ...options,
    method: request.method,
    headers: {
      'user-agent': 'kode',
      ...Object.fromEntries(request.headers),
      'accept-encoding': 'identity',
      ...options.headers,
    },
  })
  // As an option the signal would stay with the connection, which serves other requests afterwards.
  const cancel = () => void outgoing.destroy()
  if (init.signal?.aborted) cancel()
  init.signal?.addEventListener('abort', cancel, { once: true })
  outgoing.once('close', () => init.signal?.removeEventListener('abort', cancel))
  outgoing.end(body)
  const reply = await answerTo(outgoing).catch(error => {
    throw init.signal?.aborted ? new DOMException('cancelled', 'AbortError') : error
  })
  // Whoever reads hears of it; a reply that nobody reads may break unheard.
  reply.on('error', () => reply.destroy())
  const headers = new Headers()
  for (const [name, value] of Object.entries(reply.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  const status = reply.statusCode ?? 502
  const hasNoBody = status === 204 || status === 205 || status === 304 || request.method === 'HEAD'
  if (hasNoBody) reply.resume()
  return new Response(hasNoBody ? null : limited(reply), { status, statusText: reply.statusMessage ?? '', headers })
}

function limited(reply: IncomingMessage): ReadableStream<Uint8Array> {
  const isEvents = /^text\/event-stream/i.test(reply.headers['content-type'] ?? '')
  let size = 0
  const pieces = reply.iterator({ destroyOnReturn: true })
  return new ReadableStream({
    async pull(controller) {
      const next = await pieces.next()
      if (next.done) return controller.close()
      const piece: Buffer = next.value
      const eventEnd = isEvents ? piece.lastIndexOf('\n\n') : -1
      size = eventEnd < 0 ? size + piece.length : piece.length - eventEnd
      if (size > MAX_BYTES) {
        reply.destroy()
        throw new Error(`it sent more than ${MAX_BYTES / 1024 / 1024} MB at once`)
      }
      controller.enqueue(new Uint8Array(piece))
    },
    cancel: () => void reply.destroy(),
  })
}
