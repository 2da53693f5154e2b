import type { OpenAI } from 'openai'
import type {
  AssistantMessage,
  ImagePart,
  Message,
  ToolCall,
  ToolMessage,
  UserMessage,
} from '#shared/protocol/messages'
import type { ModelRequest } from '../provider'
import type { OptionalPart } from './optional-parts'
import { isRecord, parseJson } from './wire'
import { jsonWithList, type WireMemory } from './wire-memory'

/** Where servers that speak chat completions differ from one another. */
export interface ChatDialect {
  /** OpenAI itself has renamed the field; most others know only the old name. */
  outputLimitField: 'max_tokens' | 'max_completion_tokens'
  /** The field in which thinking comes and goes back; without it, thinking does not go back. */
  thinkingField?: 'reasoning_content' | 'reasoning'
  /** Models that are asked through the responses API, because nothing else offers them. */
  responsesModels?: RegExp
  /** Gemini: thoughts are asked for, and signed calls go back with their signature. */
  isGemini?: boolean
  /** Mistral takes ids of nine letters and digits only. */
  shortCallIds?: boolean
  /** Sends `usage: { include: true }`, for what the request has cost. */
  reportsCost?: boolean
}

type Head = Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'messages'>
type WireMessage = OpenAI.ChatCompletionMessageParam

/**
 * A request as the JSON of chat completions. The messages come last and are appended to only, so that each request begins with
 * the bytes of the one before it and the provider's prompt cache holds.
 */
export function chatRequest(
  request: ModelRequest,
  dialect: ChatDialect,
  leftOut: ReadonlySet<OptionalPart>,
  memory: WireMemory,
): string {
  const system: WireMessage = { role: 'system', content: request.system }
  const messages = [JSON.stringify(system), ...wireMessages(request.messages, dialect, leftOut, memory)]
  return jsonWithList(headOf(request, dialect, leftOut), 'messages', messages)
}

function headOf(request: ModelRequest, dialect: ChatDialect, leftOut: ReadonlySet<OptionalPart>): Head {
  const may = (part: OptionalPart) => !leftOut.has(part)
  return {
    model: request.model,
    stream: true,
    ...(may('stream_options') && { stream_options: { include_usage: true } }),
    ...(dialect.reportsCost && { usage: { include: true } }),
    ...outputLimit(request.maxTokens, dialect, leftOut),
    ...(request.temperature !== undefined && may('temperature') && { temperature: request.temperature }),
    ...(request.reasoningEffort && may('effort') && { reasoning_effort: request.reasoningEffort }),
    ...(dialect.isGemini && may('thinking') && geminiThinking(request)),
    ...(request.outputSchema && may('output_schema') && { response_format: responseFormat(request.outputSchema) }),
    ...(request.tools.length > 0 && { tools: request.tools.map(toolOf) }),
  }
}

function outputLimit(maxTokens: number | undefined, dialect: ChatDialect, leftOut: ReadonlySet<OptionalPart>) {
  if (maxTokens === undefined) return {}
  const other = dialect.outputLimitField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  const field = leftOut.has(dialect.outputLimitField) ? other : dialect.outputLimitField
  return leftOut.has(field) ? {} : { [field]: maxTokens }
}

function geminiThinking(request: ModelRequest) {
  const budget = request.thinkingBudget
  // An effort and a budget exclude each other.
  if (request.reasoningEffort) return {}
  const thinking_config = { include_thoughts: true, ...(budget !== undefined && { thinking_budget: budget }) }
  return { extra_body: { google: { thinking_config } } }
}

function responseFormat(schema: Record<string, unknown>): Head['response_format'] {
  // Strict mode takes only a part of JSON schema; the caller checks the reply anyway.
  return { type: 'json_schema', json_schema: { name: 'reply', schema, strict: false } }
}

function toolOf(tool: ModelRequest['tools'][number]): OpenAI.ChatCompletionTool {
  return { type: 'function', function: { name: tool.name, description: tool.description, parameters: tool.input } }
}

function wireMessages(
  messages: readonly Message[],
  dialect: ChatDialect,
  leftOut: ReadonlySet<OptionalPart>,
  memory: WireMemory,
): string[] {
  const found: string[] = []
  let imagesOfTools: OpenAI.ChatCompletionContentPart[] = []
  const endImages = () => {
    const message: WireMessage = { role: 'user', content: imagesOfTools }
    if (imagesOfTools.length > 0) found.push(JSON.stringify(message))
    imagesOfTools = []
  }
  for (const message of messages) {
    // A tool message holds only text; its images follow once all results of the reply are told.
    if (message.role !== 'tool') endImages()
    found.push(...memory.of(message, leftOut, () => [wireMessage(message, dialect, leftOut)]))
    if (message.role === 'tool') imagesOfTools.push(...imagesOf(message, leftOut))
  }
  endImages()
  return found
}

function wireMessage(message: Message, dialect: ChatDialect, leftOut: ReadonlySet<OptionalPart>): WireMessage {
  if (message.role === 'user') return userMessage(message, leftOut)
  if (message.role === 'assistant') return assistantMessage(message, dialect, leftOut)
  return { role: 'tool', tool_call_id: wireId(message.call_id, dialect), content: message.text }
}

function userMessage(message: UserMessage, leftOut: ReadonlySet<OptionalPart>): WireMessage {
  if (message.parts.every(part => part.type === 'text')) {
    return { role: 'user', content: message.parts.map(part => part.text).join('\n\n') }
  }
  return {
    role: 'user',
    content: message.parts.map(part =>
      part.type === 'text' ? { type: 'text', text: part.text } : imageOf(part, leftOut),
    ),
  }
}

function imagesOf(message: ToolMessage, leftOut: ReadonlySet<OptionalPart>): OpenAI.ChatCompletionContentPart[] {
  if (!message.images?.length) return []
  const title = { type: 'text' as const, text: `Images of the result of ${message.name} (${message.call_id}):` }
  return [title, ...message.images.map(image => imageOf(image, leftOut))]
}

function imageOf(image: ImagePart, leftOut: ReadonlySet<OptionalPart>): OpenAI.ChatCompletionContentPart {
  if (leftOut.has('images')) return { type: 'text', text: '[An image was left out: this model takes none.]' }
  return { type: 'image_url', image_url: { url: `data:${image.media_type};base64,${image.data}` } }
}

function assistantMessage(
  message: AssistantMessage,
  dialect: ChatDialect,
  leftOut: ReadonlySet<OptionalPart>,
): WireMessage {
  const text = message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
  const thinking = message.parts.map(part => (part.type === 'thinking' ? part.text : '')).join('')
  const calls = message.parts.filter(part => part.type === 'tool_call')
  const goesBack = dialect.thinkingField && thinking !== '' && !leftOut.has('thinking')
  return {
    role: 'assistant',
    // Some servers refuse null beside calls, others the empty text without them.
    content: text === '' && calls.length > 0 ? null : text,
    ...(goesBack && { [dialect.thinkingField!]: thinking }),
    ...(calls.length > 0 && { tool_calls: calls.map(call => callOf(call, dialect)) }),
  }
}

function callOf(call: ToolCall, dialect: ChatDialect): OpenAI.ChatCompletionMessageToolCall {
  return {
    id: wireId(call.id, dialect),
    type: 'function',
    // Chat templates parse the arguments; what the model wrote wrong would break every later request.
    function: { name: call.name, arguments: isRecord(parseJson(call.arguments)) ? call.arguments : '{}' },
    ...(dialect.isGemini && call.signature && { extra_content: { google: { thought_signature: call.signature } } }),
  }
}

/** The end of our own ids is their random part. */
function wireId(id: string, dialect: ChatDialect): string {
  return dialect.shortCallIds
    ? id
        .replace(/[^a-zA-Z0-9]/g, '')
        .slice(-9)
        .padStart(9, '0')
    : id
}
