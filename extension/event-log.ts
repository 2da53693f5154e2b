import type { ChatEvent } from '#shared/protocol/events'

/**
 * Everything a page needs to draw the conversation from the start, kept small: pieces of a message or of a call's
 * output are joined while it runs, and dropped once the whole is there.
 */
export class EventLog {
  #events: ChatEvent[]

  constructor(events: readonly ChatEvent[] = []) {
    this.#events = [...events]
  }

  get events(): ChatEvent[] {
    return this.#events
  }

  add(event: ChatEvent): void {
    if (event.type === 'assistant') this.#drop(each => isDelta(each) && each.message_id === event.message.id)
    if (event.type === 'tool_result') {
      this.#drop(each => each.type === 'tool_output_delta' && each.call_id === event.message.call_id)
    }
    // Asked again after an edit: only the latest form of a question counts.
    if (event.type === 'approval_requested') {
      this.#drop(each => each.type === 'approval_requested' && each.request.id === event.request.id)
    }
    // Told again whenever a run turned stale: the last word counts, wherever the turn is by now.
    if (event.type === 'evidence') {
      this.#events = this.#events.filter(each => each.type !== 'evidence' || each.turn_id !== event.turn_id)
    }
    joinEvent(this.#events, event)
  }

  #drop(isDone: (event: ChatEvent) => boolean): void {
    // Pieces are recent; the long past need not be searched.
    const from = Math.max(0, this.#events.length - RECENT_EVENTS)
    this.#events = [...this.#events.slice(0, from), ...this.#events.slice(from).filter(event => !isDone(event))]
  }
}

const RECENT_EVENTS = 500

/** Appends an event to a list; a piece that continues the last one is joined to it. */
export function joinEvent(events: ChatEvent[], event: ChatEvent): void {
  const last = events.at(-1)
  const isSame =
    (event.type === 'text_delta' && last?.type === 'text_delta' && last.message_id === event.message_id) ||
    (event.type === 'thinking_delta' && last?.type === 'thinking_delta' && last.message_id === event.message_id) ||
    (event.type === 'tool_call_delta' && last?.type === 'tool_call_delta' && last.call_id === event.call_id) ||
    (event.type === 'tool_output_delta' && last?.type === 'tool_output_delta' && last.call_id === event.call_id)
  if (isSame && 'text' in last) events[events.length - 1] = { ...last, text: last.text + event.text }
  else events.push(event)
}

function isDelta(event: ChatEvent): event is Extract<ChatEvent, { message_id: string }> {
  return 'message_id' in event
}
