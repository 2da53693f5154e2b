import { newId } from '#shared/base/ids'
import type { StopReason, ToolCall, Usage } from '#shared/protocol/messages'
import type { ModelEvent } from '../provider'
import { failureOfEmptyReply, failureOfEvent, type Origin } from './http-failure'
import type { ReplyDecoder } from './read-reply'
import type { ServerEvent } from './sse'
import { readTextualCall } from './textual-calls'
import { TagSplitter, type TextPiece } from './think-tags'
import { countOf, isRecord, listOf, parseJson, recordOf, textOf } from './wire'

/** Reads a reply in the format of chat completions, streamed or whole. */
export class ChatDecoder implements ReplyDecoder {
  state: ReplyDecoder['state'] = 'open'
  readonly #origin: Origin
  readonly #toolNames: ReadonlySet<string>
  readonly #isUsed: (id: string) => boolean
  readonly #tags = new TagSplitter()
  readonly #calls: PartialCall[] = []
  #isThinking = false
  #hasContent = false
  #finish: string | undefined
  #usage: Usage | undefined

  /**
   * @param toolNames what was offered; text that looks like a call of anything else stays text
   * @param isUsed whether a call of the conversation so far has this id, for servers that count from 0 in every reply
   */
  constructor(origin: Origin, toolNames: ReadonlySet<string>, isUsed: (id: string) => boolean) {
    this.#origin = origin
    this.#toolNames = toolNames
    this.#isUsed = isUsed
  }

  take(event: ServerEvent): ModelEvent[] {
    if (event.data === '[DONE]') {
      this.state = 'closed'
      return []
    }
    const chunk = parseJson(event.data)
    if (!isRecord(chunk)) return [this.#failure({ message: 'a piece of the reply is not JSON', type: 'api_error' })]
    if (chunk.error) return [this.#failure(chunk.error)]
    this.#takeUsage(chunk)
    const choice = recordOf(listOf(chunk.choices)[0])
    const events = this.#takeDelta(recordOf(choice.delta))
    this.#takeFinish(choice.finish_reason)
    return events
  }

  takeWhole(body: unknown): ModelEvent[] | undefined {
    if (!isRecord(body)) return undefined
    // Some endpoints send an error with a good status.
    if (body.error) return [this.#failure(body.error)]
    if (!Array.isArray(body.choices)) return undefined
    this.#takeUsage(body)
    const choice = recordOf(body.choices[0])
    const events = this.#takeDelta(recordOf(choice.message))
    this.#takeFinish(choice.finish_reason ?? 'stop')
    this.state = 'closed'
    return events
  }

  flush(): ModelEvent[] {
    const events: ModelEvent[] = []
    for (const piece of this.#tags.end()) this.#say(piece, events)
    this.#endThinking(events)
    return events
  }

  finish(): ModelEvent[] {
    const events = this.flush()
    if (this.#finish === 'error') return [...events, this.#failure({ type: 'api_error' })]
    const calls = this.#calls.map(call => this.#finished(call))
    const stop = this.#stop(calls.length > 0)
    if (!this.#hasContent && calls.length === 0 && stop === 'end') {
      return [...events, { type: 'failure', failure: failureOfEmptyReply(this.#origin) }]
    }
    events.push(...calls.map(call => ({ type: 'tool_call' as const, call })))
    if (this.#usage) events.push({ type: 'usage', usage: this.#usage })
    events.push({ type: 'end', stop })
    return events
  }

  #takeDelta(delta: Record<string, unknown>): ModelEvent[] {
    const events: ModelEvent[] = []
    const thinking = textOf(delta.reasoning_content) ?? textOf(delta.reasoning)
    if (thinking !== undefined) this.#say({ type: 'thinking', text: thinking }, events)
    const text = textOf(delta.content) ?? textOf(delta.refusal)
    if (text !== undefined) for (const piece of this.#tags.take(text)) this.#say(piece, events)
    for (const part of listOf(delta.tool_calls)) this.#takeCall(recordOf(part), events)
    return events
  }

  #say(piece: TextPiece, events: ModelEvent[]): void {
    if (piece.type === 'thinking') {
      this.#isThinking = true
      this.#hasContent = true
      events.push({ type: 'thinking', text: piece.text })
      return
    }
    const call = piece.type === 'call' ? readTextualCall(piece.open, piece.text, this.#toolNames) : undefined
    this.#endThinking(events)
    if (call) {
      this.#calls.push({ index: undefined, id: this.#freshId(''), name: call.name, arguments: call.arguments })
      return
    }
    const text = piece.type === 'call' ? piece.open + piece.text + piece.close : piece.text
    this.#hasContent ||= text.trim() !== ''
    events.push({ type: 'text', text })
  }

  #endThinking(events: ModelEvent[]): void {
    if (this.#isThinking) events.push({ type: 'thinking_end' })
    this.#isThinking = false
  }

  #takeCall(part: Record<string, unknown>, events: ModelEvent[]): void {
    this.#endThinking(events)
    const given = recordOf(part.function)
    const call = this.#callFor(part, textOf(given.name))
    call.name ||= textOf(given.name) ?? ''
    call.signature ??= signatureOf(part)
    // Some servers send the arguments as an object instead of its text.
    const text = isRecord(given.arguments) ? JSON.stringify(given.arguments) : (textOf(given.arguments) ?? '')
    call.arguments += text
    if (call.name !== '' && text !== '') events.push({ type: 'tool_call_delta', id: call.id, name: call.name, text })
  }

  /** The call a piece belongs to: by its index; a new id at a used index is a new call all the same (Gemini). */
  #callFor(part: Record<string, unknown>, name: string | undefined): PartialCall {
    const index = typeof part.index === 'number' ? part.index : undefined
    const id = textOf(part.id)
    const known =
      index === undefined && id === undefined
        ? this.#calls.at(-1)
        : this.#calls.findLast(call => (index !== undefined ? call.index === index : call.wireId === id))
    const isOther = known !== undefined && id !== undefined && known.wireId !== undefined && known.wireId !== id
    const isSecondWhole = known !== undefined && index === undefined && id === undefined && name !== undefined
    if (known && !isOther && !isSecondWhole) return known
    const call = { index, wireId: id, id: this.#freshId(id ?? ''), name: '', arguments: '' }
    this.#calls.push(call)
    return call
  }

  #freshId(id: string): string {
    const isTaken = id === '' || this.#isUsed(id) || this.#calls.some(call => call.id === id)
    return isTaken ? `call_${newId()}` : id
  }

  #finished(call: PartialCall): ToolCall {
    return {
      type: 'tool_call',
      id: call.id,
      name: call.name,
      // A tool without parameters is often called with nothing at all.
      arguments: call.arguments.trim() === '' ? '{}' : call.arguments,
      ...(call.signature && { signature: call.signature }),
    }
  }

  #takeFinish(reason: unknown): void {
    const text = textOf(reason)
    if (text === undefined) return
    this.#finish = text
    if (this.state === 'open') this.state = 'finished'
  }

  #stop(hasCalls: boolean): Exclude<StopReason, 'cancelled' | 'cut'> {
    if (this.#finish === 'length' || this.#finish === 'max_tokens') return 'output_limit'
    if (this.#finish === 'content_filter' || this.#finish === 'refusal') return 'refusal'
    // Some servers say "stop" beside calls.
    return hasCalls ? 'tool_calls' : 'end'
  }

  #takeUsage(chunk: Record<string, unknown>): void {
    const given = isRecord(chunk.usage) ? chunk.usage : recordOf(recordOf(chunk.x_groq).usage)
    if (given.prompt_tokens === undefined && given.completion_tokens === undefined) return
    const prompt = recordOf(given.prompt_tokens_details)
    const completion = recordOf(given.completion_tokens_details)
    this.#usage = {
      input: countOf(given.prompt_tokens),
      output: countOf(given.completion_tokens),
      cache_read: countOf(prompt.cached_tokens ?? given.prompt_cache_hit_tokens),
      cache_write: countOf(prompt.cache_write_tokens),
      thinking: countOf(completion.reasoning_tokens),
      ...(typeof given.cost === 'number' && { cost_usd: given.cost }),
    }
  }

  #failure(error: unknown): ModelEvent {
    return { type: 'failure', failure: failureOfEvent(error, this.#origin) }
  }
}

interface PartialCall {
  index: number | undefined
  wireId?: string | undefined
  id: string
  name: string
  arguments: string
  signature?: string | undefined
}

/** Gemini signs its thinking on the call, and wants the signature back. */
function signatureOf(part: Record<string, unknown>): string | undefined {
  return textOf(recordOf(recordOf(part.extra_content).google).thought_signature)
}
