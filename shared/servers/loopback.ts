import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:net'

/** Who else on this machine may talk to a server of ours: whoever has the token, and no web page of elsewhere. */
export type Refusal = { status: 401; reason: string } | { status: 403; reason: string }

/** Loopback only: other machines have no way in. */
export const LOOPBACK = '127.0.0.1'

const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]']

/** A token that nobody guesses. */
export function newToken(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * Judges a request by where it comes from and what it knows. The `Host` is looked at as well: a web page whose
 * name was pointed at this machine sends its own.
 */
export function refusalOf(request: IncomingMessage, token: string): Refusal | undefined {
  const { host, origin, authorization } = request.headers
  if (!isLocal(`http://${host ?? ''}`)) return { status: 403, reason: 'this address is not served' }
  if (origin !== undefined && !isLocal(origin)) return { status: 403, reason: 'this origin is not allowed' }
  const given = authorization?.match(/^Bearer (.+)$/i)?.[1] ?? queryToken(request)
  return given !== undefined && isSame(given, token)
    ? undefined
    : { status: 401, reason: 'the token is missing or wrong' }
}

/** Listens on the loopback interface. @returns the port */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function isLocal(address: string): boolean {
  return URL.canParse(address) && LOCAL_HOSTS.includes(new URL(address).hostname)
}

/** Editors and browsers cannot always set a header on a WebSocket. */
function queryToken(request: IncomingMessage): string | undefined {
  const address = `http://${LOOPBACK}${request.url ?? '/'}`
  return URL.canParse(address) ? (new URL(address).searchParams.get('token') ?? undefined) : undefined
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
