import {
  type OAuthClientProvider,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { guardedFetch, RefusedError } from './guarded-fetch'
import type { WebTarget } from './server-config'
import { LoginNeeded } from './stored-login'
import type { OpenLine } from './transport'

/** A stream that broke is asked for again, with growing pauses; after these the next call starts anew. */
const RECONNECTION = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 5,
}
const FAREWELL_MS = 1_000

/**
 * Ways to a server at an address: Streamable HTTP, then, unless told otherwise, the older events.
 *
 * @param login undefined: none is ever tried
 * @param env names the proxy, if there is one
 */
export function webLine(
  name: string,
  target: WebTarget,
  login: OAuthClientProvider | undefined,
  env: Readonly<Record<string, string | undefined>>,
): OpenLine {
  return attempt => {
    const guarded = guardedFetch(target.allowsLocal, env)
    const isOld = target.transport === 'sse' || attempt > 0
    const options = {
      fetch: guarded.fetch,
      requestInit: { headers: target.headers },
      ...(login && { authProvider: login }),
    }
    const url = new URL(target.url)
    const streamable = isOld
      ? undefined
      : new StreamableHTTPClientTransport(url, { ...options, reconnectionOptions: RECONNECTION })
    const transport = streamable ?? new SSEClientTransport(url, options)
    return {
      transport,
      isLegacy: isOld,
      mayTryAnother: error => target.transport === 'auto' && attempt === 0 && speaksNoStreamableHttp(error),
      explain: error => explanation(name, error),
      async close() {
        // A server that keeps sessions is told; one that does not answer is not waited for.
        const told = streamable?.sessionId === undefined ? undefined : streamable.terminateSession()
        await Promise.race([
          told?.catch(() => undefined),
          new Promise(resolve => setTimeout(resolve, FAREWELL_MS).unref()),
        ])
        await transport.close()
        guarded.close()
      },
    }
  }
}

/** Source: the transport's specification, "Backwards Compatibility". */
function speaksNoStreamableHttp(error: unknown): boolean {
  const status = statusOf(error)
  return status === 400 || status === 404 || status === 405
}

/** What went wrong at a server, in one line. */
export function explanation(name: string, error: unknown): string {
  const status = statusOf(error)
  if (
    status === 401 ||
    causes(error).some(cause => cause instanceof LoginNeeded || cause instanceof UnauthorizedError)
  ) {
    return `it wants a login: kode mcp login ${name}`
  }
  if (status === 403) return 'it forbids this (403)'
  const refused = causes(error).find(cause => cause instanceof RefusedError)
  if (refused) return refused.message
  const deepest = causes(error).at(-1)
  return deepest?.message || 'the connection was lost'
}

function statusOf(error: unknown): number | undefined {
  for (const each of causes(error)) {
    if ('status' in each && typeof each.status === 'number') return each.status
    if ('code' in each && typeof each.code === 'number') return each.code
  }
  return undefined
}

function causes(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : []
}
