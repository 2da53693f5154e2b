import { describe, expect, test } from 'vitest'
import type { ImagePart, Message, ToolCall, UserMessage } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'
import {
  type RecordedRequest,
  type ScriptedProvider,
  type ScriptedReply,
  startScriptedProvider,
} from './scripted-provider'

/** Short, and long enough to see the jitter in whole milliseconds. */
export const RETRY_BASE_MS = 20

/** What every provider must do, whatever its wire format. */
export interface ProviderUnderTest {
  name: string
  /** Makes it for a scripted server; the first retry waits about `RETRY_BASE_MS`. */
  create(server: ScriptedProvider, limits?: { firstByteTimeoutMs?: number; idleTimeoutMs?: number }): Provider
}

const KEY = 'the-user-s-own-4711-token'

/** The key that providers under test are made with; it must never show up in what they say. */
export const CONTRACT_KEY = KEY

export function describeProviderContract({ name, create }: ProviderUnderTest): void {
  describe(`${name}: what a reply becomes`, () => {
    test.concurrent.each<[string, ScriptedReply, Partial<Outcome>]>([
      ['a text, streamed', { text: 'Hello, world. How are you?' }, { text: 'Hello, world. How are you?', stop: 'end' }],
      [
        'characters cut by packets',
        { text: 'Grüße 🎉 – こんにちは', bytesPerWrite: 3 },
        { text: 'Grüße 🎉 – こんにちは', stop: 'end' },
      ],
      ['lines that end in CRLF', { text: 'one\ntwo', lineEnd: '\r\n' }, { text: 'one\ntwo', stop: 'end' }],
      ['comments between events', { text: 'still here', comments: true }, { text: 'still here', stop: 'end' }],
      [
        'thinking before the text',
        { thinking: 'Let me see.', text: 'Yes.' },
        { thinking: 'Let me see.', text: 'Yes.' },
      ],
      ['a reply in one piece', { text: 'All at once.', whole: true }, { text: 'All at once.', stop: 'end' }],
      [
        'a call in one piece',
        { toolCalls: [{ name: 'Read', arguments: { path: 'a.ts' } }], whole: true },
        { calls: ['Read {"path":"a.ts"}'], stop: 'tool_calls' },
      ],
      ['the output limit', { text: 'And then', finish: 'length' }, { text: 'And then', stop: 'output_limit' }],
      ['a refusal', { text: 'I cannot', finish: 'content_filter' }, { text: 'I cannot', stop: 'refusal' }],
      [
        'a call after text, in pieces',
        { text: 'Reading.', toolCalls: [{ name: 'Read', arguments: { path: 'a.ts', limit: 10 } }], pieceLength: 3 },
        { text: 'Reading.', calls: ['Read {"path":"a.ts","limit":10}'], stop: 'tool_calls' },
      ],
      [
        'parallel calls whose pieces take turns',
        {
          toolCalls: [
            { name: 'Read', arguments: { path: 'one.ts' } },
            { name: 'Grep', arguments: { pattern: 'x+' } },
            { name: 'Read', arguments: { path: 'three.ts' } },
          ],
          interleave: true,
          pieceLength: 4,
        },
        {
          calls: ['Read {"path":"one.ts"}', 'Grep {"pattern":"x+"}', 'Read {"path":"three.ts"}'],
          stop: 'tool_calls',
        },
      ],
      [
        'malformed arguments, as they are',
        { toolCalls: [{ name: 'Read', arguments: '{"path": "a.ts' }] },
        { calls: ['Read {"path": "a.ts'], stop: 'tool_calls' },
      ],
      [
        'a call without arguments',
        { toolCalls: [{ name: 'List', arguments: '' }] },
        { calls: ['List {}'], stop: 'tool_calls' },
      ],
      [
        'the counts of the provider, cached input included',
        { text: 'ok', usage: { input: 1000, output: 50, cacheRead: 900 } },
        { usage: { input: 1000, output: 50, cache_read: 900 } },
      ],
    ])('%s', async (_, reply, expected) => {
      const { outcome } = await converse(create, [reply])
      expect(outcome).toMatchObject(expected)
      expect(outcome.failure).toBeUndefined()
      expect(outcome.retries).toEqual([])
    })

    test.concurrent('thinking ends before the text begins', async () => {
      const { events } = await converse(create, [{ thinking: 'Hm.', text: 'So.' }])
      const order = events.map(event => event.type)
      expect(order.indexOf('thinking_end')).toBeGreaterThan(order.indexOf('thinking'))
      expect(order.indexOf('thinking_end')).toBeLessThan(order.indexOf('text'))
    })

    test.concurrent('pieces of a call are shown under the id that the call ends up with', async () => {
      const { events, outcome } = await converse(create, [
        { toolCalls: [{ name: 'Write', arguments: { text: 'a long text in pieces' } }], pieceLength: 5 },
      ])
      const pieces = events.filter(event => event.type === 'tool_call_delta')
      expect(pieces.length).toBeGreaterThan(3)
      expect(new Set(pieces.map(piece => piece.id))).toEqual(new Set(outcome.ids))
      expect(pieces.map(piece => piece.text).join('')).toBe('{"text":"a long text in pieces"}')
    })

    test.concurrent('text arrives piece by piece, not at the end', async () => {
      const server = await startScriptedProvider([{ text: 'first second', pieceLength: 6, stall: 4 }])
      const provider = create(server)
      const cancel = new AbortController()
      for await (const event of provider.stream(REQUEST, cancel.signal)) if (event.type === 'text') cancel.abort()
      await server.close()
      expect(cancel.signal.aborted).toBe(true)
    })
  })

  describe(`${name}: what goes wrong`, () => {
    test.concurrent.each<[string, ScriptedReply, Partial<ProviderFailure>]>([
      ['a wrong key', { error: { status: 401, message: 'Incorrect API key' } }, { kind: 'auth', status: 401 }],
      ['a forbidden model', { error: { status: 403, message: 'Not for this tier' } }, { kind: 'auth', status: 403 }],
      ['an unknown model', { error: { status: 404, message: 'no such model' } }, { kind: 'not-found', status: 404 }],
      ['no money left', { error: { status: 402, message: 'Payment required' } }, { kind: 'quota' }],
      [
        'a quota that is used up',
        {
          error: {
            status: 429,
            message: 'You exceeded your current quota',
            code: 'insufficient_quota',
            type: 'insufficient_quota',
          },
        },
        { kind: 'quota' },
      ],
      [
        'a prompt that is too long',
        { error: { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' } },
        { kind: 'context-overflow' },
      ],
      [
        'a request that is too large',
        { error: { status: 413, message: 'Request too large' } },
        { kind: 'context-overflow' },
      ],
      ['a bad request', { error: { status: 400, message: 'tool names must be unique' } }, { kind: 'bad-request' }],
      ['a web page', { raw: { body: '<html><title>Sign in</title></html>' } }, { kind: 'bad-reply' }],
      [
        'JSON that is no reply',
        { raw: { body: '{"hello":1}', contentType: 'application/json' } },
        { kind: 'bad-reply' },
      ],
      ['an empty body', { raw: { body: '', contentType: 'text/event-stream' } }, { kind: 'network' }],
      ['an empty reply', {}, { kind: 'bad-reply' }],
      ['half an event', { raw: { body: 'data: {"cho', contentType: 'text/event-stream' } }, { kind: 'network' }],
      ['a server error', { error: { status: 500, message: 'oops' } }, { kind: 'overloaded', status: 500 }],
      [
        'an error with a good status',
        { raw: { body: ERROR_WITH_200, contentType: 'application/json' } },
        { kind: 'overloaded', message: expect.stringContaining('Try later') },
      ],
      ['a connection cut before the headers', { cutAfter: 'before-headers' }, { kind: 'network' }],
      ['an overload', { error: { status: 529, message: 'Overloaded' } }, { kind: 'overloaded', status: 529 }],
      ['a rate limit', { error: { status: 429, message: 'Slow down' } }, { kind: 'rate-limit', status: 429 }],
      ['a stream without an end mark', { text: 'Half an ans', finish: null }, { kind: 'network' }],
      ['a connection cut in the text', { text: 'Half an answer', pieceLength: 4, cutAfter: 5 }, { kind: 'network' }],
      [
        'an error inside the stream',
        { text: 'Half an', pieceLength: 2, errorAfter: { events: 5, type: 'overloaded_error', message: 'Overloaded' } },
        { kind: 'overloaded' },
      ],
    ])('%s ends with a failure that says what to do', async (_, reply, expected) => {
      const { outcome } = await converse(create, Array(8).fill(reply))
      expect(outcome.failure).toMatchObject(expected)
      expect(outcome.failure?.message).not.toContain('\n')
      expect(outcome.failure?.advice).toBeTruthy()
      expect(outcome.stop).toBeUndefined()
    })

    test.concurrent.each<[string, ScriptedReply]>([
      ['408', { error: { status: 408, message: 'late' } }],
      ['409', { error: { status: 409, message: 'conflict' } }],
      ['425', { error: { status: 425, message: 'early' } }],
      ['429', { error: { status: 429, message: 'slow' } }],
      ['500', { error: { status: 500, message: 'oops' } }],
      ['502', { error: { status: 502, message: 'bad gateway' } }],
      ['503', { error: { status: 503, message: 'down' } }],
      ['504', { error: { status: 504, message: 'late' } }],
      ['529', { error: { status: 529, message: 'busy' } }],
      ['a connection cut before the headers', { cutAfter: 'before-headers' }],
      ['a connection cut before the first word', { text: 'never', cutAfter: 1 }],
      ['an empty reply', {}],
    ])('%s is tried again, and says so', async (_, reply) => {
      const { outcome, server } = await converse(create, [reply, { text: 'here now' }])
      expect(outcome).toMatchObject({ text: 'here now', stop: 'end', failure: undefined })
      expect(outcome.retries).toHaveLength(1)
      expect(server.requests).toHaveLength(2)
    })

    test.concurrent.each<[string, ScriptedReply, number]>([
      ['401', { error: { status: 401, message: 'no' } }, 1],
      ['404', { error: { status: 404, message: 'no' } }, 1],
      ['429 for good', { error: { status: 429, message: 'slow' } }, 5],
      ['503 for good', { error: { status: 503, message: 'down' } }, 5],
      ['nothing twice', {}, 2],
      ['a cut after the first word', { text: 'some text here', cutAfter: 5, pieceLength: 3 }, 1],
    ])('%s: %o is asked as often as sensible', async (_, reply, times) => {
      const { server, outcome } = await converse(create, Array(8).fill(reply))
      expect(server.requests).toHaveLength(times)
      expect(outcome.failure).toBeDefined()
    })

    test.concurrent('each wait is about twice the one before, and no two clients wait the same', async () => {
      const waits = async () => {
        const { outcome } = await converse(create, Array(8).fill({ error: { status: 503, message: 'down' } }))
        return outcome.retries.map(retry => retry.waitMs)
      }
      const one = await waits()
      expect(one).toHaveLength(4)
      for (const [place, waitMs] of one.entries()) {
        expect(Math.abs(waitMs - RETRY_BASE_MS * 2 ** place)).toBeLessThanOrEqual((RETRY_BASE_MS * 2 ** place) / 4 + 1)
      }
      expect(await waits()).not.toEqual(one)
    })

    test.concurrent('the wait that the server asks for is kept', async () => {
      const { outcome } = await converse(create, [
        { error: { status: 429, message: 'slow', retryAfter: '0' } },
        { error: { status: 429, message: 'slow', retryAfter: new Date(Date.now() - 1000).toUTCString() } },
        { text: 'ok' },
      ])
      expect(outcome.retries.map(retry => retry.waitMs)).toEqual([0, 0])
    })

    test.concurrent('a server that wants more patience than a person has is not waited for', async () => {
      const started = Date.now()
      const { outcome } = await converse(create, [{ error: { status: 429, message: 'tomorrow', retryAfter: '86400' } }])
      expect(outcome.failure).toMatchObject({ kind: 'rate-limit', retryAfterMs: 86_400_000 })
      expect(Date.now() - started).toBeLessThan(5000)
    })

    test.concurrent('text that came before a break is kept, calls that came before it are not', async () => {
      const { outcome } = await converse(create, [
        {
          text: 'Reading both.',
          toolCalls: [{ name: 'Read', arguments: { path: 'a.ts' } }],
          pieceLength: 100,
          finish: null,
        },
      ])
      expect(outcome.text).toBe('Reading both.')
      expect(outcome.calls).toEqual([])
      expect(outcome.failure?.kind).toBe('network')
    })

    test.concurrent.each<[string, ScriptedReply, RegExp]>([
      ['before the headers', { stall: 'before-headers' }, /sent nothing/],
      ['before the first byte', { text: 'never', stall: 0 }, /sent nothing/],
      ['between two pieces', { text: 'some text in pieces', pieceLength: 4, stall: 5 }, /fell silent/],
    ])('a server that falls silent %s is given up', async (_, reply, message) => {
      const { outcome } = await converse(create, Array(8).fill(reply), { firstByteTimeoutMs: 60, idleTimeoutMs: 60 })
      expect(outcome.failure).toMatchObject({ kind: 'timeout', message: expect.stringMatching(message) })
    })

    test.concurrent('a server that leaves the connection open after its last word has said everything', async () => {
      const started = Date.now()
      const { outcome } = await converse(create, [{ text: 'All said.', staysOpen: true }])
      expect(outcome).toMatchObject({ text: 'All said.', stop: 'end', retries: [] })
      expect(Date.now() - started).toBeLessThan(3000)
    })

    test.concurrent('a slow but steady stream is no silence', async () => {
      const { outcome } = await converse(
        create,
        [{ text: 'steady as she goes', pieceLength: 2, delayBetweenMs: 150 }],
        {
          firstByteTimeoutMs: 5000,
          idleTimeoutMs: 1200,
        },
      )
      expect(outcome).toMatchObject({ text: 'steady as she goes', stop: 'end' })
    })

    test.concurrent('a server that does not answer at its address is named', async () => {
      const server = await startScriptedProvider([])
      await server.close()
      const outcome = outcomeOf(await collect(create(server).stream(REQUEST, new AbortController().signal)))
      expect(outcome.failure).toMatchObject({
        kind: 'network',
        message: expect.stringContaining(new URL(server.url).host),
      })
      expect(outcome.retries).toEqual([])
    })

    test.concurrent('the key never shows up in a message', async () => {
      const { outcome } = await converse(create, [
        { error: { status: 401, message: `Incorrect API key provided: ${KEY}. Find yours online.` } },
      ])
      expect(JSON.stringify(outcome)).not.toContain(KEY)
    })
  })

  describe(`${name}: cancelling`, () => {
    test.concurrent.each<[string, ScriptedReply[]]>([
      ['while the server is silent', [{ stall: 'before-headers' }]],
      ['in the middle of the text', [{ text: 'some text in pieces', pieceLength: 4, stall: 5 }]],
      ['during the wait before the next try', [{ error: { status: 429, message: 'slow', retryAfter: '50' } }]],
    ])('%s ends the stream at once', async (_, replies) => {
      const server = await startScriptedProvider(replies)
      const cancel = new AbortController()
      setTimeout(() => cancel.abort(), 120)
      const started = Date.now()
      const outcome = outcomeOf(await collect(create(server).stream(REQUEST, cancel.signal)))
      expect(outcome.failure?.kind).toBe('cancelled')
      expect(Date.now() - started).toBeLessThan(2000)
      await server.close()
    })

    test.concurrent('a reader that goes away closes the connection', async () => {
      const server = await startScriptedProvider([{ text: 'some text in pieces', pieceLength: 4, stall: 5 }])
      for await (const event of create(server).stream(REQUEST, new AbortController().signal)) {
        if (event.type === 'text') break
      }
      await expect.poll(() => server.requests[0]?.isAborted).toBe(true)
      await server.close()
    })
  })

  describe(`${name}: what is sent`, () => {
    test.concurrent('each request begins with the bytes of the one before it', async () => {
      const { requests } = await grow(create)
      const bodies = requests.map(request => request.raw.replace(/\]\}$/, ''))
      expect(bodies).toHaveLength(3)
      for (const [place, body] of bodies.slice(1).entries()) expect(body.startsWith(bodies[place]!)).toBe(true)
    })

    test.concurrent('a session keeps to one connection', async () => {
      const server = await grow(create)
      expect(server.connections()).toBe(1)
    })

    test.concurrent('a connection that the server closed meanwhile is replaced without a word', async () => {
      const server = await startScriptedProvider([{ text: 'one' }, { text: 'two' }])
      const provider = create(server)
      await collect(provider.stream(REQUEST, new AbortController().signal))
      server.closeIdleConnections()
      const outcome = outcomeOf(await collect(provider.stream(REQUEST, new AbortController().signal)))
      expect(outcome).toMatchObject({ text: 'two', stop: 'end', retries: [] })
      expect(server.connections()).toBe(2)
      await server.close()
    })

    test.concurrent('calls and results go back as they were, each result under the id of its call', async () => {
      const server = await grow(create)
      const sent = conversationOf(server.requests.at(-1)!)
      for (const part of ['a.ts', 'b.ts', 'content of a.ts', 'no such file', 'Now the third.'])
        expect(sent).toContain(part)
      const calls = idsIn(sent, /"id":"([^"]+)","(?:type":"function"|name)|"type":"function_call","call_id":"([^"]+)"/g)
      const results = idsIn(sent, /"tool_(?:call|use)_id":"([^"]+)"|"function_call_output","call_id":"([^"]+)"/g)
      expect(calls).toHaveLength(2)
      expect(results).toEqual(calls)
      expect(new Set(results).size).toBe(2)
    })

    test.concurrent('malformed arguments go back as an object, so that the server can read them', async () => {
      const { server } = await converse(create, [{ text: 'ok' }], {}, [
        user('hi'),
        called([{ type: 'tool_call', id: 'call_1', name: 'Read', arguments: '{"path": "a' }]),
        result('call_1', 'The arguments are not JSON.', 'error'),
      ])
      expect(conversationOf(server.requests[0]!)).not.toContain('\\"path\\": \\"a')
    })

    test.concurrent('images of the user and of tools are sent', async () => {
      const { server } = await converse(create, [{ text: 'a cat' }], {}, [
        { ...user('What is this?'), parts: [{ type: 'text', text: 'What is this?' }, IMAGE] },
        called([{ type: 'tool_call', id: 'call_1', name: 'Read', arguments: '{}' }]),
        { ...result('call_1', 'An image.', 'ok'), images: [IMAGE] },
      ])
      expect(server.requests[0]!.raw.split(IMAGE.data)).toHaveLength(3)
    })

    test.concurrent('a model that takes no images is asked without them, and the user is told', async () => {
      const { server, outcome } = await converse(
        create,
        [{ error: { status: 400, message: 'This model does not support image input' } }, { text: 'ok' }],
        {},
        [{ ...user('What is this?'), parts: [{ type: 'text', text: 'What is this?' }, IMAGE] }],
      )
      expect(outcome.retries[0]?.reason).toContain('images')
      expect(server.requests.map(request => request.raw.includes(IMAGE.data))).toEqual([true, false])
    })

    test.concurrent('the key is sent, and nothing about the machine', async () => {
      const { server } = await converse(create, [{ text: 'ok' }])
      const headers = server.requests[0]!.headers
      expect([headers.authorization, headers['x-api-key']]).toContainEqual(expect.stringContaining(KEY))
      expect(Object.keys(headers).filter(header => header.startsWith('x-stainless'))).toEqual([])
    })
  })
}

interface Outcome {
  text: string
  thinking: string
  /** `name arguments` */
  calls: string[]
  ids: string[]
  stop: string | undefined
  usage: Record<string, number> | undefined
  failure: ProviderFailure | undefined
  retries: Extract<ModelEvent, { type: 'retry' }>[]
}

/** As OpenAI and Anthropic both spell it. */
const ERROR_WITH_200 = JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Try later' } })

const IMAGE: ImagePart = { type: 'image', media_type: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUg==' }

const REQUEST: ModelRequest = {
  model: 'some-model',
  system: 'Be brief.',
  messages: [user('hi')],
  tools: ['Read', 'Grep', 'List', 'Write'].map(tool => ({
    name: tool,
    description: `Does ${tool}.`,
    input: { type: 'object', properties: { path: { type: 'string' } } },
  })),
}

async function converse(
  create: ProviderUnderTest['create'],
  replies: ScriptedReply[],
  limits: Parameters<ProviderUnderTest['create']>[1] = {},
  messages: Message[] = [user('hi')],
) {
  const server = await startScriptedProvider(replies)
  const events = await collect(create(server, limits).stream({ ...REQUEST, messages }, new AbortController().signal))
  await server.close()
  return { events, outcome: outcomeOf(events), server }
}

/** A conversation of three requests, the second and third with what the ones before brought. */
async function grow(create: ProviderUnderTest['create']): Promise<ScriptedProvider> {
  const server = await startScriptedProvider(Array(3).fill({ text: 'ok' }))
  const provider = create(server)
  const messages: Message[] = [user('Read both files.')]
  const ask = () => collect(provider.stream({ ...REQUEST, messages: [...messages] }, new AbortController().signal))
  await ask()
  messages.push(
    called([
      { type: 'tool_call', id: 'call_1', name: 'Read', arguments: '{"path":"a.ts"}' },
      { type: 'tool_call', id: 'call_2', name: 'Read', arguments: '{"path":"b.ts"}' },
    ]),
    result('call_1', 'content of a.ts', 'ok'),
    result('call_2', 'no such file', 'error'),
  )
  await ask()
  messages.push(called([]), user('Now the third.'))
  await ask()
  await server.close()
  return server
}

async function collect(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

function outcomeOf(events: ModelEvent[]): Outcome {
  const ends = events.filter(event => event.type === 'end' || event.type === 'failure')
  expect(ends).toHaveLength(1)
  expect(events.at(-1)).toBe(ends[0])
  const only = <T extends ModelEvent['type']>(type: T) =>
    events.filter((event): event is Extract<ModelEvent, { type: T }> => event.type === type)
  const calls: ToolCall[] = only('tool_call').map(event => event.call)
  return {
    text: only('text')
      .map(event => event.text)
      .join(''),
    thinking: only('thinking')
      .map(event => event.text)
      .join(''),
    calls: calls.map(call => `${call.name} ${call.arguments}`),
    ids: calls.map(call => call.id),
    stop: only('end')[0]?.stop,
    usage: only('usage')[0]?.usage as Record<string, number> | undefined,
    failure: only('failure')[0]?.failure,
    retries: only('retry'),
  }
}

function conversationOf(request: RecordedRequest): string {
  return JSON.stringify(request.body.messages ?? request.body.input)
}

function idsIn(text: string, pattern: RegExp): (string | undefined)[] {
  return [...text.matchAll(pattern)].map(match => match[1] ?? match[2])
}

function user(text: string): UserMessage {
  return { role: 'user', id: 'u', origin: 'typed', parts: [{ type: 'text', text }] }
}

function called(calls: ToolCall[]): Message {
  return {
    role: 'assistant',
    id: 'a',
    model: 'some-model',
    stop: 'tool_calls',
    parts: [{ type: 'text', text: 'One moment.' }, ...calls],
  }
}

function result(callId: string, text: string, status: 'ok' | 'error'): Extract<Message, { role: 'tool' }> {
  return { role: 'tool', id: `r-${callId}`, call_id: callId, name: 'Read', text, status }
}
