import { newId } from '#shared/base/ids'
import type { AssistantMessage, UserMessage } from '#shared/protocol/messages'

/** Said by a pipeline, not by the user. */
export function userText(text: string): UserMessage {
  return { role: 'user', id: newId(), parts: [{ type: 'text', text }], origin: 'task' }
}

/** A reply without tools. */
export function assistantText(text: string, model: string): AssistantMessage {
  return { role: 'assistant', id: newId(), parts: [{ type: 'text', text }], model, stop: 'end' }
}
