import type { ContextFill } from '#shared/protocol/events'
import type { Message, Usage } from '#shared/protocol/messages'
import type { ModelRequest, ToolSpec } from '#shared/providers/provider'

/** Source: spec/koda.md §9.1. */
const BYTES_PER_TOKEN = 3.5
const TOKENS_PER_MESSAGE = 10
/** What providers charge for an image of usual size, roughly. */
const TOKENS_PER_IMAGE = 1_200

/** Tokens of a message, estimated. */
export function estimateMessage(message: Message): number {
  return TOKENS_PER_MESSAGE + Math.floor(sizeOf(message) / BYTES_PER_TOKEN) + imagesIn(message) * TOKENS_PER_IMAGE
}

/** What a request and its reply took, where the provider does not say. */
export function estimateUsage({ system, tools, messages }: ModelRequest, reply: Message): Usage {
  const conversation = sum(messages.map(estimateMessage))
  return {
    input: estimateText(system) + estimateTools(tools) + conversation,
    output: estimateMessage(reply),
    cache_read: 0,
    cache_write: 0,
    thinking: 0,
  }
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

/** Estimates of a conversation that grows at its end: what was measured once is not measured again with every step. */
export class MessageTally {
  #sums = [{ messages: 0, tool_results: 0 }]

  /** Tokens of the first messages, or of all; the conversation only grew since the last question, or `reset` was called. */
  of(messages: readonly Message[], count = messages.length): { messages: number; tool_results: number } {
    for (let place = this.#sums.length - 1; place < count; place++) {
      const message = messages[place]!
      const sum = { ...this.#sums[place]! }
      sum[message.role === 'tool' ? 'tool_results' : 'messages'] += estimateMessage(message)
      this.#sums.push(sum)
    }
    return this.#sums[count]!
  }

  /** Messages were taken out or replaced. */
  reset(): void {
    this.#sums = [{ messages: 0, tool_results: 0 }]
  }
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
  tally: MessageTally,
  windowTokens: number,
  lastUsage?: { usage: Usage; messageCount: number },
): ContextFill {
  const by_category = {
    system: estimateText(system),
    tools: estimateTools(tools),
    ...tally.of(messages),
  }
  const used =
    lastUsage === undefined
      ? sum(Object.values(by_category))
      : lastUsage.usage.input + lastUsage.usage.output + since(lastUsage.messageCount, messages, tally)
  return { used, window: windowTokens, by_category }
}

function since(count: number, messages: readonly Message[], tally: MessageTally): number {
  const [before, now] = [tally.of(messages, count), tally.of(messages)]
  return now.messages + now.tool_results - before.messages - before.tool_results
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
