import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { LOOPBACK, listen, newToken, refusalOf } from '../loopback'
import { type ContextMaker, kodeMcpServer } from './kode-tools'

/** Serves one client over stdin and stdout, until it goes away or the signal fires. */
export async function serveMcpOnStdio(version: string, contextFor: ContextMaker, signal: AbortSignal): Promise<void> {
  const handle = serveStdio(() => kodeMcpServer(version, contextFor))
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
  })
  await handle.close()
}

/** Where to listen, and how to tell. */
export interface HttpOptions {
  /** 0: any free one. */
  port: number
  /** What a client must know; a new one otherwise. */
  token?: string
  tell(text: string): void
}

/** Larger requests are refused. */
const MAX_BODY_BYTES = 10_000_000

/** Serves clients over Streamable HTTP at `/mcp` on the loopback interface, until the signal fires. */
export async function serveMcpOnHttp(
  version: string,
  contextFor: ContextMaker,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<void> {
  const token = options.token ?? newToken()
  const handler = createMcpHandler(() => kodeMcpServer(version, contextFor))
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request, token)
    if (refusal) return void response.writeHead(refusal.status, { 'content-type': 'text/plain' }).end(refusal.reason)
    if (request.url?.split('?', 1)[0] !== '/mcp') return void response.writeHead(404).end()
    const body = await bodyOf(request)
    if (!body) return void response.writeHead(413).end()
    await reply(await handler.fetch(webRequest(request, response, body)), response)
  }
  // Whoever breaks off hears nothing more; everybody else is still served.
  const http = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  const port = await listen(http, options.port)
  options.tell(`kode serves MCP on http://${LOOPBACK}:${port}/mcp`)
  if (options.token === undefined) options.tell(`token: ${token}`)
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await handler.close()
  http.closeAllConnections()
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request) {
    size += piece.length
    if (size > MAX_BODY_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** A client that goes away ends what it asked for. */
function webRequest(request: IncomingMessage, response: ServerResponse, body: Buffer): Request {
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const method = request.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(`http://${LOOPBACK}${request.url}`, {
    method,
    headers,
    signal: gone.signal,
    ...(hasBody && { body: new Uint8Array(body) }),
  })
}

async function reply(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (!answer.body) return void response.end()
  for await (const piece of Readable.fromWeb(answer.body)) response.write(piece)
  response.end()
}
