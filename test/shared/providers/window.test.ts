import { expect, test } from 'vitest'
import { findWindow } from '#shared/providers/window'
import { makeProvider } from '../../support/ask-provider'
import { startScriptedProvider } from '../../support/scripted-provider'

test.each([
  ['what the endpoint says', 'gpt-4o', [{ id: 'gpt-4o', context_length: 7777 }], 7777],
  ['what the catalogue knows, when the endpoint is silent', 'gpt-4o', [{ id: 'gpt-4o' }], 128_000],
  ['what the catalogue knows of a model that is not listed', 'gpt-4', [], 8192],
  ['what is loaded', 'auto-detect', [{ id: 'qwen', max_model_len: 5555 }], 5555],
  ['what the catalogue knows of what is loaded', 'auto-detect', [{ id: 'qwen2.5-coder' }], 128_000],
  ['little, when nothing is known', 'auto-detect', [], 4096],
])('%s counts', async (_, model, models, tokens) => {
  const server = await startScriptedProvider([], { models })
  const provider = makeProvider({ provider: 'vllm', baseUrl: server.url })
  expect(await findWindow(provider, model, new AbortController().signal)).toBe(tokens)
  await server.close()
})
