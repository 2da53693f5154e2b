import { describe, expect, test } from 'vitest'
import { costOf, factsOf, MODEL_CATALOG, priceOf } from '#shared/config/model-catalog'

describe('windows', () => {
  test.each([
    ['claude-sonnet-4-6', 200_000],
    ['claude-sonnet-4-6-1m', 1_000_000],
    ['claude-haiku-4-5-20251001', 200_000],
    ['claude-haiku-4-5-1m', 200_000], // the suffix means nothing there
    ['anthropic/claude-3.5-sonnet', 200_000],
    ['gpt-4o', 128_000],
    ['gpt-4o-2024-08-06', 128_000],
    ['openai/gpt-4.1-mini', 1_047_576],
    ['gpt-4', 8192],
    ['gpt-4-0125-preview', 128_000],
    ['gpt-3.5-turbo', 16_384],
    ['o4-mini', 200_000],
    ['gemini-flash-latest', 1_048_576],
    ['models/gemini-1.5-pro', 2_097_152],
    ['grok-3', 131_072],
    ['deepseek-chat', 128_000],
    ['mistral-large-latest', 128_000],
    ['open-something-new', 128_000],
    ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 131_072],
    ['llama-3-8b', 8192],
    ['llama2', 4096],
    ['qwen2.5-coder:7b', 128_000],
    ['auto-detect', 4096],
  ])('%s takes %i tokens', (model, tokens) => expect(factsOf(model).windowTokens).toBe(tokens))
})

describe('prices', () => {
  test.each([
    ['gpt-4o', 2.5, 10],
    ['openai/gpt-4o-2024-08-06', 2.5, 10],
    ['gpt-4o-mini', 0.15, 0.6],
    ['gpt-4', 30, 60],
    ['gpt-4-turbo', 10, 30],
    ['gpt-3.5-turbo', 0.5, 1.5],
    ['claude-3-opus-20240229', 15, 75],
    ['claude-3-sonnet', 3, 15],
    ['claude-3-haiku', 0.25, 1.25],
    ['anthropic/claude-3.5-sonnet', 3, 15],
    ['claude-sonnet-4-6', 3, 15],
    ['nvidia/nemotron-3-nano-30b-a3b:free', 0, 0],
  ])('%s costs %d and %d per million tokens', (model, input, output) =>
    expect(priceOf(model)).toMatchObject({ input, output }),
  )

  test.each(['gpt-4o-audio-preview', 'gemini-flash-latest', 'some-local-model', 'gpt-9'])(
    'the price of %s is not guessed from its relatives',
    model => expect(priceOf(model)).toBeUndefined(),
  )

  test('every model that has a price has a source', () => {
    for (const row of MODEL_CATALOG) if (row.price) expect(factsOf(row.name).source).not.toBe('unknown model')
  })
})

describe('costs', () => {
  test.each([
    ['plain', 'gpt-4o', { input: 1_000_000, output: 100_000, cache_read: 0, cache_write: 0 }, 2.5 + 1],
    ['read from the cache', 'gpt-4o', { input: 1_000_000, output: 0, cache_read: 800_000, cache_write: 0 }, 0.5 + 1],
    ['written to it', 'claude-sonnet-4-6', { input: 100_000, output: 0, cache_read: 0, cache_write: 100_000 }, 0.375],
    [
      'long prompt',
      'claude-sonnet-4-5-1m',
      { input: 300_000, output: 10_000, cache_read: 0, cache_write: 0 },
      1.8 + 0.225,
    ],
    [
      'short prompt',
      'claude-sonnet-4-5-1m',
      { input: 100_000, output: 10_000, cache_read: 0, cache_write: 0 },
      0.3 + 0.15,
    ],
  ])('%s', (_, model, usage, cost) => expect(costOf({ ...usage, thinking: 0 }, model)).toBeCloseTo(cost, 10))

  test('an unknown price is an unknown cost, not zero', () => {
    const usage = { input: 300_000, output: 5, cache_read: 0, cache_write: 0, thinking: 0 }
    expect(costOf(usage, 'some-local-model')).toBeUndefined()
    expect(costOf(usage, 'claude-haiku-5-5')).toBeUndefined()
  })

  test('rows of the user come before the built-in ones', () => {
    const rows = [{ name: 'gpt-4o', price: { input: 1, output: 2 } }, ...MODEL_CATALOG]
    expect(costOf({ input: 1_000_000, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }, 'gpt-4o', rows)).toBe(1)
  })
})
