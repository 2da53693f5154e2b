import type { ModelInfo, ProviderFailure } from '../provider'
import { failureOfForeignReply, type Origin } from './http-failure'
import { listOf, parseJson, recordOf, textOf } from './wire'

/** Reads a list of models as servers send it: `{ data: [...] }`, `{ models: [...] }`, or the bare list. */
export function modelInfoOf(body: string, origin: Origin): { models: ModelInfo[] } | { failure: ProviderFailure } {
  const json = parseJson(body)
  const given = recordOf(json)
  const list = [json, given.data, given.models].find(Array.isArray)
  if (!list) return { failure: failureOfForeignReply('', body, origin) }
  return { models: listOf(list).flatMap(each => infoOf(recordOf(each))) }
}

function infoOf(model: Record<string, unknown>): ModelInfo[] {
  const id = textOf(model.id) ?? textOf(model.name)
  if (id === undefined) return []
  const windowTokens = WINDOW_FIELDS.map(field => model[field]).find(isCount)
  const top = recordOf(model.top_provider)
  const maxOutputTokens = [top.max_completion_tokens, ...OUTPUT_FIELDS.map(field => model[field])].find(isCount)
  return [
    {
      // Gemini puts its resource path before the name.
      id: id.replace(/^models\//, ''),
      ...(windowTokens && { windowTokens }),
      ...(maxOutputTokens && { maxOutputTokens }),
    },
  ]
}

/** OpenRouter and Together, LM Studio (loaded before possible), vLLM, Groq, Mistral, Gemini, Anthropic. */
const WINDOW_FIELDS = [
  'loaded_context_length',
  'context_length',
  'max_context_length',
  'max_model_len',
  'context_window',
  'inputTokenLimit',
  'max_input_tokens',
]
const OUTPUT_FIELDS = ['max_completion_tokens', 'outputTokenLimit', 'max_output_tokens', 'max_tokens']

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value > 0
}
