import { LLMock } from '@copilotkit/aimock'
import { mockOpenAIResponse } from 'openai-api-mock'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Message, ToolCall } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import { createProvider } from '#shared/providers/registry'

const REQUEST: ModelRequest = {
  model: 'gpt-4o',
  system: 'Be brief.',
  messages: [user('hello there')],
  tools: [
    {
      name: 'get_weather',
      description: 'Weather of a city.',
      input: { type: 'object', properties: { city: { type: 'string' } } },
    },
  ],
}

describe('aimock', () => {
  const mock = new LLMock({ port: 0, logLevel: 'silent' })
  beforeAll(async () => {
    mock.onToolResult('call_weather', { content: 'It is sunny in Bern.' })
    mock.onMessage('hello there', { content: 'General greetings, traveller. '.repeat(20) })
    mock.onMessage('think first', { content: 'Done.', reasoning: 'Let me think about it.' })
    mock.onMessage('weather', {
      toolCalls: [{ id: 'call_weather', name: 'get_weather', arguments: '{"city":"Bern"}' }],
    })
    mock.onMessage('too fast', {
      error: { message: 'Rate limited', type: 'rate_limit_error' },
      status: 429,
      retryAfter: 0,
    })
    mock.onMessage('who am I', { error: { message: 'Bad key', type: 'authentication_error' }, status: 401 })
    await mock.start()
  })
  afterAll(() => mock.stop())

  describe.each(['openai-compatible', 'openrouter', 'openai-responses', 'anthropic'])('as %s', name => {
    const ask = (text: string, ...more: Message[]) => {
      const base = name === 'anthropic' ? '' : '/v1'
      return collect(provider(name, mock.url + base), [user(text), ...more])
    }

    test('a long text comes in pieces', async () => {
      const events = await ask('hello there')
      expect(text(events)).toBe('General greetings, traveller. '.repeat(20))
      expect(events.filter(event => event.type === 'text').length).toBeGreaterThan(5)
      expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
    })

    test('thinking is apart from the text', async () => {
      const events = await ask('think first')
      expect(events.flatMap(event => (event.type === 'thinking' ? [event.text] : [])).join('')).toBe(
        'Let me think about it.',
      )
      expect(text(events)).toBe('Done.')
    })

    test('a call, its result, and the answer to it', async () => {
      const called = await ask('weather')
      const calls = called.flatMap(event => (event.type === 'tool_call' ? [event.call] : []))
      expect(calls).toEqual([
        { type: 'tool_call', id: 'call_weather', name: 'get_weather', arguments: '{"city":"Bern"}' },
      ])
      const answered = await ask('weather', assistant(calls), {
        role: 'tool',
        id: 'r',
        call_id: 'call_weather',
        name: 'get_weather',
        text: 'sunny',
        status: 'ok',
      })
      expect(text(answered)).toBe('It is sunny in Bern.')
    })

    test.each([
      ['too fast', 'rate-limit'],
      ['who am I', 'auth'],
    ])('%s ends as %s', async (prompt, kind) => {
      expect((await ask(prompt)).at(-1)).toMatchObject({ type: 'failure', failure: { kind } })
    })
  })
})

describe('openai-api-mock, in place of api.openai.com', () => {
  const mock = mockOpenAIResponse(true, { seed: 1, useFixedResponses: true })
  afterAll(() => mock.stopMocking())

  test('a text comes in pieces and ends', async () => {
    const events = await collect(provider('openai'), [user('hello there')], [])
    expect(events.filter(event => event.type === 'text').length).toBeGreaterThan(1)
    expect(events.at(-1)).toEqual({ type: 'end', stop: 'end' })
  })
})

function provider(name: string, baseUrl?: string): Provider {
  const made = createProvider({ provider: name, baseUrl, apiKey: 'a-key', retry: { baseMs: 1, tries: 2 } }, {})
  if (!made.ok) throw new Error(made.error.message)
  return made.value
}

async function collect(from: Provider, messages: Message[], tools = REQUEST.tools): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of from.stream({ ...REQUEST, messages, tools }, new AbortController().signal))
    events.push(event)
  return events
}

function text(events: ModelEvent[]): string {
  return events.flatMap(event => (event.type === 'text' ? [event.text] : [])).join('')
}

function user(words: string): Message {
  return { role: 'user', id: 'u', origin: 'typed', parts: [{ type: 'text', text: words }] }
}

function assistant(calls: ToolCall[]): Message {
  return { role: 'assistant', id: 'a', model: 'gpt-4o', stop: 'tool_calls', parts: calls }
}
