import type { ClientRequest, Agent as HttpAgent, IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { nodeHttp } from '#shared/host/node/builtins'
import { answerTo } from '#shared/host/node/http-answer'
import { isLoopback } from './loopback'
import { proxyFor, throughProxy, tunnelAgent } from './proxy'

/**
 * `fetch` for the SDKs, over node:http: one connection kept between requests for as long as the server allows,
 * a limit on connecting, and a body that fails when the connection breaks. The built-in `fetch` has no limit of
 * its own on connecting and drops an idle connection after four seconds, which is less than many a tool call.
 */
export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface TransportOptions {
  connectTimeoutMs: number
  /** Accept a certificate that does not verify; only ever honoured for this very machine. */
  acceptInvalidCertificates: boolean
  /** Names the proxies. */
  env: Readonly<Record<string, string | undefined>>
}

/** Makes the `fetch` that one provider uses for its whole life. */
export function createTransport(options: TransportOptions): Fetch {
  const agents: Agents = {}
  return async (input, init = {}) => {
    const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input)
    const send = await requesterFor(url, agents, options)
    const first = await exchange(send, url, init, options)
    const answer = first === 'stale-connection' ? await exchange(send, url, init, options) : first
    if (answer === 'stale-connection') throw new Error('the connection broke twice before an answer')
    if (!answer.ok) throw new StatusError(answer.status, answer.headers, await answer.text())
    return answer
  }
}

/**
 * One request and the head of its answer.
 *
 * @returns `stale-connection` when a kept connection turned out to be closed by the server: nobody has read the request
 */
async function exchange(
  send: Requester,
  url: URL,
  init: RequestInit,
  options: TransportOptions,
): Promise<Response | 'stale-connection'> {
  const body = typeof init.body === 'string' ? init.body : ''
  const outgoing = send({
    method: init.method ?? 'GET',
    headers: { ...headersOf(init), 'content-length': String(Buffer.byteLength(body)) },
    ...(init.signal && { signal: init.signal }),
  })
  const connecting = setTimeout(
    () => outgoing.destroy(new ConnectTimeout(options.connectTimeoutMs)),
    options.connectTimeoutMs,
  )
  const isConnected = () => clearTimeout(connecting)
  outgoing.on('socket', socket => {
    if (!socket.connecting) isConnected()
    else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', isConnected)
  })
  // Takes 17 ms to load, which nobody notices while the server thinks.
  outgoing.once('finish', () => void globalThis.Response)
  outgoing.end(body)
  try {
    return responseOf(await answerTo(outgoing))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) return 'stale-connection'
    throw error
  } finally {
    clearTimeout(connecting)
  }
}

/** An HTTP status that is not 2xx. Thrown, because the SDKs keep of the body only what their own vendor sends. */
export class StatusError extends Error {
  readonly status: number
  readonly headers: Headers
  readonly body: string

  constructor(status: number, headers: Headers, body: string) {
    super(`HTTP status ${status}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** No connection within the time allowed. */
class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(timeoutMs: number) {
    super(`no connection within ${Math.round(timeoutMs / 1000)} s`)
  }
}

interface Agents {
  http?: HttpAgent
  https?: HttpsAgent
}

type Requester = (options: { method: string; headers: Record<string, string>; signal?: AbortSignal }) => ClientRequest

async function requesterFor(url: URL, agents: Agents, options: TransportOptions): Promise<Requester> {
  const proxy = proxyFor(url, options.env)
  if (url.protocol === 'http:') {
    const http = nodeHttp()
    agents.http ??= new http.Agent({ keepAlive: true })
    const agent = agents.http
    if (!proxy) return request => http.request(url, { ...request, agent })
    const { headers, ...place } = throughProxy(proxy, url)
    return request => http.request({ ...place, ...request, headers: { ...request.headers, ...headers }, agent })
  }
  // TLS takes some milliseconds to load, which local servers need not pay.
  const { default: https } = await import('node:https')
  const rejectUnauthorized = !(options.acceptInvalidCertificates && isLoopback(url.hostname))
  agents.https ??= proxy ? await tunnelAgent(proxy, rejectUnauthorized) : new https.Agent({ keepAlive: true })
  const agent = agents.https
  return request => https.request(url, { ...request, agent, rejectUnauthorized })
}

/** What a model server needs; what the SDKs tell about the machine, or take from variables of their own, stays here. */
const SENT_HEADERS: ReadonlySet<unknown> = new Set([
  'authorization',
  'x-api-key',
  'anthropic-version',
  'anthropic-beta',
  'content-type',
  'accept',
])

function headersOf(init: RequestInit): Record<string, string> {
  const { headers = {} } = init
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  const sent = pairs.map(([name = '', value]) => [name.toLowerCase(), value]).filter(([name]) => SENT_HEADERS.has(name))
  return { ...Object.fromEntries(sent), 'user-agent': 'kode', 'accept-encoding': 'identity' }
}

/** @throws StatusError for a status beyond those of HTTP, as some gateways send */
function responseOf(incoming: IncomingMessage): Response {
  const headers = new Headers()
  for (let place = 0; place < incoming.rawHeaders.length; place += 2) {
    headers.append(incoming.rawHeaders[place]!, incoming.rawHeaders[place + 1]!)
  }
  const status = incoming.statusCode ?? 500
  if (status < 200 || status > 599) {
    incoming.resume()
    throw new StatusError(status, headers, '')
  }
  const hasBody = status !== 204 && status !== 304
  return new Response(hasBody ? bodyOf(incoming) : null, { status, headers })
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on('data', (chunk: Uint8Array) => {
          controller.enqueue(chunk)
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
        })
        incoming.once('end', () => controller.close())
        // A connection that breaks inside the body ends here, never as an orderly end.
        incoming.once('error', error => controller.error(error))
      },
      pull: () => void incoming.resume(),
      cancel: () => void incoming.destroy(),
    },
    { highWaterMark: 64 },
  )
}
