/** What a conversation does with every kind of reply, over each wire format: real sessions, a scripted server. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { ToolMessage } from '#shared/protocol/messages'
import { agentSession, resultsOf } from '../../support/agent-session'
import { endpointOn, makeProvider } from '../../support/ask-provider'
import {
  type RecordedRequest,
  type Script,
  type ScriptedReply,
  type ScriptedToolCall,
  startScriptedProvider,
} from '../../support/scripted-provider'
import { tempProject } from '../../support/temp-project'

const WIRES = ['openai-compatible', 'gemini', 'anthropic', 'openai-responses']
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const FILES = { 'a.ts': 'export const a = 1\n', 'b.ts': 'export const b = 2\n', 'pixel.png': PNG }

const read = (path: string): ScriptedToolCall => ({ name: 'Read', arguments: { file_path: path } })
const tooLong: ScriptedReply = { error: { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' } }
/** Breaks off before its end, on every wire. */
const cut: ScriptedReply = { text: 'Half an answer, and never the other half', pieceLength: 4, cutAfter: 8 }
const done: ScriptedReply = { text: 'Done.' }

interface Expected {
  end: Partial<TurnEnd>
  /** How often the model was asked. */
  requests: number
  /** Of the last request, somewhere in it. */
  lastRequest?: RegExp
  results?: Partial<ToolMessage>[]
  notice?: RegExp
}

describe.each(WIRES)('over the wire format of %s', wire => {
  test.each<[string, ScriptedReply[], Expected]>([
    [
      'malformed arguments are told to the model, which calls again',
      [{ toolCalls: [{ name: 'Read', arguments: '{"file_path": "a' }] }, done],
      { end: { reason: 'answered' }, requests: 2, lastRequest: /not valid JSON/, results: [{ status: 'error' }] },
    ],
    [
      'an unknown tool is told to the model, with the tools there are',
      [{ toolCalls: [{ name: 'Teleport', arguments: {} }] }, done],
      {
        end: { reason: 'answered' },
        requests: 2,
        lastRequest: /no tool .{0,2}Teleport/,
        results: [{ status: 'error' }],
      },
    ],
    [
      'parallel calls in pieces bring their results in order',
      [{ text: 'Both.', toolCalls: [read('a.ts'), read('b.ts')], interleave: true, pieceLength: 3 }, done],
      {
        end: { reason: 'answered' },
        requests: 2,
        lastRequest: /const a = 1.*const b = 2/s,
        results: [
          { status: 'ok', text: '1\texport const a = 1' },
          { status: 'ok', text: '1\texport const b = 2' },
        ],
      },
    ],
    [
      'an image that a tool read goes to the model',
      [{ toolCalls: [read('pixel.png')] }, done],
      {
        end: { reason: 'answered' },
        requests: 2,
        lastRequest: new RegExp(PNG.toString('base64').replace(/\+/g, '\\+')),
      },
    ],
    [
      'a refusal ends the turn',
      [{ text: 'No.', finish: 'content_filter' }],
      { end: { reason: 'refused', message: 'the model refused to answer: No.' }, requests: 1 },
    ],
    [
      'a reply cut by the output limit is continued',
      [{ text: 'And then', finish: 'length' }, done],
      { end: { reason: 'answered' }, requests: 2, lastRequest: /And then.*Go on exactly where it stopped/s },
    ],
    [
      'calls cut by the output limit run no half of them',
      [{ toolCalls: [{ name: 'Write', arguments: '{"file_path":"c.ts","content":"half' }], finish: 'length' }, done],
      { end: { reason: 'answered' }, requests: 2, results: [{ status: 'error' }] },
    ],
    [
      'the output limit again and again ends the turn',
      Array(4).fill({ text: 'more', finish: 'length' }),
      { end: { reason: 'limit', limit: 'output_limit' }, requests: 4 },
    ],
    [
      'a stream cut after the first word is asked for again, and the user is told',
      [cut, done],
      { end: { reason: 'answered' }, requests: 2, notice: /asking again/ },
    ],
    [
      'a stream that is cut every time ends the turn',
      [cut, cut, cut],
      { end: { reason: 'provider_failed' }, requests: 3 },
    ],
    [
      'a stream cut in the middle of a call is asked for again, and no half call runs',
      [{ toolCalls: [{ name: 'Bash', arguments: { command: 'touch made' } }], pieceLength: 2, cutAfter: 8 }, done],
      { end: { reason: 'answered' }, requests: 2, results: [], notice: /asking again/ },
    ],
    [
      'a stream cut in the middle of thinking is asked for again',
      [{ thinking: 'Let me think about this for a while', pieceLength: 2, cutAfter: 8 }, done],
      { end: { reason: 'answered' }, requests: 2, notice: /asking again/ },
    ],
    [
      'a connection cut before the first word is asked for again',
      [{ text: 'never', cutAfter: 1 }, done],
      { end: { reason: 'answered' }, requests: 2, notice: /trying again/ },
    ],
    [
      'an overload passes',
      [{ error: { status: 529, message: 'busy', retryAfter: '0' } }, { error: { status: 503, message: 'down' } }, done],
      { end: { reason: 'answered' }, requests: 3, notice: /503.*trying again/ },
    ],
    ['an empty reply twice ends the turn', [{}, {}], { end: { reason: 'provider_failed' }, requests: 2 }],
    [
      'a web page instead of a reply ends the turn',
      [{ raw: { body: '<html><title>Sign in</title></html>' } }],
      { end: { reason: 'provider_failed', message: expect.stringContaining('Sign in') }, requests: 1 },
    ],
    [
      'a wrong key ends the turn with what to do',
      [{ error: { status: 401, message: 'bad key' } }],
      { end: { reason: 'provider_failed', advice: expect.stringContaining('key') }, requests: 1 },
    ],
    [
      'an unknown model ends the turn with what to do',
      [{ error: { status: 404, message: 'no such model' } }],
      { end: { reason: 'provider_failed', advice: expect.stringContaining('kode models') }, requests: 1 },
    ],
    [
      'a request that is too long, with nothing to put away, ends the turn',
      [tooLong],
      { end: { reason: 'limit', limit: 'context' }, requests: 1 },
    ],
  ])('%s', async (_, script, expected) => {
    const { prompt, session, events, requests } = await converse(wire, script)
    expect(await prompt('go')).toMatchObject(expected.end)
    expect(requests).toHaveLength(expected.requests)
    if (expected.lastRequest) expect(requests.at(-1)?.raw).toMatch(expected.lastRequest)
    if (expected.results) expect(resultsOf(session), 'results').toMatchObject(expected.results)
    if (expected.notice) expect(noticesOf(events)).toMatch(expected.notice)
  })

  test('a request that is too long is compacted once and sent again', async () => {
    const { prompt, session, requests } = await converse(wire, [
      ...[1, 2, 3].map(number => ({ text: `Answer ${number}.` })),
      tooLong,
      { text: 'They counted.' },
      { text: 'Here after all.' },
    ])
    for (const text of ['one', 'two', 'three']) await prompt(text)
    expect(await prompt('four')).toEqual({ reason: 'answered' })
    expect(requests).toHaveLength(6)
    expect(requests[5]?.raw).toContain('They counted.')
    expect(requests[5]?.raw).not.toContain('Answer 1.')
    expect(JSON.stringify(session.messages().at(-1))).toContain('Here after all.')
  })

  test('each request of a conversation begins with the bytes of the one before', async () => {
    const { prompt, requests } = await converse(wire, [
      { thinking: 'Hm.', toolCalls: [read('a.ts')] },
      { toolCalls: [read('b.ts')] },
      { text: 'First.' },
      done,
    ])
    await prompt('look')
    await prompt('and now?')
    const bodies = requests.map(request => request.raw.replace(/\]\}$/, ''))
    for (const [place, body] of bodies.slice(1).entries()) expect(body.startsWith(bodies[place] ?? '-')).toBe(true)
  })

  test('200 calls at once get 200 results, in order', async () => {
    const toolCalls = Array.from({ length: 200 }, (_, place) => read(place % 3 === 0 ? 'a.ts' : `missing-${place}.ts`))
    const { prompt, session, requests } = await converse(wire, [{ toolCalls, interleave: true }, done])
    expect(await prompt('read them all')).toEqual({ reason: 'answered' })
    const results = resultsOf(session)
    const [asked] = session.messages().flatMap(message => (message.role === 'assistant' ? [message.parts] : []))
    expect(results.map(result => result.call_id)).toEqual(asked?.map(part => part.type === 'tool_call' && part.id))
    expect(results.filter(result => result.status === 'error')).toHaveLength(133)
    expect(requests[1]?.raw).toContain('missing-199.ts')
  })
})

test.each([
  ['anthropic', /"signature":"signature-of-3"/],
  ['openai-responses', /"encrypted_content":"sealed-3"/],
  ['deepseek', /"reasoning_content":"Hm\."/],
  ['gemini', /"thought_signature":"proof"/],
])('what %s thought goes back with the call it led to', async (wire, proof) => {
  const call = { ...read('a.ts'), signature: 'proof' }
  const { prompt, requests } = await converse(wire, [{ thinking: 'Hm.', toolCalls: [call] }, done])
  await prompt('go')
  expect(requests[1]?.raw).toMatch(proof)
})

async function converse(wire: string, script: Script) {
  const server = await startScriptedProvider(script)
  onTestFinished(() => server.close())
  const provider = makeProvider({ provider: wire, baseUrl: endpointOn(server, wire), apiKey: 'a-key' })
  const { session, events } = await agentSession(tempProject(FILES), provider)
  const prompt = (text: string) => session.prompt([{ type: 'text', text }])
  return { prompt, session, events, requests: server.requests satisfies RecordedRequest[] }
}

function noticesOf(events: readonly KodeEvent[]): string {
  return events.flatMap(event => (event.type === 'notice' ? [event.text] : [])).join('\n')
}
