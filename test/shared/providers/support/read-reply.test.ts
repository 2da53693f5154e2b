import { expect, test } from 'vitest'
import type { ModelEvent } from '#shared/providers/provider'
import { type ReplyDecoder, readReply } from '#shared/providers/support/read-reply'

const ORIGIN = { provider: 'acme', baseUrl: 'https://llm.example/v1', keyVariable: 'ACME_KEY' }
const SILENCE = { firstByteMs: 5_000, betweenMs: 5_000 }
const HALF: ReplyDecoder = {
  take: () => [],
  takeWhole: () => undefined,
  state: 'open',
  flush: () => [],
  finish: () => [],
}

async function read(open: () => Promise<Response>, decoder: ReplyDecoder = HALF): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of readReply(open, decoder, ORIGIN, SILENCE, new AbortController().signal)) events.push(event)
  return events
}

const streamed = async () => new Response('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })

test.each([
  ['before the reply', () => Promise.reject(new TypeError('x is undefined')), HALF],
  [
    'wrapped by an SDK',
    () => Promise.reject(new Error('Connection error.', { cause: new ReferenceError('y is undefined') })),
    HALF,
  ],
  [
    'inside of it',
    streamed,
    {
      ...HALF,
      take() {
        throw new TypeError('z is undefined')
      },
    },
  ],
])('a mistake in this program, %s, does not pass for a broken connection', async (_, open, decoder) => {
  await expect(read(open, decoder)).rejects.toThrow(/is undefined$/)
})

test.each([
  [
    'a refused connection',
    () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
    /nothing listens there/,
  ],
  [
    'an endpoint that is none',
    () => Promise.reject(Object.assign(new TypeError('bad'), { code: 'ERR_INVALID_URL' })),
    /no URL/,
  ],
  ['a stream that ends early', streamed, /cut the connection/],
])('%s is told as what it is', async (_, open, message) => {
  expect(await read(open)).toEqual([
    { type: 'failure', failure: expect.objectContaining({ message: expect.stringMatching(message) }) },
  ])
})
