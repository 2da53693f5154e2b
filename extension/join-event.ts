import type { ChatEvent } from '#shared/protocol/events'

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
