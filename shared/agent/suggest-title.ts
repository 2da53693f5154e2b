import { cutMiddle } from '#shared/base/cut'
import type { Message } from '#shared/protocol/messages'
import { type Asked, askOnce } from './ask-once'
import { textOf } from './model-call'
import { userText } from './user-message'

/** Enough to see what a conversation is about; its beginning says more than its end. */
const MAX_CHARS = 4_000
const MAX_TITLE_CHARS = 80
/** Far more than a title takes: models that think do so within it. */
const MAX_TOKENS = 1_000

const REQUEST =
  'Give this conversation a title of three to seven words, in the language it is held in. Reply with the title alone.'

/** A title for a conversation; undefined when none came. */
export async function suggestTitle(
  messages: readonly Message[],
  model: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<string | undefined> {
  const text = cutMiddle(messages.map(spoken).filter(Boolean).join('\n\n'), MAX_CHARS)
  const request = { model, system: REQUEST, messages: [userText(text, 'task')], tools: [], maxTokens: MAX_TOKENS }
  const reply = await askOnce(request, asked, signal)
  return reply.kind === 'reply' ? titleFrom(textOf(reply.message)) || undefined : undefined
}

/** A first line without the quotes and marks that models put around it. */
function titleFrom(text: string): string {
  const [line = ''] = text.trim().split('\n', 1)
  return line.replace(/^[#*"'“„«\s]+|[*"'”“»\s.]+$/g, '').slice(0, MAX_TITLE_CHARS)
}

function spoken(message: Message): string {
  if (message.role === 'tool') return ''
  const texts = message.parts.flatMap(part => (part.type === 'text' ? [part.text] : []))
  return texts.length === 0 ? '' : `[${message.role}] ${texts.join('\n')}`
}
