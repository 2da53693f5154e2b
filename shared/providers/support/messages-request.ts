import type Anthropic from '@anthropic-ai/sdk'
import { factsOf, isLongWindow } from '#shared/config/model-catalog'
import type { AssistantMessage, ImagePart, Message, ToolMessage, UserMessage } from '#shared/protocol/messages'
import type { ModelRequest } from '../provider'
import type { OptionalPart } from './optional-parts'
import { parseJson, recordOf } from './wire'
import { jsonWithList, type WireMemory } from './wire-memory'

type Head = Omit<Anthropic.MessageCreateParamsStreaming, 'messages'>
type Block = Anthropic.ContentBlockParam

/** Enough for a whole file. */
const DEFAULT_MAX_TOKENS = 16_384
/** Beyond the thinking, for the answer. */
const TOKENS_AFTER_THINKING = 4096
/** Anthropic's own minimum. */
const LEAST_THINKING = 1024
/** A model name as Anthropic knows it, and the beta header that asks for a window of a million tokens. */
export function wireModel(model: string): { model: string; beta?: string } {
  const plain = model.replace(/-1m$/, '')
  return isLongWindow(model) ? { model: plain, beta: 'context-1m-2025-08-07' } : { model: plain }
}

/**
 * A request as the JSON of Anthropic messages. Three cache marks: tools, system text, and one that Anthropic itself moves along
 * with the end of the conversation, so that the bytes before it never change.
 */
export function messagesRequest(request: ModelRequest, leftOut: ReadonlySet<OptionalPart>, memory: WireMemory): string {
  return jsonWithList(headOf(request, leftOut), 'messages', wireMessages(request.messages, leftOut, memory))
}

function headOf(request: ModelRequest, leftOut: ReadonlySet<OptionalPart>): Head {
  const mark = leftOut.has('cache_control') ? {} : { cache_control: { type: 'ephemeral' as const } }
  const thinking = thinkingOf(request, leftOut)
  const most = factsOf(request.model).maxOutputTokens ?? DEFAULT_MAX_TOKENS
  const asked = request.maxTokens ?? Math.min(DEFAULT_MAX_TOKENS, most)
  const budget = thinking?.type === 'enabled' ? thinking.budget_tokens : 0
  const last = request.tools.length - 1
  return {
    model: wireModel(request.model).model,
    stream: true,
    max_tokens: asked <= budget ? budget + TOKENS_AFTER_THINKING : asked,
    ...(thinking && { thinking }),
    // Thinking goes with the default temperature only.
    ...(request.temperature !== undefined &&
      !thinking &&
      !leftOut.has('temperature') && { temperature: request.temperature }),
    ...outputConfig(request, leftOut),
    ...mark,
    ...(request.tools.length > 0 && {
      tools: request.tools.map((tool, place) => ({
        name: tool.name,
        description: tool.description,
        input_schema: { type: 'object' as const, ...tool.input },
        ...(place === last && mark),
      })),
    }),
    ...(request.system !== '' && { system: [{ type: 'text', text: request.system, ...mark }] }),
  }
}

function thinkingOf(request: ModelRequest, leftOut: ReadonlySet<OptionalPart>): Head['thinking'] {
  if (request.thinkingBudget === undefined || request.thinkingBudget === 0) return undefined
  // Models that no longer take a budget decide themselves how much to think.
  if (leftOut.has('thinking')) return { type: 'adaptive' }
  return { type: 'enabled', budget_tokens: Math.max(LEAST_THINKING, request.thinkingBudget) }
}

function outputConfig(request: ModelRequest, leftOut: ReadonlySet<OptionalPart>): Pick<Head, 'output_config'> {
  const effort = leftOut.has('effort') ? undefined : request.reasoningEffort
  const schema = leftOut.has('output_schema') ? undefined : request.outputSchema
  if (!effort && !schema) return {}
  return { output_config: { ...(effort && { effort }), ...(schema && { format: { type: 'json_schema', schema } }) } }
}

function wireMessages(messages: readonly Message[], leftOut: ReadonlySet<OptionalPart>, memory: WireMemory): string[] {
  const found: string[] = []
  let results: string[] = []
  // All results of one reply must stand in one message.
  const endResults = () => {
    if (results.length > 0) found.push(wireMessage('user', results))
    results = []
  }
  for (const message of messages) {
    const blocks = memory.of(message, leftOut, () => blocksOf(message, leftOut))
    if (message.role === 'tool') {
      results.push(...blocks)
      continue
    }
    endResults()
    if (blocks.length > 0) found.push(wireMessage(message.role, blocks))
  }
  endResults()
  return found
}

function wireMessage(role: Anthropic.MessageParam['role'], blocks: readonly string[]): string {
  return jsonWithList({ role }, 'content', blocks)
}

function blocksOf(message: Message, leftOut: ReadonlySet<OptionalPart>): Block[] {
  if (message.role === 'tool') return [resultOf(message, leftOut)]
  return message.role === 'user' ? userBlocks(message, leftOut) : assistantBlocks(message)
}

/** Images first: Anthropic reads them better before the text about them. */
function userBlocks(message: UserMessage, leftOut: ReadonlySet<OptionalPart>): Block[] {
  const images = message.parts.flatMap(part => (part.type === 'image' ? [imageOf(part, leftOut)] : []))
  const texts = message.parts.flatMap(part => (part.type === 'text' ? textBlocks(part.text) : []))
  return [...images, ...texts]
}

function assistantBlocks(message: AssistantMessage): Block[] {
  return message.parts.flatMap((part): Block[] => {
    if (part.type === 'text') return textBlocks(part.text)
    if (part.type === 'tool_call') {
      // What is not an object was answered with an error; the API takes objects only.
      return [{ type: 'tool_use', id: wireId(part.id), name: part.name, input: recordOf(parseJson(part.arguments)) }]
    }
    if (part.redacted !== undefined) return [{ type: 'redacted_thinking', data: part.redacted }]
    // Another provider's thinking has no signature, or one of its own kind, and would be refused.
    return part.signature === undefined || part.signature.startsWith('{')
      ? []
      : [{ type: 'thinking', thinking: part.text, signature: part.signature }]
  })
}

function resultOf(message: ToolMessage, leftOut: ReadonlySet<OptionalPart>): Block {
  const images = (message.images ?? []).map(image => imageOf(image, leftOut))
  return {
    type: 'tool_result',
    tool_use_id: wireId(message.call_id),
    content: images.length > 0 ? [...textBlocks(message.text), ...images] : message.text,
    ...(message.status !== 'ok' && { is_error: true }),
  }
}

function imageOf(
  image: ImagePart,
  leftOut: ReadonlySet<OptionalPart>,
): Anthropic.ImageBlockParam | Anthropic.TextBlockParam {
  if (leftOut.has('images')) return { type: 'text', text: '[An image was left out: this model takes none.]' }
  return { type: 'image', source: { type: 'base64', media_type: image.media_type, data: image.data } }
}

/** Blocks of white space are refused. */
function textBlocks(text: string): Anthropic.TextBlockParam[] {
  return text.trim() === '' ? [] : [{ type: 'text', text }]
}

/** Ids of other providers may hold what Anthropic does not take. */
function wireId(id: string): string {
  return id.replace(/[^\w-]/g, '_')
}
