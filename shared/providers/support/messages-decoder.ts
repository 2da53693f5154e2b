import type { StopReason, ToolCall, Usage } from '#shared/protocol/messages'
import type { ModelEvent } from '../provider'
import { failureOfEmptyReply, failureOfEvent, type Origin } from './http-failure'
import type { ReplyDecoder } from './read-reply'
import type { ServerEvent } from './sse'
import { countOf, isRecord, parseJson, recordOf, textOf } from './wire'

/** Reads a reply in the format of Anthropic messages, streamed or whole. */
export class MessagesDecoder implements ReplyDecoder {
  state: ReplyDecoder['state'] = 'open'
  readonly #origin: Origin
  readonly #calls: ToolCall[] = []
  #block: OpenBlock | undefined
  #hasContent = false
  #stop: string | undefined
  #usage: Record<string, unknown> = {}

  constructor(origin: Origin) {
    this.#origin = origin
  }

  take(event: ServerEvent): ModelEvent[] {
    const data = parseJson(event.data)
    if (!isRecord(data)) return [this.#failure({ message: 'a piece of the reply is not JSON', type: 'api_error' })]
    switch (data.type) {
      case 'message_start':
        this.#takeUsage(recordOf(data.message).usage)
        return []
      case 'content_block_start':
        return this.#start(recordOf(data.content_block))
      case 'content_block_delta':
        return this.#add(recordOf(data.delta))
      case 'content_block_stop':
        return this.#close()
      case 'message_delta':
        this.#takeUsage(data.usage)
        this.#takeStop(recordOf(data.delta).stop_reason)
        return []
      case 'message_stop':
        this.state = 'closed'
        return []
      case 'error':
        return [this.#failure(data.error)]
      default:
        // Pings, and what the API will add one day.
        return []
    }
  }

  takeWhole(body: unknown): ModelEvent[] | undefined {
    if (!isRecord(body)) return undefined
    if (body.error) return [this.#failure(body.error)]
    if (!Array.isArray(body.content)) return undefined
    this.#takeUsage(body.usage)
    this.#takeStop(body.stop_reason)
    this.state = 'closed'
    return body.content.flatMap(block => [...this.#start(recordOf(block)), ...this.#close()])
  }

  flush(): ModelEvent[] {
    return this.#block?.kind === 'thinking' ? this.#close() : []
  }

  finish(): ModelEvent[] {
    const events = this.flush()
    const stop = this.#stopReason()
    if (!this.#hasContent && this.#calls.length === 0 && stop === 'end') {
      return [{ type: 'failure', failure: failureOfEmptyReply(this.#origin) }]
    }
    events.push(...this.#calls.map(call => ({ type: 'tool_call' as const, call })))
    events.push({ type: 'usage', usage: this.#counted() }, { type: 'end', stop })
    return events
  }

  #start(block: Record<string, unknown>): ModelEvent[] {
    switch (block.type) {
      case 'text':
        this.#block = { kind: 'text' }
        return this.#text(textOf(block.text))
      case 'thinking':
        this.#block = { kind: 'thinking', signature: textOf(block.signature) ?? '' }
        return this.#thinking(textOf(block.thinking))
      case 'redacted_thinking':
        this.#block = { kind: 'thinking', signature: '', redacted: textOf(block.data) ?? '' }
        return []
      case 'tool_use': {
        const input = recordOf(block.input)
        // A streamed call begins with an empty object, which its pieces replace.
        const whole = Object.keys(input).length > 0 ? JSON.stringify(input) : ''
        this.#block = { kind: 'call', id: textOf(block.id) ?? '', name: textOf(block.name) ?? '', arguments: whole }
        return []
      }
      default:
        this.#block = undefined
        return []
    }
  }

  #add(delta: Record<string, unknown>): ModelEvent[] {
    if (delta.type === 'text_delta') return this.#text(textOf(delta.text))
    if (delta.type === 'thinking_delta') return this.#thinking(textOf(delta.thinking))
    const block = this.#block
    if (delta.type === 'signature_delta' && block?.kind === 'thinking') {
      block.signature += textOf(delta.signature) ?? ''
      return []
    }
    const text = textOf(delta.partial_json)
    if (delta.type !== 'input_json_delta' || block?.kind !== 'call' || text === undefined) return []
    block.arguments += text
    return [{ type: 'tool_call_delta', id: block.id, name: block.name, text }]
  }

  #close(): ModelEvent[] {
    const block = this.#block
    this.#block = undefined
    if (block?.kind === 'call') {
      const text = block.arguments === '' ? '{}' : block.arguments
      this.#calls.push({ type: 'tool_call', id: block.id, name: block.name, arguments: text })
    }
    if (block?.kind !== 'thinking') return []
    this.#hasContent = true
    const { signature, redacted } = block
    return [{ type: 'thinking_end', ...(signature && { signature }), ...(redacted !== undefined && { redacted }) }]
  }

  #text(text: string | undefined): ModelEvent[] {
    if (text === undefined) return []
    this.#hasContent ||= text.trim() !== ''
    return [{ type: 'text', text }]
  }

  #thinking(text: string | undefined): ModelEvent[] {
    return text === undefined ? [] : [{ type: 'thinking', text }]
  }

  #takeStop(reason: unknown): void {
    const stop = textOf(reason)
    if (stop === undefined) return
    this.#stop = stop
    this.state = 'finished'
  }

  #stopReason(): Exclude<StopReason, 'cancelled' | 'cut'> {
    if (this.#stop === 'max_tokens' || this.#stop === 'model_context_window_exceeded') return 'output_limit'
    if (this.#stop === 'refusal') return 'refusal'
    return this.#calls.length > 0 ? 'tool_calls' : 'end'
  }

  /** Counts come in two parts, of which the later holds the final numbers. */
  #takeUsage(usage: unknown): void {
    for (const [name, value] of Object.entries(recordOf(usage))) if (value !== null) this.#usage[name] = value
  }

  /** Anthropic counts cached input apart; kode counts it in. */
  #counted(): Usage {
    const cacheRead = countOf(this.#usage.cache_read_input_tokens)
    const cacheWrite = countOf(this.#usage.cache_creation_input_tokens)
    return {
      input: countOf(this.#usage.input_tokens) + cacheRead + cacheWrite,
      output: countOf(this.#usage.output_tokens),
      cache_read: cacheRead,
      cache_write: cacheWrite,
      thinking: countOf(recordOf(this.#usage.output_tokens_details).thinking_tokens),
    }
  }

  #failure(error: unknown): ModelEvent {
    return { type: 'failure', failure: failureOfEvent(error, this.#origin) }
  }
}

type OpenBlock =
  | { kind: 'text' }
  | { kind: 'thinking'; signature: string; redacted?: string }
  | { kind: 'call'; id: string; name: string; arguments: string }
