import { Readable, Writable } from 'node:stream'
import { ndJsonStream } from '@agentclientprotocol/sdk'
import { AcpServer } from './acp-server'
import type { AcpParts } from './acp-session'

/** Serves one client over stdin and stdout, until it goes away or the signal fires. */
export async function serveStdio(parts: AcpParts, signal: AbortSignal): Promise<void> {
  const server = new AcpServer(parts)
  const stream = ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin))
  const connection = server.app().connect(stream)
  signal.addEventListener('abort', () => connection.close(), { once: true })
  if (signal.aborted) connection.close()
  await connection.closed
  await server.close()
}
