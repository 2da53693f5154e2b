import { expect, test } from 'vitest'
import type { ModelRequest } from '#shared/providers/provider'
import {
  askScripted,
  assistantMessage,
  fieldsOf,
  makeProvider,
  toolMessage,
  userMessage,
} from '../../support/ask-provider'
import { startScriptedProvider } from '../../support/scripted-provider'

const MARK = { cache_control: { type: 'ephemeral' } }
const TOOLS = ['Read', 'Write'].map(name => ({ name, description: '', input: { type: 'object' } }))

test('tools, system text and the end of the conversation are marked for the cache', async () => {
  const body = await sent({ tools: TOOLS })
  expect(body).toMatchObject({ ...MARK, system: [{ type: 'text', text: 'Be brief.', ...MARK }] })
  expect(body.tools?.map(tool => 'cache_control' in (tool as object))).toEqual([false, true])
})

test('all results of a reply stand in one message, before what the user says next', async () => {
  const body = await sent({
    messages: [
      userMessage('Read both.'),
      assistantMessage(call('a'), call('b')),
      toolMessage('a', 'one'),
      toolMessage('b', 'gone', 'error'),
      userMessage('And now?'),
    ],
  })
  expect(body.messages.slice(2)).toEqual([
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'one' },
        { type: 'tool_result', tool_use_id: 'b', content: 'gone', is_error: true },
      ],
    },
    { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
  ])
})

test('the results of a later reply stand in a message of their own', async () => {
  const body = await sent({
    messages: [
      userMessage('Go.'),
      assistantMessage(call('a')),
      toolMessage('a', 'one'),
      assistantMessage(call('b')),
      toolMessage('b', 'two'),
    ],
  })
  expect(body.messages.map(message => message.role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
})

test('input counts what was read from the cache and written to it', async () => {
  const usage = { input: 1000, cacheRead: 500, cacheWrite: 300, output: 20 }
  const { events } = await askScripted('anthropic', [{ text: 'ok', usage }])
  expect(events.find(event => event.type === 'usage')?.usage).toEqual({
    input: 1000,
    output: 20,
    cache_read: 500,
    cache_write: 300,
    thinking: 0,
  })
})

test('signed and hidden thinking goes back unchanged and in order; thinking of others does not', async () => {
  const body = await sent({
    messages: [
      userMessage('hi'),
      assistantMessage(
        { type: 'thinking', text: 'Mine.', signature: 'sig' },
        { type: 'thinking', text: '', redacted: 'opaque' },
        { type: 'thinking', text: 'From another provider.' },
        { type: 'text', text: ' ' },
        call('a'),
      ),
      toolMessage('a', 'one'),
    ],
  })
  expect(body.messages[1]?.content).toEqual([
    { type: 'thinking', thinking: 'Mine.', signature: 'sig' },
    { type: 'redacted_thinking', data: 'opaque' },
    { type: 'tool_use', id: 'a', name: 'Read', input: {} },
  ])
})

test('the signature of streamed thinking is kept', async () => {
  const { events } = await askScripted('anthropic', [{ thinking: 'Let me see.', text: 'So.' }])
  expect(events).toContainEqual({ type: 'thinking_end', signature: 'signature-of-11' })
})

test('images come before the text about them', async () => {
  const image = { type: 'image' as const, media_type: 'image/png' as const, data: 'AAAA' }
  const body = await sent({ messages: [{ ...userMessage(''), parts: [{ type: 'text', text: 'What is it?' }, image] }] })
  expect(body.messages[0]?.content).toMatchObject([{ type: 'image' }, { type: 'text' }])
})

test.each<[string, Partial<ModelRequest>, object]>([
  ['a default that fits a file', {}, { max_tokens: 16_384 }],
  ['what was asked for', { maxTokens: 100 }, { max_tokens: 100 }],
  ['what the model can do at most', { model: 'claude-3-opus-20240229' }, { max_tokens: 4096 }],
  [
    'room for an answer after the thinking',
    { thinkingBudget: 20_000, maxTokens: 8000, temperature: 0.2 },
    { max_tokens: 24_096, thinking: { type: 'enabled', budget_tokens: 20_000 }, temperature: undefined },
  ],
  ['the least budget there is', { thinkingBudget: 10 }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
  ['no thinking without a budget', { temperature: 0.2 }, { thinking: undefined, temperature: 0.2 }],
  ['an effort', { reasoningEffort: 'low' }, { output_config: { effort: 'low' } }],
])('%s', async (_, request, expected) => expect(fieldsOf(await sent(request), expected)).toMatchObject(expected))

test('a model that takes no budget thinks as much as it wants', async () => {
  const { events, server } = await askScripted(
    'anthropic',
    [{ error: { status: 400, message: 'thinking.type: "enabled" is not supported for this model' } }, { text: 'ok' }],
    { thinkingBudget: 5000 },
  )
  expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
  expect(server.requests[1]?.body.thinking).toEqual({ type: 'adaptive' })
})

test.each([
  ['claude-sonnet-4-6-1m', 'claude-sonnet-4-6', 'context-1m-2025-08-07'],
  ['claude-haiku-4-5-1m', 'claude-haiku-4-5', undefined],
  ['claude-sonnet-4-6', 'claude-sonnet-4-6', undefined],
])('%s is asked for as %s', async (model, wireModel, beta) => {
  const { server } = await askScripted('anthropic', [{ text: 'ok' }], { model })
  expect(server.requests[0]?.body.model).toBe(wireModel)
  expect(server.requests[0]?.headers['anthropic-beta']).toBe(beta)
  expect(server.requests[0]?.headers['anthropic-version']).toBe('2023-06-01')
})

test('models that can have a larger window are listed twice', async () => {
  const server = await startScriptedProvider([], { models: [{ id: 'claude-sonnet-4-6' }, { id: 'claude-haiku-4-5' }] })
  const provider = makeProvider({ provider: 'anthropic', baseUrl: server.host, apiKey: 'k' })
  const listed = await provider.listModels(new AbortController().signal)
  expect('models' in listed && listed.models.map(model => model.id)).toEqual([
    'claude-sonnet-4-6',
    'claude-sonnet-4-6-1m',
    'claude-haiku-4-5',
  ])
  await server.close()
})

async function sent(request: Partial<ModelRequest>) {
  const { server } = await askScripted('anthropic', [{ text: 'ok' }], request)
  return server.requests[0]!.body
}

function call(id: string) {
  return { type: 'tool_call' as const, id, name: 'Read', arguments: '{}' }
}
