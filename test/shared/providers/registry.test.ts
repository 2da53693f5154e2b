import { describe, expect, test } from 'vitest'
import { KNOWN_PROVIDERS, providerOfUrl } from '#shared/providers/known-providers'
import { createProvider, type Env, type ProviderWishes, resolveProvider } from '#shared/providers/registry'

describe('which provider, model, endpoint and key', () => {
  test.each<[string, ProviderWishes, Env, string]>([
    ['a key alone means OpenAI', {}, { KODE_LLM_API_KEY: 'k' }, 'openai gpt-4o https://api.openai.com/v1 k'],
    [
      'the first provider whose key is there',
      {},
      { GROQ_API_KEY: 'g', DEEPSEEK_API_KEY: 'd' },
      'groq llama-3.3-70b-versatile https://api.groq.com/openai/v1 g',
    ],
    [
      'Anthropic before OpenAI',
      {},
      { OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a' },
      'anthropic claude-sonnet-4-6 https://api.anthropic.com a',
    ],
    [
      'an endpoint, its model and key',
      {},
      { KODE_LLM_ENDPOINT: 'https://llm.example/v1/', KODE_LLM_MODEL: 'm', KODE_LLM_API_KEY: 'k' },
      'openai-compatible m https://llm.example/v1 k',
    ],
    [
      'an endpoint with the key of OpenAI',
      {},
      { KODE_LLM_ENDPOINT: 'https://llm.example/v1', OPENAI_API_KEY: 'o' },
      'openai-compatible gpt-4o https://llm.example/v1 o',
    ],
    [
      'a private endpoint needs no key',
      {},
      { KODE_LLM_ENDPOINT: 'http://10.0.0.7:9000/v1', KODE_LLM_MODEL: 'm' },
      'openai-compatible m http://10.0.0.7:9000/v1 -',
    ],
    [
      'a known host is that provider',
      {},
      { KODE_BASE_URL: 'https://api.x.ai/v1', XAI_API_KEY: 'x' },
      'grok grok-3 https://api.x.ai/v1 x',
    ],
    [
      'a known port is that server',
      {},
      { KODE_LLM_ENDPOINT: 'http://localhost:11434/v1' },
      'ollama auto-detect http://localhost:11434/v1 -',
    ],
    [
      'flags before the environment',
      { flags: { provider: 'openai', model: 'gpt-5', apiKey: 'f' } },
      { KODE_PROVIDER: 'groq', KODE_MODEL: 'x', OPENAI_API_KEY: 'o' },
      'openai gpt-5 https://api.openai.com/v1 f',
    ],
    [
      'the environment before what was saved',
      { saved: { provider: 'groq', model: 'x' } },
      { KODE_PROVIDER: 'openai', OPENAI_API_KEY: 'o', KODE_MODEL: 'gpt-5' },
      'openai gpt-5 https://api.openai.com/v1 o',
    ],
    [
      'a key of the environment before a saved one',
      { saved: { provider: 'openai', keys: { openai: 'saved' } } },
      { OPENAI_API_KEY: 'o' },
      'openai gpt-4o https://api.openai.com/v1 o',
    ],
    [
      'what was saved, with its key',
      { saved: { provider: 'mistral', model: 'codestral-latest', keys: { mistral: 's' } } },
      {},
      'mistral codestral-latest https://api.mistral.ai/v1 s',
    ],
    [
      'a saved model is for its own provider only',
      { flags: { provider: 'groq' }, saved: { provider: 'mistral', model: 'codestral-latest' } },
      { GROQ_API_KEY: 'g' },
      'groq llama-3.3-70b-versatile https://api.groq.com/openai/v1 g',
    ],
    [
      'a saved model is not for an endpoint of the user',
      { saved: { provider: 'mistral', model: 'codestral-latest' } },
      { KODE_LLM_ENDPOINT: 'https://llm.example/v1', KODE_LLM_API_KEY: 'k' },
      'openai-compatible gpt-4o https://llm.example/v1 k',
    ],
    [
      'the project says the model at last',
      { project: { model: 'gpt-4o-mini' } },
      { OPENAI_API_KEY: 'o' },
      'openai gpt-4o-mini https://api.openai.com/v1 o',
    ],
    [
      'KODE_ before KODA_',
      {},
      { KODE_PROVIDER: 'openai', KODA_PROVIDER: 'groq', KODA_MODEL: 'm', OPENAI_API_KEY: 'o' },
      'openai m https://api.openai.com/v1 o',
    ],
    [
      'provider/model is routed',
      { flags: { model: 'mistral/codestral-latest' } },
      { MISTRAL_API_KEY: 'm', OPENAI_API_KEY: 'o' },
      'mistral codestral-latest https://api.mistral.ai/v1 m',
    ],
    [
      'a vendor that is no provider stays in the name',
      { flags: { provider: 'openrouter', model: 'anthropic/claude-3.5-sonnet' } },
      { OPENROUTER_API_KEY: 'r' },
      'openrouter anthropic/claude-3.5-sonnet https://openrouter.ai/api/v1 r',
    ],
    [
      'an endpoint of the user gets the name as it is',
      { flags: { model: 'openai/gpt-4o' } },
      { KODE_LLM_ENDPOINT: 'https://llm.example/v1', KODE_LLM_API_KEY: 'k' },
      'openai-compatible openai/gpt-4o https://llm.example/v1 k',
    ],
    [
      'a model that only one vendor has',
      { flags: { model: 'gpt-4o' } },
      { OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a' },
      'openai gpt-4o https://api.openai.com/v1 o',
    ],
    [
      'a model named now goes before a saved provider',
      { flags: { model: 'claude-opus-4-6' }, saved: { provider: 'openai', keys: { anthropic: 's' } } },
      { OPENAI_API_KEY: 'o' },
      'anthropic claude-opus-4-6 https://api.anthropic.com s',
    ],
    [
      'without that vendor’s key it may be offered by another',
      { flags: { model: 'claude-opus-4-6' } },
      { OPENROUTER_API_KEY: 'r' },
      'openrouter claude-opus-4-6 https://openrouter.ai/api/v1 r',
    ],
    [
      'an alias of a model chooses its provider',
      { flags: { model: 'claude-haiku' } },
      { OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'a' },
      'anthropic claude-haiku-4-5-20251001 https://api.anthropic.com a',
    ],
    ['local is LM Studio', { flags: { model: 'local' } }, {}, 'lm-studio auto-detect http://localhost:1234/v1 -'],
    [
      'an alias of the user',
      { flags: { model: 'fast' }, aliases: { fast: { provider: 'groq', model: 'llama-x' } } },
      { GROQ_API_KEY: 'g' },
      'groq llama-x https://api.groq.com/openai/v1 g',
    ],
    [
      'an alias of a provider, in any case',
      { flags: { provider: 'Google' } },
      { GEMINI_API_KEY: 'g' },
      'gemini gemini-flash-latest https://generativelanguage.googleapis.com/v1beta/openai g',
    ],
    [
      'a local URL of the environment',
      { flags: { provider: 'ollama' } },
      { KODA_LOCAL_URL: 'http://nas:11434/v1' },
      'ollama auto-detect http://nas:11434/v1 -',
    ],
    [
      'a gateway, open to all',
      {},
      { KODE_GATEWAY_URL: 'https://gateway.example' },
      'gateway deepseek-v4-flash https://gateway.example/v1 public',
    ],
    [
      'a gateway, with a paid key',
      {},
      { KODE_GATEWAY_URL: 'https://gateway.example', KODE_PRO_API_KEY: 'pro' },
      'gateway deepseek-v4-flash https://gateway.example/v1 pro',
    ],
    ['the mock', { flags: { provider: 'mock' } }, {}, 'mock mock-model  -'],
  ])('%s', (_, wishes, env, expected) => {
    const choice = resolveProvider(wishes, env)
    expect(
      choice.ok &&
        `${choice.value.provider} ${choice.value.model} ${choice.value.baseUrl} ${choice.value.apiKey ?? '-'}`,
    ).toBe(expected)
  })

  test.each<[string, ProviderWishes, Env, object]>([
    [
      'no key anywhere',
      {},
      {},
      {
        kind: 'no-key',
        message: expect.stringContaining('anthropic'),
        advice: expect.stringContaining('ANTHROPIC_API_KEY'),
      },
    ],
    ['an empty key', {}, { OPENAI_API_KEY: ' ' }, { kind: 'no-key' }],
    [
      'no key for a far endpoint',
      {},
      { KODE_LLM_ENDPOINT: 'https://llm.example/v1' },
      { kind: 'no-key', message: expect.stringContaining('llm.example') },
    ],
    [
      'a mistyped provider',
      { flags: { provider: 'antropic' } },
      {},
      { kind: 'configuration', advice: 'Did you mean anthropic?' },
    ],
    [
      'an unknown provider',
      { flags: { provider: 'zzz' } },
      {},
      { kind: 'configuration', advice: expect.stringContaining('openrouter') },
    ],
    [
      'an endpoint that is no URL',
      {},
      { KODE_LLM_ENDPOINT: 'localhost:8080', KODE_LLM_API_KEY: 'k' },
      { kind: 'configuration', advice: expect.stringContaining('https://') },
    ],
  ])('%s is refused with advice', (_, wishes, env, expected) => {
    const choice = resolveProvider(wishes, env)
    expect(!choice.ok && choice.error).toMatchObject(expected)
  })

  test('no vendor is chosen that the user did not name', () => {
    const choice = resolveProvider({}, {})
    expect(choice.ok).toBe(false)
  })
})

/** Source: spec/koda.md §11.1. */
test.each([
  ['anthropic', ['claude'], 'https://api.anthropic.com', ['ANTHROPIC_API_KEY'], 'claude-sonnet-4-6'],
  ['openai', [], 'https://api.openai.com/v1', ['OPENAI_API_KEY'], 'gpt-4o'],
  [
    'gemini',
    ['google'],
    'https://generativelanguage.googleapis.com/v1beta/openai',
    ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    'gemini-flash-latest',
  ],
  ['groq', [], 'https://api.groq.com/openai/v1', ['GROQ_API_KEY'], 'llama-3.3-70b-versatile'],
  ['grok', ['xai'], 'https://api.x.ai/v1', ['XAI_API_KEY'], 'grok-3'],
  ['deepseek', [], 'https://api.deepseek.com/v1', ['DEEPSEEK_API_KEY'], 'deepseek-chat'],
  ['mistral', [], 'https://api.mistral.ai/v1', ['MISTRAL_API_KEY'], 'mistral-large-latest'],
  ['minimax', [], 'https://api.minimax.chat/v1', ['MINIMAX_API_KEY'], 'minimax-text-01'],
  ['openrouter', [], 'https://openrouter.ai/api/v1', ['OPENROUTER_API_KEY'], 'anthropic/claude-3.5-sonnet'],
  ['together', [], 'https://api.together.xyz/v1', ['TOGETHER_API_KEY'], 'meta-llama/Llama-3.3-70B-Instruct-Turbo'],
  [
    'fireworks',
    [],
    'https://api.fireworks.ai/inference/v1',
    ['FIREWORKS_API_KEY'],
    'accounts/fireworks/models/llama-v3p3-70b-instruct',
  ],
  ['lm-studio', ['lmstudio'], 'http://localhost:1234/v1', [], 'auto-detect'],
  ['ollama', [], 'http://localhost:11434/v1', [], 'auto-detect'],
  ['vllm', [], 'http://localhost:8000/v1', [], 'auto-detect'],
])('%s is as it is documented, and its key alone chooses it', (name, aliases, baseUrl, keys, model) => {
  const byName = [name, ...aliases].map(each => resolveProvider({ flags: { provider: each, apiKey: 'k' } }, {}))
  const byKey = keys.map(variable => resolveProvider({}, { [variable]: 'k' }))
  for (const choice of [...byName, ...byKey]) {
    expect(choice).toEqual({ ok: true, value: { provider: name, model, baseUrl, apiKey: 'k' } })
  }
})

test('every provider of the list can be made', () => {
  expect(KNOWN_PROVIDERS).toHaveLength(15) // 14 and the mock
  for (const { name, aliases } of KNOWN_PROVIDERS) {
    for (const each of [name, ...aliases, name.toUpperCase()])
      expect(createProvider({ provider: each }, {}).ok).toBe(true)
  }
})

test.each([
  ['https://api.anthropic.com', 'anthropic'],
  ['https://api.openai.com/v1', 'openai'],
  ['https://generativelanguage.googleapis.com/v1beta/openai', 'gemini'],
  ['https://api.together.xyz/v1', 'together'],
  ['http://localhost:1234/v1', 'lm-studio'],
  ['http://127.0.0.1:8000/v1', 'vllm'],
  ['https://notopenai.com/v1', 'openai-compatible'],
  ['nonsense', 'openai-compatible'],
])('%s belongs to %s', (url, name) => expect(providerOfUrl(url).name).toBe(name))
