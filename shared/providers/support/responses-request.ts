import type { OpenAI } from 'openai'
import type { AssistantMessage, ImagePart, Message, ToolMessage, UserMessage } from '#shared/protocol/messages'
import type { ModelRequest } from '../provider'
import type { OptionalPart } from './optional-parts'
import { isRecord, parseJson, recordOf, textOf } from './wire'
import { jsonWithList, type WireMemory } from './wire-memory'

type Head = Omit<OpenAI.Responses.ResponseCreateParamsStreaming, 'input'>
type Item = OpenAI.Responses.ResponseInputItem
type Content = OpenAI.Responses.ResponseInputText | OpenAI.Responses.ResponseInputImage

/**
 * A request as the JSON of OpenAI responses. Nothing is kept on the server: the conversation goes along whole, with the model's
 * own sealed reasoning, and is only ever appended to, so that the prompt cache holds.
 */
export function responsesRequest(
  request: ModelRequest,
  leftOut: ReadonlySet<OptionalPart>,
  memory: WireMemory,
): string {
  const items = request.messages.flatMap(message => memory.of(message, leftOut, () => itemsOf(message, leftOut)))
  return jsonWithList(headOf(request, leftOut), 'input', items)
}

function headOf(request: ModelRequest, leftOut: ReadonlySet<OptionalPart>): Head {
  const may = (part: OptionalPart) => !leftOut.has(part)
  return {
    model: request.model,
    stream: true,
    store: false,
    ...(may('thinking') && { include: ['reasoning.encrypted_content' as const] }),
    ...(request.maxTokens !== undefined && { max_output_tokens: request.maxTokens }),
    ...(request.temperature !== undefined && may('temperature') && { temperature: request.temperature }),
    ...(request.reasoningEffort &&
      may('effort') && { reasoning: { effort: request.reasoningEffort, summary: 'auto' } }),
    ...(request.outputSchema &&
      may('output_schema') && {
        text: { format: { type: 'json_schema', name: 'reply', schema: request.outputSchema, strict: false } },
      }),
    ...(request.tools.length > 0 && {
      tools: request.tools.map(tool => ({
        type: 'function' as const,
        name: tool.name,
        description: tool.description,
        parameters: tool.input,
        strict: false,
      })),
    }),
    instructions: request.system,
  }
}

function itemsOf(message: Message, leftOut: ReadonlySet<OptionalPart>): Item[] {
  if (message.role === 'user') return [userItem(message, leftOut)]
  return message.role === 'assistant' ? assistantItems(message, leftOut) : [resultItem(message, leftOut)]
}

function userItem(message: UserMessage, leftOut: ReadonlySet<OptionalPart>): Item {
  return {
    type: 'message',
    role: 'user',
    content: message.parts.map(part => (part.type === 'text' ? textContent(part.text) : imageContent(part, leftOut))),
  }
}

function assistantItems(message: AssistantMessage, leftOut: ReadonlySet<OptionalPart>): Item[] {
  return message.parts.flatMap((part): Item[] => {
    if (part.type === 'text') return part.text === '' ? [] : [{ role: 'assistant', content: part.text }]
    if (part.type === 'tool_call') {
      const isObject = isRecord(parseJson(part.arguments))
      return [{ type: 'function_call', call_id: part.id, name: part.name, arguments: isObject ? part.arguments : '{}' }]
    }
    const sealed = leftOut.has('thinking') ? undefined : readSeal(part.signature)
    const summary = part.text === '' ? [] : [{ type: 'summary_text' as const, text: part.text }]
    return sealed ? [{ type: 'reasoning', id: sealed.id, summary, encrypted_content: sealed.content }] : []
  })
}

function resultItem(message: ToolMessage, leftOut: ReadonlySet<OptionalPart>): Item {
  const images = (message.images ?? []).map(image => imageContent(image, leftOut))
  const output = images.length > 0 ? [textContent(message.text), ...images] : message.text
  return { type: 'function_call_output', call_id: message.call_id, output }
}

function textContent(text: string): Content {
  return { type: 'input_text', text }
}

function imageContent(image: ImagePart, leftOut: ReadonlySet<OptionalPart>): Content {
  if (leftOut.has('images')) return textContent('[An image was left out: this model takes none.]')
  return { type: 'input_image', detail: 'auto', image_url: `data:${image.media_type};base64,${image.data}` }
}

/** Reasoning that only its maker can read goes back under its own id; both are kept as the signature of the thinking. */
export function writeSeal(id: string, content: string): string {
  return JSON.stringify({ id, content })
}

function readSeal(signature: string | undefined): { id: string; content: string } | undefined {
  const seal = recordOf(parseJson(signature ?? ''))
  const [id, content] = [textOf(seal.id), textOf(seal.content)]
  return id !== undefined && content !== undefined ? { id, content } : undefined
}
