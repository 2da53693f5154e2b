import { newId } from '#shared/base/ids'
import type { KodeEvent } from '#shared/protocol/events'
import type { AssistantMessage, AssistantPart, Message, StopReason, Usage } from '#shared/protocol/messages'
import { isVisible, type ModelRequest, type Provider, type ProviderFailure } from '#shared/providers/provider'

/** What a request took. */
export interface Taken {
  /** Who answered; a fallback may have changed it. */
  model: string
  /** As the provider counted it. */
  usage: Usage | undefined
}

/** A request that came to no whole reply; `partial` is what was said before. */
export type BrokenReply = Taken &
  (
    | { kind: 'cancelled'; partial: AssistantMessage | undefined }
    /** `hasBegun`: words, thoughts or half a call came before it, so the provider has not tried again by itself. */
    | { kind: 'failed'; failure: ProviderFailure; partial: AssistantMessage | undefined; hasBegun: boolean }
  )

/** One assistant message, or why there is none. */
export type ModelReply = (Taken & { kind: 'reply'; message: AssistantMessage }) | BrokenReply

/**
 * One request to the model: streams it, announces the deltas, and leaves one assistant message.
 */
export async function callModel(
  provider: Provider,
  request: ModelRequest,
  emit: (event: KodeEvent) => void,
  signal: AbortSignal,
): Promise<ModelReply> {
  const draft = new Draft(request.model)
  let hasBegun = false
  for await (const event of provider.stream(request, signal)) {
    hasBegun ||= isVisible(event)
    switch (event.type) {
      case 'text':
        draft.addText(event.text)
        emit({ type: 'text_delta', message_id: draft.id, text: event.text })
        break
      case 'thinking':
        draft.addThinking(event.text)
        emit({ type: 'thinking_delta', message_id: draft.id, text: event.text })
        break
      case 'thinking_end':
        draft.endThinking(event.signature, event.redacted)
        break
      case 'tool_call_delta':
        emit({ type: 'tool_call_delta', message_id: draft.id, call_id: event.id, name: event.name, text: event.text })
        break
      case 'tool_call':
        draft.add(event.call)
        break
      case 'usage':
        draft.usage = event.usage
        break
      case 'retry':
        emit({ type: 'notice', level: 'warning', text: retryText(event) })
        break
      case 'fallback':
        draft.model = event.model
        emit({
          type: 'notice',
          level: 'warning',
          text: `${event.reason}; going on with ${event.provider}/${event.model}`,
        })
        break
      case 'limits':
        if (event.remaining <= FEW_REQUESTS) emit({ type: 'notice', level: 'warning', text: limitText(event) })
        break
      case 'failure':
        if (event.failure.kind === 'cancelled' || signal.aborted)
          return { kind: 'cancelled', partial: draft.close('cancelled'), ...draft.taken }
        return { kind: 'failed', failure: event.failure, partial: draft.close('cut'), hasBegun, ...draft.taken }
      case 'end':
        return { kind: 'reply', message: draft.message(event.stop), ...draft.taken }
    }
  }
  // The contract says a stream ends with `end` or `failure`; only a cancelled one may just stop.
  return { kind: 'cancelled', partial: draft.close('cancelled'), ...draft.taken }
}

/** The message while it grows. */
class Draft {
  readonly id = newId()
  /** Who answers; a fallback changes it. */
  model: string
  readonly #parts: AssistantPart[] = []
  usage: Usage | undefined

  constructor(model: string) {
    this.model = model
  }

  get taken(): Taken {
    return { model: this.model, usage: this.usage }
  }

  add(part: AssistantPart): void {
    this.#parts.push(part)
  }

  addText(text: string): void {
    const last = this.#parts.at(-1)
    if (last?.type === 'text') last.text += text
    else this.#parts.push({ type: 'text', text })
  }

  addThinking(text: string): void {
    const last = this.#parts.at(-1)
    if (last?.type === 'thinking' && last.signature === undefined && last.redacted === undefined) last.text += text
    else this.#parts.push({ type: 'thinking', text })
  }

  endThinking(signature: string | undefined, redacted: string | undefined): void {
    let last = this.#parts.at(-1)
    if (last?.type !== 'thinking') {
      last = { type: 'thinking', text: '' }
      this.#parts.push(last)
    }
    if (signature !== undefined) last.signature = signature
    if (redacted !== undefined) last.redacted = redacted
  }

  message(stop: StopReason): AssistantMessage {
    return {
      role: 'assistant',
      id: this.id,
      parts: this.#parts,
      model: this.model,
      stop,
      ...(this.usage && { usage: this.usage }),
    }
  }

  /** What was said before it broke off, without calls that will never run; undefined when nothing was. */
  close(stop: StopReason): AssistantMessage | undefined {
    const said = this.#parts.filter(part => part.type === 'text' && part.text.trim() !== '')
    return said.length === 0 ? undefined : { ...this.message(stop), parts: said }
  }
}

/** When a user should hear that requests run out. */
const FEW_REQUESTS = 3

function limitText({
  remaining,
  limit,
  resetSeconds,
}: {
  remaining: number
  limit?: number
  resetSeconds?: number
}): string {
  const of = limit === undefined ? '' : ` of ${limit}`
  const reset = resetSeconds === undefined ? '' : `; more in ${resetSeconds} s`
  return `${remaining}${of} requests left${reset}`
}

function retryText(event: { attempt: number; waitMs: number; reason: string }): string {
  return `${event.reason}; trying again in ${Math.round(event.waitMs / 100) / 10} s (attempt ${event.attempt})`
}

/** All text of an assistant message. */
export function textOf(message: Message | undefined): string {
  if (message?.role !== 'assistant') return ''
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}
