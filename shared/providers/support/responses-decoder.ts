import type { StopReason, ToolCall, Usage } from '#shared/protocol/messages'
import type { ModelEvent } from '../provider'
import { failureOfEmptyReply, failureOfEvent, type Origin } from './http-failure'
import type { ReplyDecoder } from './read-reply'
import { writeSeal } from './responses-request'
import type { ServerEvent } from './sse'
import { countOf, isRecord, listOf, parseJson, recordOf, textOf } from './wire'

/** Reads a reply in the format of OpenAI responses, streamed or whole. */
export class ResponsesDecoder implements ReplyDecoder {
  state: ReplyDecoder['state'] = 'open'
  readonly #origin: Origin
  readonly #calls: ToolCall[] = []
  /** Calls whose arguments are still coming, by the id of their item. */
  readonly #open = new Map<string, { id: string; name: string }>()
  #isThinking = false
  #hasContent = false
  #response: Record<string, unknown> = {}

  constructor(origin: Origin) {
    this.#origin = origin
  }

  take(event: ServerEvent): ModelEvent[] {
    const data = parseJson(event.data)
    if (!isRecord(data)) return [this.#failure({ message: 'a piece of the reply is not JSON', type: 'api_error' })]
    switch (data.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return this.#text(textOf(data.delta))
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#thinking(textOf(data.delta))
      case 'response.output_item.added':
        return this.#begin(recordOf(data.item))
      case 'response.function_call_arguments.delta':
        return this.#piece(textOf(data.item_id) ?? '', textOf(data.delta))
      case 'response.output_item.done':
        return this.#done(recordOf(data.item))
      case 'response.completed':
      case 'response.incomplete':
        this.#response = recordOf(data.response)
        this.state = 'closed'
        return []
      case 'response.failed':
        return [this.#failure(recordOf(data.response).error)]
      case 'error':
        return [this.#failure({ message: data.message, type: data.code })]
      default:
        // Progress, and what the API will add one day.
        return []
    }
  }

  takeWhole(body: unknown): ModelEvent[] | undefined {
    if (!isRecord(body)) return undefined
    if (body.error) return [this.#failure(body.error)]
    if (!Array.isArray(body.output)) return undefined
    this.#response = body
    this.state = 'closed'
    return body.output.flatMap(given => {
      const item = recordOf(given)
      const texts = [...listOf(item.summary), ...listOf(item.content)].map(part => textOf(recordOf(part).text))
      const say = item.type === 'reasoning' ? this.#thinking.bind(this) : this.#text.bind(this)
      return [...texts.flatMap(text => say(text)), ...this.#done(item)]
    })
  }

  flush(): ModelEvent[] {
    const events: ModelEvent[] = this.#isThinking ? [{ type: 'thinking_end' }] : []
    this.#isThinking = false
    return events
  }

  finish(): ModelEvent[] {
    const events = this.flush()
    const stop = this.#stop()
    if (!this.#hasContent && this.#calls.length === 0 && stop === 'end') {
      return [...events, { type: 'failure', failure: failureOfEmptyReply(this.#origin) }]
    }
    events.push(...this.#calls.map(call => ({ type: 'tool_call' as const, call })))
    if (isRecord(this.#response.usage)) events.push({ type: 'usage', usage: usageOf(this.#response.usage) })
    events.push({ type: 'end', stop })
    return events
  }

  #begin(item: Record<string, unknown>): ModelEvent[] {
    if (item.type !== 'function_call') return []
    const id = textOf(item.call_id) ?? textOf(item.id) ?? ''
    this.#open.set(textOf(item.id) ?? '', { id, name: textOf(item.name) ?? '' })
    return this.flush()
  }

  #piece(itemId: string, text: string | undefined): ModelEvent[] {
    const call = this.#open.get(itemId)
    return call && text !== undefined ? [{ type: 'tool_call_delta', ...call, text }] : []
  }

  #done(item: Record<string, unknown>): ModelEvent[] {
    if (item.type === 'reasoning') {
      const [id, content] = [textOf(item.id), textOf(item.encrypted_content)]
      this.#isThinking = false
      this.#hasContent = true
      return [{ type: 'thinking_end', ...(id && content && { signature: writeSeal(id, content) }) }]
    }
    if (item.type !== 'function_call') return []
    this.#calls.push({
      type: 'tool_call',
      id: textOf(item.call_id) ?? textOf(item.id) ?? '',
      name: textOf(item.name) ?? '',
      arguments: textOf(item.arguments) ?? '{}',
    })
    return []
  }

  #text(text: string | undefined): ModelEvent[] {
    if (text === undefined) return []
    this.#hasContent ||= text.trim() !== ''
    return [...this.flush(), { type: 'text', text }]
  }

  #thinking(text: string | undefined): ModelEvent[] {
    if (text === undefined) return []
    this.#isThinking = true
    return [{ type: 'thinking', text }]
  }

  #stop(): Exclude<StopReason, 'cancelled' | 'cut'> {
    const reason = recordOf(this.#response.incomplete_details).reason
    if (reason === 'content_filter') return 'refusal'
    if (this.#response.status === 'incomplete') return 'output_limit'
    return this.#calls.length > 0 ? 'tool_calls' : 'end'
  }

  #failure(error: unknown): ModelEvent {
    return { type: 'failure', failure: failureOfEvent(error, this.#origin) }
  }
}

function usageOf(given: Record<string, unknown>): Usage {
  return {
    input: countOf(given.input_tokens),
    output: countOf(given.output_tokens),
    cache_read: countOf(recordOf(given.input_tokens_details).cached_tokens),
    cache_write: 0,
    thinking: countOf(recordOf(given.output_tokens_details).reasoning_tokens),
  }
}
