import type { OpenAI } from 'openai'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from './provider'
import { ChatDecoder } from './support/chat-decoder'
import { type ChatDialect, chatRequest } from './support/chat-request'
import { type Connection, listFailure } from './support/connection'
import { mergeModels, modelInfoOf } from './support/model-list'
import { leavingOutRefused, type OptionalPart, usedParts } from './support/optional-parts'
import { readReply } from './support/read-reply'
import { ResponsesDecoder } from './support/responses-decoder'
import { responsesRequest } from './support/responses-request'
import { withRetries } from './support/retry'
import { createTransport, type Fetch } from './support/transport'
import { JSON_BODY, WireMemory } from './support/wire-memory'

/** A model name that stands for whatever the server has loaded. */
export const AUTO_DETECT = 'auto-detect'

/** Everything that speaks chat completions: OpenAI, most other vendors, gateways, and local servers. */
export class OpenAiCompatible implements Provider {
  readonly name: string
  readonly #connection: Connection
  readonly #dialect: ChatDialect
  readonly #fetch: Fetch
  readonly #leftOut = new Set<OptionalPart>()
  readonly #asChat = new WireMemory()
  readonly #asResponses = new WireMemory()
  #client: OpenAI | undefined
  #detectedModel: string | undefined

  constructor(connection: Connection, dialect: ChatDialect) {
    this.name = connection.name
    this.#connection = connection
    this.#dialect = dialect
    this.#fetch = createTransport(connection)
  }

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    return withRetries(() => this.#attempt(request, signal), this.#connection.retry, signal)
  }

  async prepare(): Promise<void> {
    await this.#connect()
  }

  async listModels(signal: AbortSignal): Promise<{ models: ModelInfo[] } | { failure: ProviderFailure }> {
    const { baseUrl, listPaths } = this.#connection
    const asked = await Promise.all(listPaths.map(path => this.#list(new URL(path, `${baseUrl}/`), signal)))
    const lists = asked.flatMap(each => ('models' in each ? [each.models] : []))
    return lists.length > 0 ? { models: mergeModels(lists) } : asked[0]!
  }

  async #list(url: URL, signal: AbortSignal): Promise<{ models: ModelInfo[] } | { failure: ProviderFailure }> {
    try {
      const client = await this.#connect()
      const response = await client.get(url.href, { signal }).asResponse()
      return modelInfoOf(await response.text(), this.#connection.origin)
    } catch (error) {
      return { failure: listFailure(error, this.#connection.origin) }
    }
  }

  async *#attempt(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const model = await this.#modelFor(request.model, signal)
    if (typeof model !== 'string') return yield { type: 'failure', failure: model }
    const asked = { ...request, model }
    const server = this.#connection.origin.provider
    const { isGemini, thinkingField, responsesModels } = this.#dialect
    const sendsThinking = isGemini || thinkingField !== undefined || responsesModels !== undefined
    const used = usedParts(asked, sendsThinking ? ['stream_options', 'thinking'] : ['stream_options'])
    yield* leavingOutRefused(() => this.#ask(asked, signal), this.#leftOut, used, server)
  }

  #ask(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const { origin, silence } = this.#connection
    const isResponses = this.#dialect.responsesModels?.test(request.model) === true
    const toolNames = new Set(request.tools.map(tool => tool.name))
    const decoder = isResponses
      ? new ResponsesDecoder(origin)
      : new ChatDecoder(origin, toolNames, id => isUsedId(id, request))
    const open = async (abort: AbortSignal) => {
      const client = await this.#connect()
      const path = isResponses ? '/responses' : '/chat/completions'
      const body = isResponses
        ? responsesRequest(request, this.#leftOut, this.#asResponses)
        : chatRequest(request, this.#dialect, this.#leftOut, this.#asChat)
      return client.post(path, { body, headers: JSON_BODY, signal: abort, stream: true }).asResponse()
    }
    return readReply(open, decoder, origin, silence, signal)
  }

  async #connect(): Promise<OpenAI> {
    if (this.#client) return this.#client
    const { OpenAI: Client } = await import('openai/client')
    const { apiKey, baseUrl } = this.#connection
    this.#client = new Client({
      baseURL: baseUrl,
      // The SDK insists on a key and would read OPENAI_* from the environment where it gets none.
      apiKey: apiKey ?? 'none',
      organization: null,
      project: null,
      ...(apiKey === undefined && { defaultHeaders: { Authorization: null } }),
      // Retries and time limits are ours: the SDK's end with the response headers.
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      logLevel: 'off',
      fetch: this.#fetch,
    })
    return this.#client
  }

  async #modelFor(model: string, signal: AbortSignal): Promise<string | ProviderFailure> {
    if (model !== AUTO_DETECT) return model
    if (this.#detectedModel !== undefined) return this.#detectedModel
    const listed = await this.listModels(signal)
    if ('failure' in listed) return listed.failure
    this.#detectedModel = listed.models[0]?.id
    return (
      this.#detectedModel ?? {
        kind: 'not-found',
        message: `${this.#connection.origin.provider} has no model loaded`,
        advice: 'Load a model there, or name one with --model.',
      }
    )
  }
}

function isUsedId(id: string, { messages }: ModelRequest): boolean {
  return messages.some(
    message => message.role === 'assistant' && message.parts.some(part => part.type === 'tool_call' && part.id === id),
  )
}
