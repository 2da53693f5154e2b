import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import compactText from '#shared/context/prompts/compact.md'
import type { Message, UserMessage } from '#shared/protocol/messages'
import { type Asked, askOnce } from './ask-once'
import { textOf } from './model-call'
import { userText } from './user-message'

/** Share of the window at which older messages are put away before the next request. Source: spec/koda.md §9.2. */
export const COMPACT_AT = 0.85
/** Source: spec/koda.md §9.3. */
const KEPT_MESSAGES = 4
const SUMMARY_TOKENS = 4_096
const MAX_CHARS_PER_MESSAGE = 2_000
const MAX_CHARS_OF_CALLS = 500
/** Cautious: code has more tokens than prose. */
const CHARS_PER_TOKEN = 2.5
const PROMPT_TOKENS = 500

/** What a compaction does to a conversation: these messages go, this one comes in their place, before the kept ones. */
export interface Compaction {
  archived: string[]
  summary: UserMessage
}

export interface CompactionRequest {
  messages: readonly Message[]
  asked: Asked
  model: string
  windowTokens: number
  /** Stands behind the summary as it is, such as the plan. */
  addition: string
}

/** Whether there is anything to put away. */
export function canCompact(messages: readonly Message[]): boolean {
  return cutBefore(messages) >= 2
}

/**
 * Turns all but the last messages into a summary by a model; what is too long for one request is summarised piece
 * by piece, each with the summary of those before it. Nothing is deleted: what goes is archived and can be recalled.
 *
 * @param request there must be something to put away
 * @returns undefined when the model gave no summary; then nothing changes
 */
export async function compact(request: CompactionRequest, signal: AbortSignal): Promise<Compaction | undefined> {
  const { messages, windowTokens, addition } = request
  const cut = cutBefore(messages)
  const old = messages.slice(0, cut)
  let summary = ''
  for (const piece of piecesOf(old, windowTokens)) {
    const before = summary === '' ? '' : `[summary of what came before]\n${summary}\n\n`
    const next = await summarise(`${before}${piece}`, request, signal)
    if (next === undefined) return undefined
    summary = next
  }
  const framed = [
    `<summary of the conversation so far>\n${summary}\n</summary>`,
    addition,
    'Go on from here without mentioning the summary. RecallContext finds what it leaves out.',
  ]
  const text = framed.filter(part => part !== '').join('\n')
  return {
    archived: old.map(message => message.id),
    summary: { role: 'user', id: newId(), parts: [{ type: 'text', text }], origin: 'summary' },
  }
}

/** @returns undefined when the model failed or said nothing */
async function summarise(
  text: string,
  { asked, model, windowTokens }: CompactionRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const request = {
    model,
    system: compactText.trim(),
    messages: [userText(text, 'task')],
    tools: [],
    maxTokens: summaryTokens(windowTokens),
    temperature: 0.3,
  }
  const reply = await askOnce(request, asked, signal)
  return reply.kind === 'reply' ? textOf(reply.message).trim() || undefined : undefined
}

/** A small window has no room for a long summary. */
function summaryTokens(windowTokens: number): number {
  return Math.min(SUMMARY_TOKENS, Math.floor(windowTokens / 4))
}

/** The messages as texts that fit into a request beside the summary of those before and the one to come. */
function piecesOf(messages: readonly Message[], windowTokens: number): string[] {
  const maxChars = Math.max(4_000, (windowTokens - 2 * summaryTokens(windowTokens) - PROMPT_TOKENS) * CHARS_PER_TOKEN)
  const pieces: string[] = []
  for (const message of messages) {
    const text = `[${message.role}]\n${bodyOf(message)}`
    const last = pieces.at(-1)
    if (last !== undefined && last.length + text.length < maxChars) pieces[pieces.length - 1] = `${last}\n\n${text}`
    else pieces.push(text)
  }
  return pieces
}

/** Where the kept part begins: never between a call and its result, so before an assistant message or a user's. */
function cutBefore(messages: readonly Message[]): number {
  let cut = Math.max(0, messages.length - KEPT_MESSAGES)
  while (cut > 0 && messages[cut]?.role === 'tool') cut--
  return cut
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
