import { expect, test } from 'vitest'
import { checkEndpoint } from '#shared/providers/check'
import { findLocalServers } from '#shared/providers/local-servers'
import { askProvider, makeProvider } from '../../support/ask-provider'
import { startScriptedProvider } from '../../support/scripted-provider'

const SIGNAL = new AbortController().signal

test('servers that run on this machine are found, with what they have loaded', async () => {
  const [running, silent, stopped] = await Promise.all([
    startScriptedProvider([], { models: [{ id: 'qwen' }] }),
    startScriptedProvider(() => ({ stall: 'before-headers' }), { answers: {} }),
    startScriptedProvider([]),
  ])
  await stopped.close()
  const found = await findLocalServers({}, SIGNAL, { 'lm-studio': stopped.url, ollama: running.url })
  expect(found).toEqual([{ provider: 'ollama', baseUrl: running.url, models: [{ id: 'qwen' }] }])
  await Promise.all([running.close(), silent.close()])
})

test.each([
  ['qwen', true],
  ['llama', false],
])('a check finds out whether %s is there', async (model, hasModel) => {
  const server = await startScriptedProvider([], { models: [{ id: 'qwen' }] })
  const checked = await checkEndpoint(makeProvider({ provider: 'vllm', baseUrl: server.url }), model, SIGNAL)
  expect(checked).toMatchObject({ check: { modelCount: 1, hasModel } })
  await server.close()
})

test('a check asks for one word where there is no list of models', async () => {
  const server = await startScriptedProvider([{ text: 'pong' }])
  const provider = makeProvider({ provider: 'openai-compatible', baseUrl: `${server.host}/else/v1`, apiKey: 'k' })
  const listless = { ...provider, name: provider.name, stream: provider.stream.bind(provider) }
  const checked = await checkEndpoint(
    { ...listless, listModels: async () => ({ failure: { kind: 'not-found', message: '' } }) },
    'm',
    SIGNAL,
  )
  expect(checked).toMatchObject({ check: { durationMs: expect.any(Number) } })
  expect(server.requests).toHaveLength(1)
  await server.close()
})

test('a check with a wrong key fails, and says what to set', async () => {
  const server = await startScriptedProvider([], { apiKey: 'right' })
  const checked = await checkEndpoint(
    makeProvider({ provider: 'groq', baseUrl: server.url, apiKey: 'wrong' }),
    'm',
    SIGNAL,
  )
  expect(checked).toMatchObject({ failure: { kind: 'auth', advice: expect.stringContaining('GROQ_API_KEY') } })
  await server.close()
})

test('a key in a request is the one that was given', async () => {
  const server = await startScriptedProvider([{ text: 'ok' }], { apiKey: 'right' })
  const events = await askProvider(makeProvider({ provider: 'groq', baseUrl: server.url, apiKey: 'right' }))
  expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
  await server.close()
})
