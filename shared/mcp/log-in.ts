import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { auth, Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import { fail, ok, type Result } from '#shared/base/result'
import { guardedFetch } from './guarded-fetch'
import type { WebTarget } from './server-config'
import { type LoginStore, StoredLogin } from './stored-login'
import { explanation } from './web-line'

export interface LogIn {
  name: string
  target: WebTarget
  store: LoginStore
  version: string
  /** Names the proxy, if there is one. */
  env: Readonly<Record<string, string | undefined>>
  /** Shows the address to the user, and opens it where that is possible. */
  open(url: URL): void
  signal: AbortSignal
}

/** How long the user may take in the browser. */
const PATIENCE_MS = 5 * 60_000
/** A server that asks for more rights each time is not followed for ever. */
const MAX_ROUNDS = 3

/**
 * Has the user log in at a server, in the browser; the browser comes back to a port of this machine. The login is tried
 * before it counts, and kept.
 */
export async function logIn(options: LogIn): Promise<Result<void, string>> {
  const { name, target, store, version, signal } = options
  if (target.oauth === false) return fail('its configuration says that it needs no login')
  const state = randomBytes(24).toString('base64url')
  const callback = await CallbackServer.open(state)
  const guarded = guardedFetch(target.allowsLocal, options.env)
  const login = new StoredLogin(target.url, store, target.oauth, {
    redirectUrl: callback.url,
    state,
    open: options.open,
  })
  const finish = async (transport: StreamableHTTPClientTransport) => {
    await transport.finishAuth(await callback.next(limit))
    // Whoever wants another login after this one may want it elsewhere.
    await login.invalidateCredentials('discovery')
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  try {
    const { wantedScope } = await store.read(target.url)
    if (wantedScope) {
      await auth(login, {
        serverUrl: target.url,
        scope: wantedScope,
        forceReauthorization: true,
        fetchFn: guarded.fetch,
      })
    }
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const transport = new StreamableHTTPClientTransport(new URL(target.url), {
        fetch: guarded.fetch,
        requestInit: { headers: target.headers },
        authProvider: login,
      })
      const client = new Client({ name: 'kode', version }, { versionNegotiation: { mode: 'auto' } })
      try {
        if (round === 0 && wantedScope) await finish(transport)
        await client.connect(transport, { signal: limit })
        // Some servers let everybody in and ask at the first real request.
        if (client.getServerCapabilities()?.tools) await client.listTools(undefined, { signal: limit })
        return (await login.tokens()) ? ok(undefined) : fail('it asks for no login')
      } catch (error) {
        if (!isLoginWanted(error)) throw error
        await finish(transport)
      } finally {
        await client.close()
      }
    }
    return fail('it asked for a login again and again')
  } catch (error) {
    if (signal.aborted) return fail('cancelled')
    return fail(limit.aborted ? 'nobody came back from the browser' : explanation(name, error))
  } finally {
    callback.close()
    guarded.close()
  }
}

function isLoginWanted(error: unknown): boolean {
  if (error instanceof UnauthorizedError) return true
  return error instanceof Error && error.cause !== undefined && isLoginWanted(error.cause)
}

/** Waits on a port of this machine for the browser to come back. */
class CallbackServer {
  readonly #server: Server
  readonly url: string
  #arrived: URLSearchParams | undefined
  #wake: () => void = () => undefined

  static async open(state: string): Promise<CallbackServer> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new CallbackServer(server, state)
  }

  private constructor(server: Server, state: string) {
    this.#server = server
    const address = server.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/callback`
    server.on('request', (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
      // Another page that was made to come here knows no state.
      const isOurs = pathname === '/callback' && isSame(searchParams.get('state') ?? '', state)
      response.writeHead(isOurs ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
      response.end(isOurs ? 'kode has what it needs. You can close this window.\n' : 'Not found.\n')
      if (!isOurs) return
      this.#arrived = searchParams
      this.#wake()
    })
  }

  /** What the browser brings. Rejects when the user takes too long. */
  async next(signal: AbortSignal): Promise<URLSearchParams> {
    while (!this.#arrived) {
      signal.throwIfAborted()
      await new Promise<void>(resolve => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const arrived = this.#arrived
    this.#arrived = undefined
    return arrived
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
