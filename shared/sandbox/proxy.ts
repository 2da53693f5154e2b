import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { NetworkGuard } from './network-guard'

const CONNECT_TIMEOUT_MS = 20_000

/** Not for the next host. */
const HOP_HEADERS = new Set([
  'proxy-connection',
  'proxy-authorization',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
])

/** The only way out of the sandbox: an HTTP proxy, with tunnels, that reaches what the guard allows. Listens nowhere by itself. */
export function createProxy(guard: NetworkGuard): Server {
  const server = createServer((incoming, reply) => {
    forward(incoming, reply, guard).catch(error => refuse(reply, 502, String(error)))
  })
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    tunnel(incoming.url ?? '', client, head, guard).catch(() => client.destroy())
  })
  server.on('clientError', (_, socket) => socket.destroy())
  return server
}

async function forward(incoming: IncomingMessage, reply: ServerResponse, guard: NetworkGuard): Promise<void> {
  const url = URL.parse(incoming.url ?? '')
  if (url?.protocol !== 'http:') return refuse(reply, 400, 'This is a proxy: it takes absolute http:// addresses.')
  const port = Number(url.port || 80)
  const verdict = await guard.judge(url.hostname, port)
  if (verdict.kind === 'blocked') return refuse(reply, 403, `network to ${url.host} was blocked: ${verdict.reason}`)

  const outgoing = request({
    host: verdict.address,
    port,
    method: incoming.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...endToEnd(incoming.headers), host: url.host },
    timeout: CONNECT_TIMEOUT_MS,
  })
  outgoing.on('response', answer => {
    reply.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
    answer.pipe(reply)
  })
  outgoing.on('error', error => refuse(reply, 502, error.message))
  reply.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name)))
}

async function tunnel(authority: string, client: Duplex, head: Buffer, guard: NetworkGuard): Promise<void> {
  const found = /^(\[[0-9a-f:.]+\]|[^:@/\s]+):(\d{1,5})$/i.exec(authority)
  if (!found) return end(client, '400 Bad Request', 'CONNECT needs host:port.')
  const port = Number(found[2])
  const verdict = await guard.judge(found[1]!, port)
  if (verdict.kind === 'blocked') {
    return end(client, '403 Forbidden', `network to ${authority} was blocked: ${verdict.reason}`)
  }
  const far = connect({ host: verdict.address, port })
  far.setTimeout(CONNECT_TIMEOUT_MS, () => far.destroy(new Error('no answer')))
  far.on('connect', () => {
    far.setTimeout(0)
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    far.write(head)
    join(client, far)
  })
  far.on('error', error => end(client, '502 Bad Gateway', error.message))
}

function join(client: Duplex, far: Socket): void {
  client.pipe(far).pipe(client)
  client.on('close', () => far.destroy())
  far.on('close', () => client.destroy())
}

function refuse(reply: ServerResponse, status: number, text: string): void {
  if (reply.headersSent) {
    reply.destroy()
    return
  }
  reply.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`kode sandbox: ${text}\n`)
}

function end(client: Duplex, status: string, text: string): void {
  const body = `kode sandbox: ${text}\n`
  client.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
