import { createServer } from 'node:http'
import { createNodeWebSocketUpgradeHandler } from '@agentclientprotocol/sdk/experimental/node'
import { AcpServer as AcpTransport } from '@agentclientprotocol/sdk/experimental/server'
import { WebSocketServer } from 'ws'
import { LOOPBACK, listen, newToken, refusalOf } from '../loopback'
import { AcpServer } from './acp-server'
import type { AcpParts } from './acp-session'

/** Where to listen, and how to tell. */
export interface WebSocketOptions {
  /** 0: any free one. */
  port: number
  /** What a client must know; a new one otherwise. */
  token?: string
  /** Told the address, and the token where it is new. */
  tell(text: string): void
}

/** Serves any number of clients over WebSockets on the loopback interface, until the signal fires. */
export async function serveWebSockets(parts: AcpParts, options: WebSocketOptions, signal: AbortSignal): Promise<void> {
  const token = options.token ?? newToken()
  const ends = new Set<Promise<void>>()
  const transport = new AcpTransport({
    createAgent() {
      const server = new AcpServer(parts)
      return server.app().onConnect(connection => {
        const end = connection.closed.then(() => server.close()).finally(() => ends.delete(end))
        ends.add(end)
      })
    },
  })
  const sockets = new WebSocketServer({ noServer: true })
  const upgrade = createNodeWebSocketUpgradeHandler(transport, sockets)
  const http = createServer((_, response) => response.writeHead(426, { upgrade: 'websocket' }).end())
  http.on('upgrade', (request, socket, head) => {
    const refusal = refusalOf(request, token)
    if (!refusal) return upgrade(request, socket, head)
    // Whoever breaks off does not hear it.
    socket.on('error', () => socket.destroy())
    socket.end(`HTTP/1.1 ${refusal.status} ${refusal.reason}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
  })
  const port = await listen(http, options.port)
  options.tell(`kode serves ACP on ws://${LOOPBACK}:${port}`)
  if (options.token === undefined) options.tell(`token: ${token}`)
  await aborted(signal)
  http.close()
  await transport.close()
  await Promise.all(ends)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
