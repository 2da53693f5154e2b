import type { ModelInfo, ProviderFailure } from '../provider'
import { failureOfForeignReply, type Origin } from './http-failure'
import { parseJson, recordOf, textOf } from './wire'

/** Reads a list of models as servers send it: `{ data: [...] }`, `{ models: [...] }`, or the bare list. */
export function modelInfoOf(body: string, origin: Origin): { models: ModelInfo[] } | { failure: ProviderFailure } {
  const json = parseJson(body)
  const given = recordOf(json)
  const list: unknown[] | undefined = [json, given.data, given.models].find(Array.isArray)
  if (!list) return { failure: failureOfForeignReply('', body, origin) }
  return { models: list.flatMap(each => infoOf(recordOf(each))) }
}

/** One list of several, in the order of the first that names a model; what one does not say, another may. */
export function mergeModels(lists: readonly ModelInfo[][]): ModelInfo[] {
  const merged = new Map<string, ModelInfo>()
  for (const model of lists.flat()) merged.set(model.id, { ...model, ...merged.get(model.id) })
  return [...merged.values()]
}

function infoOf(model: Record<string, unknown>): ModelInfo[] {
  const id = textOf(model.id) ?? textOf(model.name)
  // Local servers list what turns text into vectors, too.
  if (id === undefined || model.type === 'embeddings') return []
  const windowTokens = WINDOW_FIELDS.map(field => model[field]).find(isCount)
  const top = recordOf(model.top_provider)
  const maxOutputTokens = [top.max_completion_tokens, ...OUTPUT_FIELDS.map(field => model[field])].find(isCount)
  const price = priceOf(model)
  const tier = textOf(model.tier)
  return [
    {
      // Gemini puts its resource path before the name.
      id: id.replace(/^models\//, ''),
      ...(windowTokens && { windowTokens }),
      ...(maxOutputTokens && { maxOutputTokens }),
      ...(price && { price }),
      ...(tier && { tier }),
    },
  ]
}

/** OpenRouter counts dollars per token, in text. */
function priceOf(model: Record<string, unknown>): ModelInfo['price'] {
  const pricing = recordOf(model.pricing)
  const [input, output] = [Number(pricing.prompt ?? Number.NaN), Number(pricing.completion ?? Number.NaN)]
  if (!(input >= 0 && output >= 0)) return undefined
  const cacheRead = Number(pricing.input_cache_read ?? Number.NaN)
  return {
    input: perMillion(input),
    output: perMillion(output),
    ...(cacheRead >= 0 && { cacheRead: perMillion(cacheRead) }),
  }
}

/** Without the dust that binary fractions leave. */
function perMillion(price: number): number {
  return Number((price * 1_000_000).toPrecision(12))
}

/** LM Studio (loaded before possible), Ollama, OpenRouter and Together, vLLM, Groq, Gemini, Anthropic. */
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
