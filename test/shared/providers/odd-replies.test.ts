/** What no provider should send: any piece of a reply in place of any other. It is told as a failure or read, and never thrown. */
import { expect, test } from 'vitest'
import type { ModelEvent } from '#shared/providers/provider'
import { ChatDecoder } from '#shared/providers/support/chat-decoder'
import { MessagesDecoder } from '#shared/providers/support/messages-decoder'
import { type ReplyDecoder, readReply } from '#shared/providers/support/read-reply'
import { ResponsesDecoder } from '#shared/providers/support/responses-decoder'
import { seeded } from '../../support/seeded'

const ORIGIN = { provider: 'acme', baseUrl: 'https://llm.example/v1', keyVariable: 'ACME_KEY' }
const SILENCE = { firstByteMs: 5_000, betweenMs: 5_000 }
const ROUNDS = 1_500

const CHAT = [
  { id: 'r', choices: [{ index: 0, delta: { role: 'assistant', content: 'a', reasoning_content: 'why' } }] },
  {
    choices: [
      { index: 0, delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'Read', arguments: '{"a":' } }] } },
    ],
  },
  { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '1}' } }] } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  {
    choices: [],
    usage: { prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } },
  },
]
const MESSAGES = [
  { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, cache_read_input_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'why' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'a' } },
  { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'c', name: 'Read', input: {} } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]
const RESPONSES = [
  { type: 'response.created', response: { id: 'r' } },
  { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'i', summary: [] } },
  { type: 'response.reasoning_summary_text.delta', output_index: 0, item_id: 'i', delta: 'why' },
  { type: 'response.output_text.delta', output_index: 1, item_id: 'j', delta: 'a' },
  {
    type: 'response.output_item.added',
    output_index: 2,
    item: { type: 'function_call', id: 'k', call_id: 'c', name: 'Read', arguments: '' },
  },
  { type: 'response.function_call_arguments.delta', output_index: 2, item_id: 'k', delta: '{"a":1}' },
  {
    type: 'response.output_item.done',
    output_index: 2,
    item: { type: 'function_call', id: 'k', call_id: 'c', name: 'Read', arguments: '{"a":1}' },
  },
  {
    type: 'response.completed',
    response: {
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'a' }] }],
      usage: { input_tokens: 1, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } },
    },
  },
]
const ODD: unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1e300,
  '',
  'x',
  [],
  [null],
  [[]],
  {},
  { toString: 1 },
  { length: -1 },
]

test.each<[string, object[], () => ReplyDecoder]>([
  ['chat completions', CHAT, () => new ChatDecoder(ORIGIN, new Set(['Read']), () => false)],
  ['messages', MESSAGES, () => new MessagesDecoder(ORIGIN)],
  ['responses', RESPONSES, () => new ResponsesDecoder(ORIGIN)],
])('%s with odd pieces', async (_, events, decoder) => {
  const random = seeded(7)
  for (let round = 0; round < ROUNDS; round++) {
    const odd = withOddPiece(events, random)
    const whole = random() < 0.2 ? JSON.stringify(odd[0] ?? null) : undefined
    const body = whole ?? odd.map(event => `data: ${JSON.stringify(event) ?? 'undefined'}\n\n`).join('')
    const type = whole === undefined ? 'text/event-stream' : 'application/json'
    const read = await readAll(body, type, decoder()).catch((error: unknown) => [error])
    expect(
      read.filter(each => each instanceof Error),
      body,
    ).toEqual([])
  }
})

async function readAll(body: string, type: string, decoder: ReplyDecoder): Promise<ModelEvent[]> {
  const open = async () => new Response(body, { headers: { 'content-type': type } })
  const events: ModelEvent[] = []
  for await (const event of readReply(open, decoder, ORIGIN, SILENCE, new AbortController().signal)) events.push(event)
  return events
}

/** The same events with up to three of their values replaced, at any depth. */
function withOddPiece(events: readonly object[], random: () => number): unknown[] {
  const copy: unknown[] = structuredClone([...events])
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    let holder: Record<string, unknown> = copy as never
    for (;;) {
      const keys = Object.keys(holder)
      const key = keys[Math.floor(random() * keys.length)]
      if (key === undefined) break
      const inner = holder[key]
      if (typeof inner === 'object' && inner !== null && random() < 0.8) holder = inner as Record<string, unknown>
      else {
        holder[key] = structuredClone(ODD[Math.floor(random() * ODD.length)])
        break
      }
    }
  }
  return copy
}
