import type { Message } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import type { Blindfold } from './blindfold'

/**
 * A provider that never sees the project's own words: every outgoing text is masked and looked through once more, every reply
 * restored. A request in which something of the project could still be read is not sent.
 */
export class BlindfoldProvider implements Provider {
  readonly #inner: Provider
  readonly #blindfold: Blindfold
  /** Thinking must go back as it came: its signature is over the aliases. */
  readonly #thinking = new Map<string, string>()

  constructor(inner: Provider, blindfold: Blindfold) {
    this.#inner = inner
    this.#blindfold = blindfold
  }

  get name(): string {
    return this.#inner.name
  }

  listModels(signal: AbortSignal): ReturnType<Provider['listModels']> {
    return this.#inner.listModels(signal)
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const masked = this.#mask(request)
    const leaks = typeof masked === 'string' ? [] : this.#leaks(masked)
    if (typeof masked === 'string' || leaks.length > 0) {
      const message =
        typeof masked === 'string'
          ? masked
          : `blindfold: the request was not sent, because ${leaks.length} words of the project could be read in it`
      const advice = 'Take out what cannot be masked, or turn blindfold off for this run.'
      yield { type: 'failure', failure: { kind: 'configuration', message, advice } }
      return
    }
    yield* this.#restored(this.#inner.stream(masked, signal))
  }

  async *#restored(events: AsyncIterable<ModelEvent>): AsyncIterable<ModelEvent> {
    const text = this.#blindfold.unmaskStream()
    const thinking = this.#blindfold.unmaskStream()
    const calls = new Map<string, ReturnType<Blindfold['unmaskStream']>>()
    let raw = ''
    for await (const event of events) {
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
          const call = calls.get(event.id) ?? this.#blindfold.unmaskStream()
          calls.set(event.id, call)
          yield { ...event, text: call.take(event.text) }
          break
        }
        case 'tool_call':
          yield { ...event, call: { ...event.call, arguments: this.#blindfold.unmask(event.call.arguments) } }
          break
        default:
          yield event
      }
    }
  }

  /** @returns a reason where something cannot be masked */
  #mask(request: ModelRequest): ModelRequest | string {
    const messages: Message[] = []
    for (const message of request.messages) {
      const masked = this.#maskMessage(message)
      if (typeof masked === 'string') return masked
      messages.push(masked)
    }
    return { ...request, system: this.#blindfold.maskProse(request.system), messages }
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
        return { ...message, text: blindfold.maskCode(message.text) }
      case 'assistant':
        return {
          ...message,
          parts: message.parts.map(part => {
            if (part.type === 'tool_call') return { ...part, arguments: this.#maskJson(part.arguments) }
            if (part.type === 'thinking')
              return { ...part, text: this.#thinking.get(part.text) ?? this.#maskMixed(part.text) }
            return { ...part, text: this.#maskMixed(part.text) }
          }),
        }
    }
  }

  /** Prose with files, fences or JSON in it. */
  #maskMixed(text: string): string {
    if (/^\s*[[{]/.test(text)) return this.#maskJson(text)
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

  /** JSON keeps its keys; what is no JSON is taken for prose. */
  #maskJson(text: string): string {
    try {
      return JSON.stringify(this.#maskValue(JSON.parse(text)))
    } catch (error) {
      if (error instanceof SyntaxError) return this.#blindfold.maskProse(this.#blindfold.maskCode(text))
      throw error
    }
  }

  #maskValue(value: unknown): unknown {
    if (typeof value === 'string') return this.#blindfold.maskCode(value)
    if (Array.isArray(value)) return value.map(each => this.#maskValue(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [this.#blindfold.maskProse(key), this.#maskValue(each)]),
    )
  }

  /** Looks at what would leave, text by text. */
  #leaks({ system, messages }: ModelRequest): string[] {
    const texts = messages.flatMap(message => {
      if (message.role === 'tool') return [message.text]
      return message.parts.map(part => (part.type === 'tool_call' ? part.arguments : 'text' in part ? part.text : ''))
    })
    return [...new Set([system, ...texts].flatMap(text => this.#blindfold.leaks(text)))]
  }
}

/** Files of a packet, and fenced code. */
const CODE_BLOCKS = /<file path="[^"\n]*"[^>\n]*>\n(?<body>[\s\S]*?)\n<\/file>|```\w*\n(?<fenced>[\s\S]*?)\n```/g
