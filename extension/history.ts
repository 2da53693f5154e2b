import type { ChatEvent, KodeEvent, RecalledTurn } from '#shared/protocol/events'
import type { Message, ToolCall, Usage } from '#shared/protocol/messages'
import type { KeptCall } from './kept-calls'

/**
 * The stored messages of a conversation as the events that would draw it.
 *
 * @param turnAfter how the turn ended whose last message has this id
 * @param callOf what the result of the call with this id said beside its message
 */
export function historyEvents(
  messages: readonly Message[],
  turnAfter: (messageId: string) => RecalledTurn | undefined,
  callOf: (callId: string) => KeptCall | undefined,
): ChatEvent[] {
  return messages.flatMap((message): ChatEvent[] => {
    const turn = turnAfter(message.id)
    return turn ? [...messageEvents(message, callOf), turn] : messageEvents(message, callOf)
  })
}

function messageEvents(message: Message, callOf: (callId: string) => KeptCall | undefined): KodeEvent[] {
  if (message.role === 'user') return [{ type: 'user', message }]
  if (message.role === 'tool') return [{ type: 'tool_result', message, duration_ms: 0, ...callOf(message.call_id) }]
  const calls = message.parts.filter(part => part.type === 'tool_call')
  const started = calls.map((call): KodeEvent => ({ type: 'tool_started', call, title: titleOf(call) }))
  return [{ type: 'assistant', message }, ...started]
}

/** Where a stored conversation stands, for the one who comes back to it. */
export function resumedEvent(
  messages: readonly Message[],
  { updated_at, usage: { usage, cost_usd } }: { updated_at: number; usage: { usage: Usage; cost_usd: number } },
  now = Date.now(),
): ChatEvent {
  const last = messages.at(-1)
  return {
    type: 'resumed',
    away_ms: Math.max(0, now - updated_at),
    messages: messages.filter(message => message.role !== 'tool').length,
    tool_calls: messages.filter(message => message.role === 'tool').length,
    usage,
    ...(cost_usd > 0 && { cost_usd }),
    // A turn that came to its end closes with an answer that calls nothing.
    is_interrupted:
      last !== undefined &&
      (last.role !== 'assistant' ||
        ['cancelled', 'cut'].includes(last.stop) ||
        last.parts.some(part => part.type === 'tool_call')),
  }
}

/** The one argument that tells a call apart; empty where none does. */
export function titleOf(call: ToolCall): string {
  for (const field of TITLE_FIELDS) {
    const text = field.exec(call.arguments)?.[1]
    if (text !== undefined) return String(JSON.parse(text)).slice(0, 200)
  }
  return ''
}

const TITLE_FIELDS = ['file_path', 'path', 'command', 'pattern', 'url', 'query'].map(
  name => new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`),
)
