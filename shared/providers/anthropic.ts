import type Anthropic from '@anthropic-ai/sdk'
import { isLongWindow } from '#shared/config/model-catalog'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from './provider'
import type { Connection } from './support/connection'
import { listFailure } from './support/connection'
import { MessagesDecoder } from './support/messages-decoder'
import { messagesRequest, wireModel } from './support/messages-request'
import { modelInfoOf } from './support/model-list'
import { leavingOutRefused, type OptionalPart, usedParts } from './support/optional-parts'
import { readReply } from './support/read-reply'
import { withRetries } from './support/retry'
import { createTransport, type Fetch } from './support/transport'
import { JSON_BODY, WireMemory } from './support/wire-memory'

/** The version whose format is spoken here. */
const API_VERSION = '2023-06-01'

/** Anthropic's own wire format: cache marks and signed thinking do not survive a compatibility layer. */
export class AnthropicMessages implements Provider {
  readonly name: string
  readonly #connection: Connection
  readonly #fetch: Fetch
  readonly #leftOut = new Set<OptionalPart>()
  readonly #memory = new WireMemory()
  #client: Anthropic | undefined

  constructor(connection: Connection) {
    this.name = connection.name
    this.#connection = connection
    this.#fetch = createTransport(connection)
  }

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const { origin, retry } = this.#connection
    const attempt = () =>
      leavingOutRefused(
        () => this.#ask(request, signal),
        this.#leftOut,
        usedParts(request, ['cache_control']),
        origin.provider,
      )
    return withRetries(attempt, retry, signal)
  }

  async prepare(): Promise<void> {
    await this.#connect()
  }

  async listModels(signal: AbortSignal): Promise<{ models: ModelInfo[] } | { failure: ProviderFailure }> {
    try {
      const client = await this.#connect()
      const response = await client.get('/v1/models?limit=1000', { signal }).asResponse()
      const listed = modelInfoOf(await response.text(), this.#connection.origin)
      return 'failure' in listed ? listed : { models: listed.models.flatMap(withLongWindow) }
    } catch (error) {
      return { failure: listFailure(error, this.#connection.origin) }
    }
  }

  #ask(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const { origin, silence } = this.#connection
    const open = async (abort: AbortSignal) => {
      const client = await this.#connect()
      const { beta } = wireModel(request.model)
      const body = messagesRequest(request, this.#leftOut, this.#memory)
      // Not messages.create(): that one writes warnings about models to the console.
      return client
        .post('/v1/messages', {
          body,
          signal: abort,
          stream: true,
          headers: { ...JSON_BODY, ...(beta && { 'anthropic-beta': beta }) },
        })
        .asResponse()
    }
    return readReply(open, new MessagesDecoder(origin), origin, silence, signal)
  }

  async #connect(): Promise<Anthropic> {
    if (this.#client) return this.#client
    const { Anthropic: Client } = await import('@anthropic-ai/sdk/client')
    const { apiKey, baseUrl } = this.#connection
    this.#client = new Client({
      // The SDK adds /v1 by itself.
      baseURL: baseUrl.replace(/\/v1$/, ''),
      // Without a key it would look for credentials of other programs.
      apiKey: apiKey ?? 'none',
      defaultHeaders: { 'anthropic-version': API_VERSION, ...(apiKey === undefined && { 'x-api-key': null }) },
      // Retries and time limits are ours: the SDK's end with the response headers.
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      logLevel: 'off',
      fetch: this.#fetch,
    })
    return this.#client
  }
}

/** Some models have a second name, which asks for a larger window. */
function withLongWindow(model: ModelInfo): ModelInfo[] {
  const long = `${model.id}-1m`
  return isLongWindow(long) ? [model, { ...model, id: long, windowTokens: 1_000_000 }] : [model]
}
