import { newId } from '#shared/base/ids'
import type { UserMessage, UserPart } from '#shared/protocol/messages'

/** A new message in the user's role. */
export function userMessage(parts: UserPart[], origin: UserMessage['origin']): UserMessage {
  return { role: 'user', id: newId(), parts, origin }
}

/** The same of one text. */
export function userText(text: string, origin: UserMessage['origin']): UserMessage {
  return userMessage([{ type: 'text', text }], origin)
}
