import { describe, expect, test } from 'vitest'
import type { ModelRequest } from '#shared/providers/provider'
import {
  askProvider,
  askScripted,
  assistantMessage,
  fieldsOf,
  makeProvider,
  textOf,
  toolMessage,
  userMessage,
} from '../../support/ask-provider'
import { type ScriptedReply, startScriptedProvider } from '../../support/scripted-provider'

const READ = { name: 'Read', description: '', input: { type: 'object' } }

describe('dialects', () => {
  test.each<[string, Partial<ModelRequest>, object]>([
    ['openai', { maxTokens: 9 }, { max_completion_tokens: 9, max_tokens: undefined }],
    ['mistral', { maxTokens: 9 }, { max_tokens: 9, max_completion_tokens: undefined }],
    ['openai', { reasoningEffort: 'high' }, { reasoning_effort: 'high' }],
    ['openai', { outputSchema: { type: 'object' } }, { response_format: { type: 'json_schema' } }],
    ['openai', {}, { stream: true, stream_options: { include_usage: true }, tools: undefined, temperature: undefined }],
    ['openrouter', {}, { usage: { include: true } }],
  ])('%s with %j', async (provider, request, expected) => {
    const { server } = await askScripted(provider, [{ text: 'ok' }], request)
    expect(fieldsOf(server.requests[0]!.body, expected)).toMatchObject(expected)
  })

  test.each([
    ['deepseek', 'reasoning_content'],
    ['openrouter', 'reasoning'],
    ['openai', undefined],
    ['mistral', undefined],
  ])('thinking goes back to %s as %s', async (provider, field) => {
    const { server } = await askScripted(provider, [{ text: 'ok' }], {
      messages: [
        userMessage('hi'),
        assistantMessage({ type: 'thinking', text: 'Hm.' }, { type: 'text', text: 'Yes.' }),
      ],
    })
    const message = server.requests[0]?.body.messages[2] ?? { role: '' }
    expect(['reasoning_content', 'reasoning'].filter(name => message[name] === 'Hm.')).toEqual(field ? [field] : [])
  })

  test('Mistral gets ids of nine characters, the same for call and result', async () => {
    const { server } = await askScripted('mistral', [{ text: 'ok' }], {
      messages: [
        userMessage('hi'),
        assistantMessage({ type: 'tool_call', id: 'call_01jabcdefghjkmnpqrs', name: 'Read', arguments: '{}' }),
        toolMessage('call_01jabcdefghjkmnpqrs', 'one'),
      ],
    })
    const [, , assistant, result] = server.requests[0]!.body.messages
    expect(result?.tool_call_id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(assistant?.tool_calls?.[0]?.id).toBe(result?.tool_call_id)
  })

  test('the cost that a router bills is kept', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, cost: 0.0123 }
    const body = JSON.stringify({ choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }], usage })
    const { events } = await askScripted('openrouter', [{ raw: { body, contentType: 'application/json' } }])
    expect(events.find(event => event.type === 'usage')?.usage.cost_usd).toBe(0.0123)
  })

  test('without a key no authorization is sent', async () => {
    const server = await startScriptedProvider([{ text: 'ok' }])
    await askProvider(makeProvider({ provider: 'vllm', baseUrl: server.url }))
    expect(server.requests[0]?.headers.authorization).toBeUndefined()
    await server.close()
  })
})

describe('what models put into their text', () => {
  test.each<[string, ScriptedReply, string, string[]]>([
    [
      'a call as JSON',
      { text: 'Reading.\n<tool_call>\n{"name": "Read", "arguments": {"path": "a"}}\n</tool_call>' },
      'Reading.\n',
      ['Read {"path":"a"}'],
    ],
    [
      'a call as tags',
      {
        text: '<function=Read>\n<parameter=path>\na.ts\n</parameter>\n<parameter=limit>\n5\n</parameter>\n</function>',
      },
      '',
      ['Read {"path":"a.ts","limit":5}'],
    ],
    [
      'tags inside tags',
      { text: '<tool_call><function=Read><parameter=path>a</parameter></function></tool_call>' },
      '',
      ['Read {"path":"a"}'],
    ],
    [
      'arguments as text',
      { text: '<tool_use>{"name":"Read","input":"{\\"path\\":\\"a\\"}"}</tool_use>' },
      '',
      ['Read {"path":"a"}'],
    ],
    [
      'two calls',
      { text: '<tool_call>{"name":"Read"}</tool_call><tool_call>{"name":"Read","arguments":{"path":"b"}}</tool_call>' },
      '',
      ['Read {}', 'Read {"path":"b"}'],
    ],
    [
      'a tool that was not offered stays text',
      { text: '<tool_call>{"name":"Nuke"}</tool_call>' },
      '<tool_call>{"name":"Nuke"}</tool_call>',
      [],
    ],
    ['what is no call stays text', { text: '<tool_call>soon</tool_call>' }, '<tool_call>soon</tool_call>', []],
    [
      'what is only quoted stays text',
      { text: 'Write `<tool_call>{"name":"Read"}</tool_call>`.' },
      'Write `<tool_call>{"name":"Read"}</tool_call>`.',
      [],
    ],
  ])('%s', async (_, reply, text, calls) => {
    const { events } = await askScripted('vllm', [{ ...reply, pieceLength: 5 }], { tools: [READ] })
    expect(textOf(events)).toBe(text)
    expect(
      events.flatMap(event => (event.type === 'tool_call' ? [`${event.call.name} ${event.call.arguments}`] : [])),
    ).toEqual(calls)
    expect(events.at(-1)).toEqual({ type: 'end', stop: calls.length > 0 ? 'tool_calls' : 'end' })
  })

  test('thinking in tags is thinking', async () => {
    const { events } = await askScripted('ollama', [{ text: '<think>Hm, well.</think>\n\nYes.', pieceLength: 3 }])
    expect(textOf(events)).toBe('Yes.')
    expect(events.flatMap(event => (event.type === 'thinking' ? [event.text] : [])).join('')).toBe('Hm, well.')
  })
})

describe('servers of one’s own', () => {
  test('what is loaded is asked for, once', async () => {
    const server = await startScriptedProvider([{ text: 'one' }, { text: 'two' }], {
      models: [{ id: 'loaded' }, { id: 'other' }],
    })
    const provider = makeProvider({ provider: 'vllm', baseUrl: server.url })
    await askProvider(provider, { model: 'auto-detect' })
    await askProvider(provider, { model: 'auto-detect' })
    expect(server.requests.map(request => request.body.model)).toEqual(['loaded', 'loaded'])
    expect(server.paths.filter(path => path.startsWith('GET'))).toHaveLength(1)
    await server.close()
  })

  test('nothing loaded and nobody there are told apart', async () => {
    const server = await startScriptedProvider([], { models: [] })
    const provider = makeProvider({ provider: 'vllm', baseUrl: server.url })
    const empty = await askProvider(provider, { model: 'auto-detect' })
    expect(empty).toMatchObject([{ failure: { message: 'vllm has no model loaded', advice: expect.any(String) } }])
    await server.close()
    const gone = await askProvider(provider, { model: 'auto-detect' })
    expect(gone).toMatchObject([{ failure: { kind: 'network', advice: expect.stringContaining('Start the server') } }])
  })

  test.each<[string, string, object, object]>([
    [
      'lm-studio',
      '/api/v0/models',
      {
        data: [
          { id: 'm', type: 'llm', loaded_context_length: 8192, max_context_length: 32_768 },
          { id: 'e', type: 'embeddings' },
        ],
      },
      { id: 'm', windowTokens: 8192 },
    ],
    ['ollama', '/api/ps', { models: [{ name: 'm', context_length: 4096 }] }, { id: 'm', windowTokens: 4096 }],
    ['gateway', '/api/models', { models: [{ id: 'm', name: 'M', tier: 'lite' }] }, { id: 'm', tier: 'lite' }],
    ['vllm', '/v1/models', { data: [{ id: 'm', max_model_len: 16_384 }] }, { id: 'm', windowTokens: 16_384 }],
    [
      'openrouter',
      '/v1/models',
      { data: [{ id: 'm', context_length: 9, pricing: { prompt: '0.000003', completion: '0.000015' } }] },
      { price: { input: 3, output: 15 } },
    ],
    ['together', '/v1/models', [{ id: 'm', context_length: 9 }], { id: 'm', windowTokens: 9 }],
  ])('%s tells about its models at %s', async (name, path, answer, expected) => {
    const server = await startScriptedProvider([], { answers: { [path]: answer }, models: [{ id: 'm' }] })
    const provider = makeProvider({ provider: name, baseUrl: server.url, apiKey: 'k' })
    const listed = await provider.listModels(new AbortController().signal)
    expect('models' in listed && listed.models).toMatchObject([expected])
    await server.close()
  })
})

describe('gateways', () => {
  test('a limit that is used up says when it opens again', async () => {
    const { events } = await askScripted('gateway', [
      {
        raw: {
          status: 429,
          body: '{"error":"LiteUsageLimitError","message":"20 requests per day"}',
          contentType: 'application/json',
        },
        headers: { 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '3600' },
      },
    ])
    expect(events).toMatchObject([
      {
        failure: {
          kind: 'quota',
          message: 'gateway answered 429: 20 requests per day',
          advice: expect.stringContaining('3600 s'),
        },
      },
    ])
  })

  test('a model outside the tier asks for a key', async () => {
    const { events } = await askScripted('gateway', [
      { raw: { status: 403, body: '{"error":"model requires pro tier"}', contentType: 'application/json' } },
    ])
    expect(events).toMatchObject([
      {
        failure: {
          kind: 'auth',
          message: expect.stringContaining('pro tier'),
          advice: expect.stringContaining('KODE_PRO_API_KEY'),
        },
      },
    ])
  })

  test('what is left of the limit is told', async () => {
    const headers = { 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '2', 'X-RateLimit-Reset': '60' }
    const { events } = await askScripted('gateway', [{ text: 'ok', headers }])
    expect(events[0]).toEqual({ type: 'limits', limit: 20, remaining: 2, resetSeconds: 60 })
  })
})

test('a part of the request that the server refuses is left out from then on', async () => {
  const server = await startScriptedProvider([
    { error: { status: 400, message: "Unsupported parameter: 'stream_options' is not supported" } },
    { text: 'one' },
    { text: 'two' },
  ])
  const provider = makeProvider({ provider: 'openai', baseUrl: server.url, apiKey: 'k' })
  const events = await askProvider(provider)
  await askProvider(provider)
  expect(events[0]).toMatchObject({ type: 'retry', reason: expect.stringContaining('stream_options') })
  expect(server.requests.map(request => 'stream_options' in request.body)).toEqual([true, false, false])
  await server.close()
})
