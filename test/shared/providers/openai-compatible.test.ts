import { expect, test } from 'vitest'
import type { ModelEvent, ModelRequest } from '#shared/providers/provider'
import { createProvider } from '#shared/providers/registry'
import { type Script, startScriptedProvider } from '../../support/scripted-provider'

const REQUEST: ModelRequest = {
  model: 'some-model',
  system: 'Be brief.',
  messages: [{ role: 'user', id: '1', origin: 'typed', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
}

test('a wait that the server asked for is kept and announced', async () => {
  const { events } = await ask([
    { error: { status: 429, message: 'slow down', retryAfter: '0' } },
    { error: { status: 503, message: 'busy' } },
    { text: 'here' },
  ])
  expect(events.filter(event => event.type === 'retry')).toMatchObject([{ attempt: 2, waitMs: 0 }, { attempt: 3 }])
  expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
})

test('a part of the request that the server refuses is left out from then on', async () => {
  const { events, server } = await ask([
    { error: { status: 400, message: "Unsupported parameter: 'stream_options' is not supported" } },
    { text: 'here' },
  ])
  expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
  expect(server.requests.map(request => 'stream_options' in request.body)).toEqual([true, false])
})

async function ask(script: Script) {
  const server = await startScriptedProvider(script)
  const made = createProvider(
    { provider: 'openai-compatible', baseUrl: server.url, apiKey: 'a-key', retry: { baseMs: 5 } },
    {},
  )
  if (!made.ok) throw new Error(made.error.message)
  const events: ModelEvent[] = []
  for await (const event of made.value.stream(REQUEST, new AbortController().signal)) events.push(event)
  await server.close()
  return { events, server }
}
