import type { OpenAI } from 'openai'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from './provider'
import { ChatDecoder } from './support/chat-decoder'
import { type ChatDialect, chatRequest, type OptionalPart } from './support/chat-request'
import { failureOfNetwork, failureOfStatus, type Origin } from './support/http-failure'
import { modelInfoOf } from './support/model-list'
import { readReply, type Silence, statusErrorIn } from './support/read-reply'
import { type RetryPolicy, withRetries } from './support/retry'
import { createTransport, type Fetch } from './support/transport'

export interface OpenAiCompatibleOptions {
  name: string
  /** Ends in `/v1` or what stands for it. */
  baseUrl: string
  /** None for local servers. */
  apiKey?: string
  /** Named in advice. */
  keyVariable: string
  dialect: ChatDialect
  silence: Silence
  retry: RetryPolicy
  connectTimeoutMs: number
  acceptInvalidCertificates: boolean
}

/** A model name that stands for whatever the server has loaded. */
export const AUTO_DETECT = 'auto-detect'

/** Everything that speaks chat completions: OpenAI, most other vendors, gateways, and local servers. */
export class OpenAiCompatible implements Provider {
  readonly name: string
  readonly #options: OpenAiCompatibleOptions
  readonly #origin: Origin
  readonly #fetch: Fetch
  readonly #leftOut = new Set<OptionalPart>()
  #client: OpenAI | undefined
  #detectedModel: string | undefined

  constructor(options: OpenAiCompatibleOptions) {
    this.name = options.name
    this.#options = options
    this.#origin = {
      // An endpoint of the user's own is known to them by its address.
      provider: options.name === 'openai-compatible' ? new URL(options.baseUrl).host : options.name,
      baseUrl: options.baseUrl,
      keyVariable: options.keyVariable,
      ...(options.apiKey && { secret: options.apiKey }),
    }
    this.#fetch = createTransport(options)
  }

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    return withRetries(() => this.#attempt(request, signal), this.#options.retry, signal)
  }

  async listModels(signal: AbortSignal): Promise<{ models: ModelInfo[] } | { failure: ProviderFailure }> {
    try {
      const client = await this.#connect()
      const response = await client.models.list({ signal, timeout: LIST_TIMEOUT_MS }).asResponse()
      return modelInfoOf(await response.text(), this.#origin)
    } catch (error) {
      const status = statusErrorIn(error)
      if (status) return { failure: failureOfStatus(status.status, status.headers, status.body, this.#origin) }
      return { failure: failureOfNetwork(error, this.#origin) }
    }
  }

  /** One try; asks once more at once without a part that the server says it does not take. */
  async *#attempt(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const model = await this.#modelFor(request.model, signal)
    if (typeof model !== 'string') return yield { type: 'failure', failure: model }
    const asked = { ...request, model }
    while (true) {
      let refused: OptionalPart | undefined
      for await (const event of this.#ask(asked, signal)) {
        if (event.type === 'failure') refused = refusedPart(event.failure, asked, this.#leftOut)
        if (refused === undefined) yield event
      }
      if (refused === undefined) return
      this.#leftOut.add(refused)
      const reason = `${this.#origin.provider} does not take ${WORDS[refused] ?? refused} here: asking again without`
      yield { type: 'retry', attempt: 1, waitMs: 0, reason }
    }
  }

  #ask(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const decoder = new ChatDecoder(this.#origin, new Set(request.tools.map(tool => tool.name)), usedIds(request))
    const open = async (abort: AbortSignal) => {
      const client = await this.#connect()
      const body = chatRequest(request, this.#options.dialect, this.#leftOut)
      return client.chat.completions.create(body, { signal: abort }).asResponse()
    }
    return readReply(open, decoder, this.#origin, this.#options.silence, signal)
  }

  async #connect(): Promise<OpenAI> {
    if (this.#client) return this.#client
    const { default: Client } = await import('openai')
    const { apiKey, baseUrl } = this.#options
    this.#client = new Client({
      baseURL: baseUrl,
      // The SDK insists on a key and would read OPENAI_* from the environment where it gets none.
      apiKey: apiKey ?? 'none',
      organization: null,
      project: null,
      defaultHeaders: { 'User-Agent': 'kode', ...(apiKey === undefined && { Authorization: null }) },
      // Retries and time limits are ours: the SDK's end with the response headers.
      maxRetries: 0,
      timeout: NO_TIMEOUT_MS,
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
        message: `${this.#origin.provider} has no model loaded`,
        advice: 'Load a model there, or name one with --model.',
      }
    )
  }
}

/** The longest that timers take. */
const NO_TIMEOUT_MS = 2 ** 31 - 1
const LIST_TIMEOUT_MS = 15_000

const WORDS: Partial<Record<OptionalPart, string>> = {
  images: 'images',
  thinking: 'earlier thinking',
  response_format: 'an output schema',
}

/** The part of the request that the server's refusal names, unless it was left out already. */
function refusedPart(
  failure: ProviderFailure,
  request: ModelRequest,
  leftOut: ReadonlySet<OptionalPart>,
): OptionalPart | undefined {
  if (failure.kind !== 'bad-request') return undefined
  const found = REFUSALS.find(({ pattern, part }) => !leftOut.has(part) && pattern.test(failure.message))?.part
  if (found === 'images' && !hasImages(request)) return undefined
  return found
}

const REFUSALS: { pattern: RegExp; part: OptionalPart }[] = [
  {
    pattern:
      /max_completion_tokens.{0,80}(not supported|unsupported|unknown|unrecognized|extra|not permitted|unexpected)|(unsupported|unknown|unrecognized|extra|unexpected)[^.]{0,80}max_completion_tokens/i,
    part: 'max_completion_tokens',
  },
  { pattern: /max_tokens/i, part: 'max_tokens' },
  { pattern: /temperature/i, part: 'temperature' },
  { pattern: /stream_options|include_usage/i, part: 'stream_options' },
  { pattern: /reasoning_effort/i, part: 'reasoning_effort' },
  { pattern: /response_format|json_schema/i, part: 'response_format' },
  { pattern: /reasoning_content|thinking_config|include_thoughts|extra_body/i, part: 'thinking' },
  { pattern: /image|vision|multi-?modal/i, part: 'images' },
]

function hasImages(request: ModelRequest): boolean {
  return request.messages.some(message =>
    message.role === 'user'
      ? message.parts.some(part => part.type === 'image')
      : message.role === 'tool' && !!message.images?.length,
  )
}

function usedIds(request: ModelRequest): Set<string> {
  return new Set(
    request.messages.flatMap(message =>
      message.role === 'assistant' ? message.parts.flatMap(part => (part.type === 'tool_call' ? [part.id] : [])) : [],
    ),
  )
}
