import { pathToFileURL } from 'node:url'
import {
  type CallToolResult,
  Client,
  type GetPromptResult,
  type ReadResourceResult,
} from '@modelcontextprotocol/client'
import { joinSignals } from '#shared/base/cancel'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import { type AskUser, elicit } from './elicitation'
import {
  type ListedPrompt,
  type ListedResource,
  type ListedTool,
  listPrompts,
  listResources,
  listTools,
} from './listed'
import type { ServerConfig } from './server-config'
import type { Line, OpenLine } from './transport'

/** How a server is doing. */
export type ServerState = 'idle' | 'connecting' | 'connected' | 'failed'

/** What a connection needs of the world. */
export interface ConnectionParts {
  config: ServerConfig
  /** Absolute; what the server is told it works on. */
  root: string
  version: string
  /** Makes a way to the server; a new one for each try. */
  openLine: OpenLine
  now(): number
  /** The tools are others than before. */
  onChange(): void
  log(text: string): void
}

/** Who calls a tool, and hears of it meanwhile. */
export interface Caller {
  signal: AbortSignal
  onProgress(text: string): void
  ask: AskUser
}

/** After the first failed try; doubled with each further one. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** A connection that lived so long was a good one. */
const GOOD_LIFE_MS = 10_000
/** A call waits for a list that changed while it ran, but not longer. */
const RELIST_TIMEOUT_MS = 5_000
/** A call that reports progress may go on for so many times its limit. */
const PROGRESS_FACTOR = 10

/** One server: connected when it is needed, and again after it went away, with growing pauses. */
export class ServerConnection {
  readonly config: ServerConfig
  readonly #parts: ConnectionParts
  #state: ServerState = 'idle'
  #trouble = ''
  #client: Client | undefined
  #line: Line | undefined
  #connecting: Promise<Result<Client, string>> | undefined
  #tools: readonly ListedTool[] = []
  #prompts: readonly ListedPrompt[] = []
  #instructions = ''
  #failures = 0
  #mayTryAt = 0
  #connectedAt = 0
  #isClosed = false
  #relisting: Promise<void> | undefined
  /** Whoever called last is who a question of the server is for. */
  #callers: Caller[] = []

  constructor(parts: ConnectionParts) {
    this.config = parts.config
    this.#parts = parts
  }

  get state(): ServerState {
    return this.#state
  }

  /** Why it is not connected, in one line. */
  get trouble(): string {
    return this.#trouble
  }

  /** As listed last, also while it is away. */
  get tools(): readonly ListedTool[] {
    return this.#tools
  }

  get prompts(): readonly ListedPrompt[] {
    return this.#prompts
  }

  /** What it says about its tools as a whole; empty when nothing. */
  get instructions(): string {
    return this.#instructions
  }

  /** Connects unless it is connected; a server that failed is left alone for a while. */
  connect(): Promise<Result<Client, string>> {
    if (this.#isClosed) return Promise.resolve(fail('kode is closing'))
    if (this.#client) return Promise.resolve(ok(this.#client))
    const waitMs = this.#mayTryAt - this.#parts.now()
    if (!this.#connecting && waitMs > 0) {
      return Promise.resolve(fail(`${this.#trouble}; it is tried again in ${Math.ceil(waitMs / 1000)} s`))
    }
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Ends what there is and connects at once, whatever happened before. */
  async reconnect(): Promise<Result<Client, string>> {
    await this.#connecting
    await this.#drop()
    this.#mayTryAt = 0
    return this.connect()
  }

  /** Calls a tool. A connection that was lost before the call went out is made again once. */
  async call(
    tool: ListedTool,
    input: Record<string, unknown>,
    caller: Caller,
  ): Promise<Result<CallToolResult, string>> {
    const { callTimeoutMs } = this.config
    const { signal, onProgress } = caller
    this.#callers.push(caller)
    const result = await this.#ask(client =>
      client.callTool(
        { name: tool.name, arguments: input },
        {
          signal,
          timeout: callTimeoutMs,
          resetTimeoutOnProgress: true,
          maxTotalTimeout: callTimeoutMs * PROGRESS_FACTOR,
          onprogress: ({ progress, total, message }) =>
            onProgress(message ?? (total === undefined ? `${progress}` : `${progress} of ${total}`)),
          // Without an output schema: what a server says against its own promise is still worth reading.
          toolDefinition: { name: tool.name, inputSchema: { ...asObject(tool.inputSchema), type: 'object' } },
        },
      ),
    )
    this.#callers = this.#callers.filter(each => each !== caller)
    // What a call brought is there for the next request.
    await this.#relisting
    return result
  }

  resources(signal: AbortSignal): Promise<Result<ListedResource[], string>> {
    return this.#ask(client => listResources(client, this.#limited(signal)))
  }

  readResource(uri: string, signal: AbortSignal): Promise<Result<ReadResourceResult, string>> {
    return this.#ask(client => client.readResource({ uri }, { signal: this.#limited(signal) }))
  }

  getPrompt(name: string, args: Record<string, string>, signal: AbortSignal): Promise<Result<GetPromptResult, string>> {
    return this.#ask(client => client.getPrompt({ name, arguments: args }, { signal: this.#limited(signal) }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#drop()
    await this.#connecting
    await this.#drop()
  }

  #limited(signal: AbortSignal): AbortSignal {
    return joinSignals(signal, AbortSignal.timeout(this.config.callTimeoutMs))
  }

  async #ask<T>(question: (client: Client) => Promise<T>): Promise<Result<T, string>> {
    for (let attempt = 0; ; attempt++) {
      const connected = await this.connect()
      if (!connected.ok) return connected
      try {
        return ok(await question(connected.value))
      } catch (error) {
        if (attempt > 0 || !isLostSession(error)) return fail(this.#line?.explain(error) ?? messageOf(error))
        await this.#drop()
      }
    }
  }

  async #open(): Promise<Result<Client, string>> {
    this.#state = 'connecting'
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), this.config.startTimeoutMs)
    try {
      const client = await this.#handshake(limit.signal)
      this.#tools = await listTools(client, limit.signal)
      this.#prompts = await listPrompts(client, limit.signal).catch(error => {
        this.#parts.log(`${this.config.name}: its prompts: ${messageOf(error)}`)
        return []
      })
      if (this.#isClosed) throw new Error('kode is closing')
      this.#client = client
      this.#instructions = client.getInstructions() ?? ''
      this.#state = 'connected'
      this.#trouble = ''
      this.#connectedAt = this.#parts.now()
      this.#parts.onChange()
      return ok(client)
    } catch (error) {
      const why = limit.signal.aborted
        ? `no answer within ${this.config.startTimeoutMs / 1000} s`
        : (this.#line?.explain(error) ?? messageOf(error))
      await this.#line?.close()
      this.#failed(why)
      return fail(why)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Tries the ways to the server one after the other; the error of the last is what counts. */
  async #handshake(signal: AbortSignal): Promise<Client> {
    for (let attempt = 0; ; attempt++) {
      const line = this.#parts.openLine(attempt)
      this.#line = line
      const client = this.#newClient(line)
      try {
        await untilAborted(client.connect(line.transport, { signal, timeout: this.config.startTimeoutMs }), signal)
        client.onclose = () => this.#lost(client)
        return client
      } catch (error) {
        await client.close().catch(messageOf)
        await line.close()
        if (signal.aborted || !line.mayTryAnother(error)) throw error
      }
    }
  }

  #newClient(line: Line): Client {
    const { root, version } = this.#parts
    const client = new Client(
      { name: 'kode', version },
      {
        capabilities: { roots: {}, elicitation: { form: {} } },
        versionNegotiation: line.isLegacy
          ? { mode: 'legacy' }
          : { mode: 'auto', probe: { timeoutMs: line.probeTimeoutMs ?? this.config.startTimeoutMs } },
        listChanged: {
          tools: {
            autoRefresh: false,
            debounceMs: 0,
            onChanged: () => {
              this.#relisting = this.#relistTools(client)
            },
          },
          prompts: { autoRefresh: false, debounceMs: 0, onChanged: () => void this.#relistPrompts(client) },
        },
      },
    )
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: pathToFileURL(root).href, name: 'project' }] }))
    client.setRequestHandler('elicitation/create', ({ params }, { mcpReq }) =>
      elicit(this.config.name, params, this.#callers.at(-1)?.ask, mcpReq.signal),
    )
    client.onerror = error => this.#parts.log(`${this.config.name}: ${error.message.slice(0, 300)}`)
    return client
  }

  #relistTools(client: Client): Promise<void> {
    return this.#relist(client, 'tools', async signal => {
      this.#tools = await listTools(client, signal)
      this.#parts.onChange()
    })
  }

  #relistPrompts(client: Client): Promise<void> {
    return this.#relist(client, 'prompts', async signal => {
      this.#prompts = await listPrompts(client, signal)
    })
  }

  async #relist(client: Client, what: string, list: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (client !== this.#client) return
    try {
      await list(AbortSignal.timeout(RELIST_TIMEOUT_MS))
    } catch (error) {
      this.#parts.log(`${this.config.name}: its new list of ${what}: ${messageOf(error)}`)
    }
  }

  #lost(client: Client): void {
    if (client !== this.#client) return
    this.#client = undefined
    if (this.#parts.now() - this.#connectedAt > GOOD_LIFE_MS) this.#failures = 0
    this.#failed(this.#line?.explain(undefined) ?? 'the connection was lost')
  }

  #failed(why: string): void {
    this.#state = 'failed'
    this.#trouble = why
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS)
    this.#failures++
    this.#mayTryAt = this.#parts.now() + pauseMs
    this.#parts.log(`${this.config.name}: ${why}`)
  }

  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#state = 'idle'
    await this.#line?.close()
    await client?.close()
  }
}

/** The SDK does not look at the signal in every step of a start. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('the start took too long'))
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The server forgot the session (a restart, an end of life): nothing of the call was done. */
function isLostSession(error: unknown): boolean {
  if (!(error instanceof Error) || !('status' in error)) return false
  return error.status === 404 || (error.status === 400 && /session/i.test(error.message))
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
