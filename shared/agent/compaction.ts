import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import compactText from '#shared/context/prompts/compact.md'
import type { Message, UserMessage } from '#shared/protocol/messages'
import type { ModelRequest, Provider } from '#shared/providers/provider'

/** Share of the window at which older messages are put away before the next request. Source: spec/koda.md §9.2. */
export const COMPACT_AT = 0.85
/** Source: spec/koda.md §9.3. */
const KEPT_MESSAGES = 4
const SUMMARY_TOKENS = 4_096
const MAX_CHARS_PER_MESSAGE = 2_000
const MAX_CHARS_OF_CALLS = 500

/** What a compaction does to a conversation: these messages go, this one comes in their place, before the kept ones. */
export interface Compaction {
  archived: string[]
  summary: UserMessage
}

/**
 * Turns all but the last messages into a summary by the same model. Nothing is deleted: what goes is archived and can be
 * recalled.
 *
 * @returns undefined when there is too little to put away, or the model gave no summary; then nothing changes
 */
export async function compact(
  messages: readonly Message[],
  provider: Provider,
  model: string,
  signal: AbortSignal,
): Promise<Compaction | undefined> {
  const cut = cutBefore(messages)
  if (cut < 2) return undefined
  const old = messages.slice(0, cut)
  const request: ModelRequest = {
    model,
    system: compactText.trim(),
    messages: [{ role: 'user', id: newId(), parts: [{ type: 'text', text: transcript(old) }], origin: 'task' }],
    tools: [],
    maxTokens: SUMMARY_TOKENS,
    temperature: 0.3,
  }
  let text = ''
  for await (const event of provider.stream(request, signal)) {
    if (event.type === 'text') text += event.text
    if (event.type === 'failure') return undefined
  }
  if (text.trim() === '') return undefined
  const framed = `<summary of the conversation so far>\n${text.trim()}\n</summary>\nGo on from here without mentioning the summary.`
  return {
    archived: old.map(message => message.id),
    summary: { role: 'user', id: newId(), parts: [{ type: 'text', text: framed }], origin: 'summary' },
  }
}

/** Where the kept part begins: never between a call and its result, so before an assistant message or a user's. */
function cutBefore(messages: readonly Message[]): number {
  let cut = Math.max(0, messages.length - KEPT_MESSAGES)
  while (cut > 0 && messages[cut]?.role === 'tool') cut--
  return cut
}

function transcript(messages: readonly Message[]): string {
  return messages.map(message => `[${message.role}]\n${bodyOf(message)}`).join('\n\n')
}

function bodyOf(message: Message): string {
  if (message.role === 'tool') return `${message.name}: ${cutMiddle(message.text, MAX_CHARS_PER_MESSAGE)}`
  const text = message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
  const calls = message.parts
    .map(part => (part.type === 'tool_call' ? `${part.name} ${part.arguments}` : ''))
    .join('\n')
  return [cutMiddle(text, MAX_CHARS_PER_MESSAGE), cutMiddle(calls.trim(), MAX_CHARS_OF_CALLS)]
    .filter(part => part !== '')
    .join('\n')
}
