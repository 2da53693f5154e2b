import type { ContextFill } from '#shared/protocol/events'
import type { Message, Usage } from '#shared/protocol/messages'
import type { ToolSpec } from '#shared/providers/provider'

/** Source: spec/koda.md §9.1. */
const BYTES_PER_TOKEN = 3.5
const TOKENS_PER_MESSAGE = 10
/** What providers charge for an image of usual size, roughly. */
const TOKENS_PER_IMAGE = 1_200

/** Messages never change; a long conversation is not measured anew with every step. */
const estimates = new WeakMap<Message, number>()

/** Tokens of a message, estimated. */
export function estimateMessage(message: Message): number {
  const known = estimates.get(message)
  if (known !== undefined) return known
  const tokens = measure(message)
  estimates.set(message, tokens)
  return tokens
}

function measure(message: Message): number {
  return TOKENS_PER_MESSAGE + Math.floor(sizeOf(message) / BYTES_PER_TOKEN) + imagesIn(message) * TOKENS_PER_IMAGE
}

const toolEstimates = new WeakMap<readonly ToolSpec[], number>()

function estimateTools(tools: readonly ToolSpec[]): number {
  const known = toolEstimates.get(tools) ?? estimateText(JSON.stringify(tools))
  toolEstimates.set(tools, known)
  return known
}

/** Tokens of a text, estimated. */
export function estimateText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

/**
 * How full the window is: what the provider counted for the last request, plus an estimate of what came after it;
 * an estimate of everything before the first reply.
 *
 * @param lastUsage of the last request, and how many messages it had together with its reply
 */
export function contextFill(
  system: string,
  tools: readonly ToolSpec[],
  messages: readonly Message[],
  windowTokens: number,
  lastUsage?: { usage: Usage; messageCount: number },
): ContextFill {
  const by_category = {
    system: estimateText(system),
    tools: estimateTools(tools),
    messages: sum(messages.filter(message => message.role !== 'tool').map(estimateMessage)),
    tool_results: sum(messages.filter(message => message.role === 'tool').map(estimateMessage)),
  }
  const estimated = sum(Object.values(by_category))
  const used =
    lastUsage === undefined
      ? estimated
      : lastUsage.usage.input +
        lastUsage.usage.output +
        sum(messages.slice(lastUsage.messageCount).map(estimateMessage))
  return { used, window: windowTokens, by_category }
}

function sizeOf(message: Message): number {
  if (message.role === 'tool') return Buffer.byteLength(message.text)
  return sum(
    message.parts.map(part => {
      if (part.type === 'text' || part.type === 'thinking') return Buffer.byteLength(part.text)
      return part.type === 'tool_call' ? Buffer.byteLength(part.arguments) + part.name.length : 0
    }),
  )
}

function imagesIn(message: Message): number {
  if (message.role === 'tool') return message.images?.length ?? 0
  return message.role === 'user' ? message.parts.filter(part => part.type === 'image').length : 0
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
