import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { checkedTarget, type Target } from '#shared/host/node/web'

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
 * `fetch` for one server: connects to the very address that was checked, follows no redirect by itself (each step comes
 * back here), and ends a reply that never does.
 *
 * @param allowsLocal the user said that private and loopback addresses are fine for this server
 */
export function guardedFetch(allowsLocal: boolean): GuardedFetch {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }
  return {
    async fetch(url, init = {}) {
      const target = await checkedTarget(String(url), !allowsLocal)
      if (!target.ok) {
        const hint = /private address/.test(target.error.message) ? '; "allow_local": true allows it' : ''
        throw new RefusedError(`${target.error.message}${hint}`)
      }
      return send(target.value, init, target.value.url.protocol === 'https:' ? agents.https : agents.http)
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** An address that is not asked, whatever else is tried. */
export class RefusedError extends Error {}

async function send({ url, address, family }: Target, init: FetchInit, agent: HttpAgent): Promise<Response> {
  // The address was checked; asking the name server again could give another one.
  const pinned: LookupFunction = (_, options, callback) =>
    options.all ? callback(null, [{ address, family }]) : callback(null, address, family)
  const request = new Request(url, {
    method: init.method ?? 'GET',
    ...(init.headers && { headers: init.headers }),
    ...(init.body && { body: init.body }),
  })
  const body = init.body ? Buffer.from(await request.arrayBuffer()) : undefined
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        method: request.method,
        headers: { 'user-agent': 'kode', ...Object.fromEntries(request.headers), 'accept-encoding': 'identity' },
        lookup: pinned,
        agent,
      },
      resolve,
    )
    outgoing.on('error', reject)
    // As an option the signal would stay with the connection, which serves other requests afterwards.
    const cancel = () => {
      outgoing.destroy()
      reject(new DOMException('cancelled', 'AbortError'))
    }
    if (init.signal?.aborted) cancel()
    init.signal?.addEventListener('abort', cancel, { once: true })
    outgoing.once('close', () => init.signal?.removeEventListener('abort', cancel))
    outgoing.end(body)
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
