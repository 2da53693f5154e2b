import { realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { AgentContext, ClientCapabilities, McpServer, SessionInfo } from '@agentclientprotocol/sdk'
import { type AgentApp, agent, methods, PROTOCOL_VERSION, RequestError } from '@agentclientprotocol/sdk'
import type { Result } from '#shared/base/result'
import { kodePaths } from '#shared/config/paths'
import { lacksKey } from '#shared/kode'
import { openStore, type Store } from '#shared/store/sessions'
import { type AcpParts, AcpSession } from './acp-session'
import { mcpEntries } from './mcp-entries'

const SESSIONS_PER_PAGE = 50

/** What one client may do: the methods of ACP's stable version 1, each with what answers it. */
export class AcpServer {
  readonly #parts: AcpParts
  readonly #sessions = new Map<string, AcpSession>()
  #capabilities: ClientCapabilities = {}
  #store: Store | undefined

  constructor(parts: AcpParts) {
    this.#parts = parts
  }

  app(): AgentApp {
    const { session } = methods.agent
    return (
      agent({ name: 'kode' })
        .onRequest(methods.agent.initialize, ({ params }) => {
          this.#capabilities = params.clientCapabilities ?? {}
          return {
            protocolVersion: PROTOCOL_VERSION,
            agentInfo: { name: 'kode', title: 'kode', version: this.#parts.version },
            agentCapabilities: {
              loadSession: true,
              mcpCapabilities: { http: true, sse: true },
              promptCapabilities: { image: true, embeddedContext: true },
              sessionCapabilities: { list: {}, resume: {}, close: {}, delete: {} },
            },
            authMethods: [
              {
                id: 'saved-key',
                name: 'Saved key',
                description: 'Save a key first: kode providers login, in a terminal.',
              },
            ],
          }
        })
        // Keys are saved on a terminal or come from the environment; there is nothing to do here.
        .onRequest(methods.agent.authenticate, () => ({}))
        .onRequest(session.new, async ({ params, client }) => {
          const opened = await this.#open(params, client)
          afterAnswer(() => opened.announce())
          return { sessionId: opened.id, modes: opened.modes, configOptions: opened.configOptions }
        })
        .onRequest(session.load, async ({ params, client }) => {
          const opened = await this.#open(params, client, params.sessionId)
          await opened.replay()
          afterAnswer(() => opened.announce())
          return { modes: opened.modes, configOptions: opened.configOptions }
        })
        .onRequest(session.resume, async ({ params, client }) => {
          const opened = await this.#open(params, client, params.sessionId)
          afterAnswer(() => opened.announce())
          return { modes: opened.modes, configOptions: opened.configOptions }
        })
        .onRequest(session.list, ({ params }) => this.#list(params.cwd ?? undefined, params.cursor ?? undefined))
        .onRequest(session.close, async ({ params }) => {
          await this.#close(this.#known(params.sessionId))
          return {}
        })
        .onRequest(session.delete, async ({ params }) => {
          const running = this.#sessions.get(params.sessionId)
          if (running) await this.#close(running)
          const deleted = await this.#opened().deleteSession(params.sessionId)
          if (!deleted.ok && deleted.error.kind !== 'unknown') throw failure(deleted.error.message)
          return {}
        })
        .onRequest(session.setMode, ({ params }) => {
          valueOrFailure(this.#known(params.sessionId).setMode(params.modeId))
          return {}
        })
        .onRequest(session.setConfigOption, async ({ params }) => {
          const { value } = params
          if (typeof value !== 'string')
            throw RequestError.invalidParams(undefined, `option "${params.configId}" takes a name`)
          return {
            configOptions: valueOrFailure(await this.#known(params.sessionId).setOption(params.configId, value)),
          }
        })
        .onRequest(session.prompt, async ({ params, signal }) => ({
          stopReason: valueOrFailure(await this.#known(params.sessionId).prompt(params.prompt, signal)),
        }))
        .onNotification(session.cancel, ({ params }) => this.#sessions.get(params.sessionId)?.cancel())
    )
  }

  /** Ends every session, with what it runs. */
  async close(): Promise<void> {
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(open.map(session => session.close()))
    await this.#store?.close()
  }

  async #open(
    { cwd, mcpServers }: { cwd: string; mcpServers?: McpServer[] | null },
    client: AgentContext,
    resume?: string,
  ): Promise<AcpSession> {
    if (!isAbsolute(cwd)) throw RequestError.invalidParams({ cwd }, 'cwd must be an absolute path')
    const root = await realpath(cwd).catch(() => {
      throw RequestError.invalidParams({ cwd }, 'there is no such folder')
    })
    const running = resume === undefined ? undefined : this.#sessions.get(resume)
    if (running) await this.#close(running)
    if (resume !== undefined && !this.#opened().findSession(resume).ok) throw RequestError.sessionNotFound(resume)
    const request = { root, mcpServers: mcpEntries(mcpServers ?? []), ...(resume !== undefined && { resume }) }
    const session = await AcpSession.open(request, this.#parts, client, this.#capabilities)
    if (!session.ok) {
      const { machine, env, settings } = this.#parts
      const needsKey = await lacksKey({
        root,
        files: machine.files,
        processes: machine.processes,
        env,
        flags: settings,
      })
      throw needsKey ? RequestError.authRequired(undefined, session.error) : failure(session.error)
    }
    this.#sessions.set(session.value.id, session.value)
    return session.value
  }

  async #close(session: AcpSession): Promise<void> {
    this.#sessions.delete(session.id)
    await session.close()
  }

  #known(sessionId: string): AcpSession {
    const session = this.#sessions.get(sessionId)
    if (!session) throw RequestError.sessionNotFound(sessionId)
    return session
  }

  async #list(cwd: string | undefined, cursor: string | undefined) {
    const root = cwd === undefined ? undefined : await realpath(cwd).catch(() => cwd)
    const start = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isInteger(start) || start < 0) throw RequestError.invalidParams({ cursor }, 'unknown cursor')
    const all = this.#opened().listSessions(root)
    const sessions = all.slice(start, start + SESSIONS_PER_PAGE).map(
      (each): SessionInfo => ({
        sessionId: each.id,
        cwd: each.project,
        title: each.title,
        updatedAt: new Date(each.updated_at).toISOString(),
      }),
    )
    const next = start + SESSIONS_PER_PAGE
    return { sessions, ...(next < all.length && { nextCursor: String(next) }) }
  }

  #opened(): Store {
    if (this.#store) return this.#store
    const store = openStore({ folder: kodePaths(this.#parts.env).db, now: () => this.#parts.machine.now() })
    if (!store.ok) throw failure(store.error.message)
    this.#store = store.value
    return store.value
  }
}

/** A client learns a session's id from the answer; updates that came earlier would be about nothing it knows. */
function afterAnswer(tell: () => Promise<void>): void {
  setImmediate(() => void tell())
}

function valueOrFailure<T>(result: Result<T, string>): T {
  if (result.ok) return result.value
  throw failure(result.error)
}

/** The message is for people: clients show it as it is. */
function failure(message: string): RequestError {
  return new RequestError(-32603, message)
}
