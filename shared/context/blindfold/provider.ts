import type { Result } from '#shared/base/result'
import type { Message, ToolCall } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider, ProviderFailure, ToolSpec } from '#shared/providers/provider'
import type { Blindfold } from './blindfold'
import { maskSchema, maskTexts } from './mask-schema'

/** Teaches the blindfold what the project says now. */
export type RefreshWords = (signal: AbortSignal) => Promise<Result<void, ProviderFailure>>

/**
 * A provider that never sees the project's own words: every outgoing text is masked and looked through once more, every reply
 * restored. A request in which something of the project could still be read is not sent.
 */
export class BlindfoldProvider implements Provider {
  readonly #inner: Provider
  readonly #blindfold: Blindfold
  readonly #refresh: RefreshWords
  /** Thinking must go back as it came: its signature is over the aliases. */
  readonly #thinking = new Map<string, string>()

  /** @param refresh before every request; with a failure nothing is sent */
  constructor(inner: Provider, blindfold: Blindfold, refresh: RefreshWords) {
    this.#inner = inner
    this.#blindfold = blindfold
    this.#refresh = refresh
  }

  get name(): string {
    return this.#inner.name
  }

  listModels(signal: AbortSignal): ReturnType<Provider['listModels']> {
    return this.#inner.listModels(signal)
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const refreshed = await this.#refresh(signal)
    if (!refreshed.ok) {
      yield { type: 'failure', failure: refreshed.error }
      return
    }
    const masked = this.#mask(request)
    const texts = typeof masked === 'string' ? [] : textsOf(masked)
    const leaks = [...new Set(texts.flatMap(text => this.#blindfold.leaks(text)))]
    if (typeof masked === 'string' || leaks.length > 0) {
      const message =
        typeof masked === 'string'
          ? masked
          : `blindfold: the request was not sent, because ${leaks.length} words of the project could be read in it`
      const advice = 'Take out what cannot be masked, or turn blindfold off for this run.'
      yield { type: 'failure', failure: { kind: 'configuration', message, advice } }
      return
    }
    for (const text of texts) this.#blindfold.tell(text)
    yield* this.#restored(this.#inner.stream(masked, signal))
  }

  async *#restored(events: AsyncIterable<ModelEvent>): AsyncIterable<ModelEvent> {
    const text = this.#blindfold.unmaskStream()
    const thinking = this.#blindfold.unmaskStream()
    const calls = new Map<string, ReturnType<Blindfold['unmaskStream']>>()
    let raw = ''
    for await (const event of this.#heard(events)) {
      if (event.type !== 'text') {
        const rest = text.end()
        if (rest !== '') yield { type: 'text', text: rest }
      }
      switch (event.type) {
        case 'text':
          yield { ...event, text: text.take(event.text) }
          break
        case 'thinking':
          raw += event.text
          yield { ...event, text: thinking.take(event.text) }
          break
        case 'thinking_end': {
          const rest = thinking.end()
          if (rest !== '') yield { type: 'thinking', text: rest }
          this.#thinking.set(this.#blindfold.unmask(raw), raw)
          raw = ''
          yield event
          break
        }
        case 'tool_call_delta': {
          if (asksTheWeb(event.name)) {
            yield event
            break
          }
          const call = calls.get(event.id) ?? this.#blindfold.unmaskStream()
          calls.set(event.id, call)
          yield { ...event, name: this.#blindfold.unmask(event.name), text: call.take(event.text) }
          break
        }
        case 'tool_call':
          yield { ...event, call: this.#unmaskCall(event.call) }
          break
        default:
          yield event
      }
    }
  }

  /** Notes what the model writes, also where nobody listens to its end. */
  async *#heard(events: AsyncIterable<ModelEvent>): AsyncIterable<ModelEvent> {
    let said = ''
    try {
      for await (const event of events) {
        if (event.type === 'text') said += event.text
        if (event.type === 'tool_call') this.#blindfold.tell(event.call.arguments)
        yield event
      }
    } finally {
      this.#blindfold.tell(said)
    }
  }

  #unmaskCall(call: ToolCall): ToolCall {
    const { name, arguments: given } = call
    if (asksTheWeb(name)) return call
    return { ...call, name: this.#blindfold.unmask(name), arguments: this.#blindfold.unmask(given) }
  }

  /** @returns a reason where something cannot be masked */
  #mask(request: ModelRequest): ModelRequest | string {
    const messages: Message[] = []
    for (const message of request.messages) {
      const masked = this.#maskMessage(message)
      if (typeof masked === 'string') return masked
      messages.push(masked)
    }
    const { system, tools, outputSchema } = request
    return {
      ...request,
      system: this.#blindfold.maskProse(system),
      messages,
      tools: tools.map(tool => this.#maskTool(tool)),
      ...(outputSchema && { outputSchema: this.#maskSchema(outputSchema) }),
    }
  }

  /** What servers and the project itself offer speaks of the project. */
  #maskTool({ name, description, input }: ToolSpec): ToolSpec {
    return {
      name: this.#maskToolName(name),
      description: this.#blindfold.maskProse(description),
      input: this.#maskSchema(input),
    }
  }

  /** Of a server, its tool: they stand between double underscores. */
  #maskToolName(name: string): string {
    return name
      .split('__')
      .map(part => this.#blindfold.maskProse(part))
      .join('__')
  }

  #maskSchema(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return maskSchema(schema, text => this.#blindfold.maskProse(text))
  }

  #maskMessage(message: Message): Message | string {
    const blindfold = this.#blindfold
    switch (message.role) {
      case 'user': {
        const parts = message.parts.filter(part => part.type === 'text')
        if (parts.length < message.parts.length) return 'blindfold: an image cannot be masked; the request was not sent'
        return { ...message, parts: parts.map(part => ({ ...part, text: this.#maskMixed(part.text) })) }
      }
      case 'tool':
        if (message.images?.length) return 'blindfold: an image cannot be masked; the request was not sent'
        return { ...message, name: this.#maskToolName(message.name), text: blindfold.maskCode(message.text) }
      case 'assistant':
        return {
          ...message,
          parts: message.parts.map(part => {
            if (part.type === 'tool_call') return this.#maskCall(part)
            if (part.type === 'thinking')
              return { ...part, text: this.#thinking.get(part.text) ?? this.#maskMixed(part.text) }
            return { ...part, text: this.#maskMixed(part.text) }
          }),
        }
    }
  }

  #maskCall(call: ToolCall): ToolCall {
    return { ...call, name: this.#maskToolName(call.name), arguments: this.#maskJson(call.arguments) }
  }

  /** Prose with files, fences or JSON in it. */
  #maskMixed(text: string): string {
    if (isJson(text)) return this.#maskJson(text)
    let masked = ''
    let at = 0
    for (const match of text.matchAll(CODE_BLOCKS)) {
      masked += this.#blindfold.maskProse(text.slice(at, match.index))
      const [whole] = match
      const body = match.groups?.body ?? match.groups?.fenced ?? ''
      const start = whole.indexOf(body)
      const head = whole.slice(0, start)
      masked += this.#blindfold.maskProse(head) + this.#blindfold.maskCode(body) + whole.slice(start + body.length)
      at = match.index + whole.length
    }
    return masked + this.#blindfold.maskProse(text.slice(at))
  }

  /** JSON stays JSON; what is no JSON is taken for prose. */
  #maskJson(text: string): string {
    try {
      return JSON.stringify(maskTexts(JSON.parse(text), each => this.#blindfold.maskCode(each)))
    } catch (error) {
      if (error instanceof SyntaxError) return this.#blindfold.maskProse(this.#blindfold.maskCode(text))
      throw error
    }
  }
}

/** What is sent to the web must say no more than what is sent to a model: it stays as the model wrote it. */
export function asksTheWeb(tool: string): boolean {
  return /^(?:web|http|curl)/i.test(tool)
}

/** What would leave, text by text. */
function textsOf({ system, messages, tools, outputSchema }: ModelRequest): string[] {
  const texts = [system]
  const take = (text: string) => {
    texts.push(text)
    return text
  }
  for (const message of messages) {
    if (message.role === 'tool') take(message.text)
    else
      for (const part of message.parts)
        takeEach(part.type === 'tool_call' ? part.arguments : 'text' in part ? part.text : '', take)
  }
  for (const { name, description, input } of tools) {
    for (const text of [...name.split('__'), description]) take(text)
    maskSchema(input, take)
  }
  if (outputSchema) maskSchema(outputSchema, take)
  return texts
}

/** JSON is masked text by text: what stands in several of them together is no quotation. */
function takeEach(text: string, take: (text: string) => string): void {
  try {
    if (isJson(text)) return void maskTexts(JSON.parse(text), take)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  take(text)
}

function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

/** Files of a packet, and fenced code. */
const CODE_BLOCKS = /<file path="[^"\n]*"[^>\n]*>\n(?<body>[\s\S]*?)\n<\/file>|```\w*\n(?<fenced>[\s\S]*?)\n```/g
