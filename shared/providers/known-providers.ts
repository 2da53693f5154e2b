import type { ChatDialect } from './support/chat-request'

/** One entry of the list of providers: everything about it that is data. */
export interface KnownProvider {
  name: string
  aliases: readonly string[]
  wire: 'chat' | 'messages' | 'mock'
  baseUrl: string
  /** Variables of the environment that hold the key, in order; empty: works without one. */
  keyVariables: readonly string[]
  defaultModel: string
  dialect: ChatDialect
  /** Makes replies satisfy a JSON schema, as its documentation says; a model that cannot is asked again without. */
  enforcesSchema?: boolean
  /** Where the models are listed, when it is not `models` below the base URL. */
  listPaths?: readonly string[]
  /** What the names of its models look like, where nobody else offers them under these names. */
  models?: RegExp
  /** What a URL's host looks like when it is this provider. */
  host?: RegExp
}

const CHAT: ChatDialect = { outputLimitField: 'max_tokens' }
const OPEN_MODELS: ChatDialect = { ...CHAT, thinkingField: 'reasoning_content' }

/** In the order in which a key in the environment chooses the provider. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    name: 'anthropic',
    aliases: ['claude'],
    wire: 'messages',
    baseUrl: 'https://api.anthropic.com',
    keyVariables: ['ANTHROPIC_API_KEY'],
    defaultModel: 'claude-sonnet-4-6',
    dialect: CHAT,
    enforcesSchema: true,
    models: /^claude-/,
    host: /(^|\.)anthropic\.com$/,
  },
  {
    name: 'openai',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    defaultModel: 'gpt-4o',
    // As OpenAI lists them; all others can be asked either way.
    dialect: { outputLimitField: 'max_completion_tokens', responsesModels: /codex|-pro\b|deep-research/ },
    enforcesSchema: true,
    models: /^(gpt-|chatgpt-|codex-|o\d)/,
    host: /(^|\.)openai\.com$/,
  },
  {
    name: 'gemini',
    aliases: ['google'],
    wire: 'chat',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    defaultModel: 'gemini-flash-latest',
    dialect: { ...CHAT, isGemini: true },
    enforcesSchema: true,
    models: /^gemini-/,
    host: /(^|\.)googleapis\.com$/,
  },
  {
    name: 'groq',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.groq.com/openai/v1',
    keyVariables: ['GROQ_API_KEY'],
    defaultModel: 'llama-3.3-70b-versatile',
    dialect: { outputLimitField: 'max_completion_tokens', thinkingField: 'reasoning' },
    host: /(^|\.)groq\.com$/,
  },
  {
    name: 'grok',
    aliases: ['xai'],
    wire: 'chat',
    baseUrl: 'https://api.x.ai/v1',
    keyVariables: ['XAI_API_KEY'],
    defaultModel: 'grok-3',
    dialect: CHAT,
    enforcesSchema: true,
    models: /^grok-/,
    host: /(^|\.)x\.ai$/,
  },
  {
    name: 'deepseek',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.deepseek.com/v1',
    keyVariables: ['DEEPSEEK_API_KEY'],
    defaultModel: 'deepseek-chat',
    dialect: OPEN_MODELS,
    models: /^deepseek-(chat|reasoner|v\d)/,
    host: /(^|\.)deepseek\.com$/,
  },
  {
    name: 'mistral',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.mistral.ai/v1',
    keyVariables: ['MISTRAL_API_KEY'],
    defaultModel: 'mistral-large-latest',
    dialect: { ...CHAT, shortCallIds: true },
    enforcesSchema: true,
    models: /^(mistral|codestral|devstral|magistral)-/,
    host: /(^|\.)mistral\.ai$/,
  },
  {
    name: 'minimax',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.minimax.chat/v1',
    keyVariables: ['MINIMAX_API_KEY'],
    defaultModel: 'minimax-text-01',
    dialect: OPEN_MODELS,
    host: /(^|\.)minimax\.(chat|io)$/,
  },
  {
    name: 'openrouter',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    defaultModel: 'anthropic/claude-3.5-sonnet',
    dialect: { ...CHAT, thinkingField: 'reasoning', reportsCost: true },
    enforcesSchema: true,
    host: /(^|\.)openrouter\.ai$/,
  },
  {
    name: 'together',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.together.xyz/v1',
    keyVariables: ['TOGETHER_API_KEY'],
    defaultModel: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    dialect: OPEN_MODELS,
    host: /(^|\.)together\.(xyz|ai)$/,
  },
  {
    name: 'fireworks',
    aliases: [],
    wire: 'chat',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyVariables: ['FIREWORKS_API_KEY'],
    defaultModel: 'accounts/fireworks/models/llama-v3p3-70b-instruct',
    dialect: OPEN_MODELS,
    enforcesSchema: true,
    host: /(^|\.)fireworks\.ai$/,
  },
  {
    name: 'lm-studio',
    aliases: ['lmstudio'],
    wire: 'chat',
    baseUrl: 'http://localhost:1234/v1',
    keyVariables: [],
    defaultModel: 'auto-detect',
    dialect: OPEN_MODELS,
    enforcesSchema: true,
    // Its own list knows the window, and what is loaded.
    listPaths: ['/api/v0/models', 'models'],
  },
  {
    name: 'ollama',
    aliases: [],
    wire: 'chat',
    baseUrl: 'http://localhost:11434/v1',
    keyVariables: [],
    defaultModel: 'auto-detect',
    dialect: OPEN_MODELS,
    enforcesSchema: true,
    // What runs comes with the window it runs with, which is often smaller than the model's.
    listPaths: ['/api/ps', 'models'],
  },
  {
    name: 'vllm',
    aliases: [],
    wire: 'chat',
    baseUrl: 'http://localhost:8000/v1',
    keyVariables: [],
    defaultModel: 'auto-detect',
    dialect: OPEN_MODELS,
    enforcesSchema: true,
  },
  { name: 'mock', aliases: [], wire: 'mock', baseUrl: '', keyVariables: [], defaultModel: 'mock-model', dialect: CHAT },
]

/** Any endpoint that speaks chat completions and is none of the above. */
export const OPENAI_COMPATIBLE: KnownProvider = {
  name: 'openai-compatible',
  aliases: ['custom'],
  wire: 'chat',
  baseUrl: '',
  keyVariables: ['OPENAI_API_KEY'],
  defaultModel: 'gpt-4o',
  dialect: OPEN_MODELS,
}

/** Any endpoint that speaks OpenAI's newer responses API. */
export const OPENAI_RESPONSES: KnownProvider = {
  ...OPENAI_COMPATIBLE,
  name: 'openai-responses',
  aliases: ['responses'],
  baseUrl: 'https://api.openai.com/v1',
  dialect: { ...OPEN_MODELS, responsesModels: /./ },
}

/** A kode gateway: an OpenAI-compatible endpoint with tiers, that answers without a key too. */
export const GATEWAY: KnownProvider = {
  name: 'gateway',
  aliases: [],
  wire: 'chat',
  baseUrl: '',
  keyVariables: ['KODE_PRO_API_KEY'],
  defaultModel: 'deepseek-v4-flash',
  dialect: OPEN_MODELS,
  listPaths: ['/api/models', 'models'],
}

const ALL = [...KNOWN_PROVIDERS, OPENAI_COMPATIBLE, OPENAI_RESPONSES, GATEWAY]

/** Finds a provider by name or alias, whatever the case. */
export function findProvider(name: string): KnownProvider | undefined {
  const wanted = name.trim().toLowerCase()
  return ALL.find(each => each.name === wanted || each.aliases.includes(wanted))
}

/** Names that were perhaps meant, closest first. */
export function similarProviders(name: string): string[] {
  const wanted = name.trim().toLowerCase()
  return ALL.map(each => ({
    name: each.name,
    distance: Math.min(...[each.name, ...each.aliases].map(known => editDistance(wanted, known))),
  }))
    .filter(each => each.distance <= Math.max(2, wanted.length / 3))
    .sort((one, other) => one.distance - other.distance)
    .map(each => each.name)
    .slice(0, 3)
}

/** The provider that a URL belongs to, by its host, or by the port that local servers use. */
export function providerOfUrl(url: string): KnownProvider {
  if (!URL.canParse(url)) return OPENAI_COMPATIBLE
  const { hostname, port } = new URL(url)
  const byHost = KNOWN_PROVIDERS.find(each => each.host?.test(hostname))
  if (byHost) return byHost
  const byPort = { '1234': 'lm-studio', '11434': 'ollama', '8000': 'vllm' }[port]
  return (byPort && findProvider(byPort)) || OPENAI_COMPATIBLE
}

function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row.at(-1)!
}
