import type { KodeEvent } from '#shared/protocol/events'

/**
 * Everything a page needs to draw the conversation from the start, kept small: pieces of a message or of a call's
 * output are joined while it runs, and dropped once the whole is there.
 */
export class EventLog {
  #events: KodeEvent[]

  constructor(events: readonly KodeEvent[] = []) {
    this.#events = [...events]
  }

  get events(): KodeEvent[] {
    return this.#events
  }

  add(event: KodeEvent): void {
    if (event.type === 'assistant') this.#drop(each => isDelta(each) && each.message_id === event.message.id)
    if (event.type === 'tool_result') {
      this.#drop(each => each.type === 'tool_output_delta' && each.call_id === event.message.call_id)
    }
    // Asked again after an edit: only the latest form of a question counts.
    if (event.type === 'approval_requested') {
      this.#drop(each => each.type === 'approval_requested' && each.request.id === event.request.id)
    }
    joinEvent(this.#events, event)
  }

  #drop(isDone: (event: KodeEvent) => boolean): void {
    // Pieces are recent; the long past need not be searched.
    const from = Math.max(0, this.#events.length - RECENT_EVENTS)
    this.#events = [...this.#events.slice(0, from), ...this.#events.slice(from).filter(event => !isDone(event))]
  }
}

const RECENT_EVENTS = 500

/** Appends an event to a list; a piece that continues the last one is joined to it. */
export function joinEvent(events: KodeEvent[], event: KodeEvent): void {
  const last = events.at(-1)
  const isSame =
    (event.type === 'text_delta' && last?.type === 'text_delta' && last.message_id === event.message_id) ||
    (event.type === 'thinking_delta' && last?.type === 'thinking_delta' && last.message_id === event.message_id) ||
    (event.type === 'tool_call_delta' && last?.type === 'tool_call_delta' && last.call_id === event.call_id) ||
    (event.type === 'tool_output_delta' && last?.type === 'tool_output_delta' && last.call_id === event.call_id)
  if (isSame && 'text' in last) events[events.length - 1] = { ...last, text: last.text + event.text }
  else events.push(event)
}

function isDelta(event: KodeEvent): event is Extract<KodeEvent, { message_id: string }> {
  return 'message_id' in event
}
