import { describe, expect, test } from 'vitest'
import { runTurn } from '#shared/agent/turn'
import { userMessage } from '#shared/agent/user-message'
import type { Message } from '#shared/protocol/messages'
import type { ModelEvent } from '#shared/providers/provider'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { fakeSession } from '../../support/fake-services'
import { fakeTool } from '../../support/fake-tool'

const never = new AbortController().signal
const prompt = userMessage([{ type: 'text', text: 'go' }], 'typed')
const echo = fakeTool('Echo', input => `heard ${input.text}`)
const usage: ModelEvent = {
  type: 'usage',
  usage: { input: 900, output: 100, cache_read: 0, cache_write: 0, thinking: 0 },
}

describe('a turn', () => {
  test('ends with the first reply that calls no tool', async () => {
    const session = fakeSession(new FakeProvider(says('done')), [echo])
    expect(await runTurn(session.services, prompt, never)).toEqual({ reason: 'answered' })
    expect(shapes(session.messages)).toEqual(['user: go', 'assistant: done'])
  })

  test('runs the calls of a reply in order and asks again with their results', async () => {
    const provider = new FakeProvider(calls(['Echo', { text: 'a' }], ['Echo', { text: 'b' }]), says('done'))
    const session = fakeSession(provider, [echo])
    await runTurn(session.services, prompt, never)
    expect(shapes(session.messages)).toEqual([
      'user: go',
      'assistant: ',
      'tool: heard a',
      'tool: heard b',
      'assistant: done',
    ])
    expect(provider.requests[1]?.messages).toHaveLength(4)
  })

  test('lets the model hear what the user typed meanwhile, even after its answer', async () => {
    const session = fakeSession(new FakeProvider(says('done'), says('also done')), [echo])
    session.steering.add([{ type: 'text', text: 'and b?' }], 'next')
    await runTurn(session.services, prompt, never)
    expect(shapes(session.messages)).toEqual(['user: go', 'assistant: done', 'user: and b?', 'assistant: also done'])
  })

  test.each([
    ['requests', { maxTurns: 2 }, 'turns'],
    ['tokens', { maxTotalTokens: 1_500 }, 'tokens'],
    ['cost', { maxCostUsd: 0.0015 }, 'cost'],
  ] as const)('stops at the limit of %s before the next request', async (_, limits, limit) => {
    const replies = Array.from({ length: 5 }, (_, n): ModelEvent[] => [usage, ...calls(['Echo', { text: String(n) }])])
    const provider = new FakeProvider(...replies)
    const session = fakeSession(provider, [echo], { limits })
    expect(await runTurn(session.services, prompt, never)).toMatchObject({ reason: 'limit', limit })
    expect(provider.requests).toHaveLength(2)
  })

  test.each([
    ['tokens', { maxTotalTokens: 200 }, /^stopped after \d+ tokens/],
    ['cost', { maxCostUsd: 0.0002 }, /^stopped after about \$0\.0/],
  ] as const)('stops at the limit of %s also where the provider counts nothing', async (limit, limits, message) => {
    const word = 'x'.repeat(500)
    const replies = Array.from({ length: 5 }, (_, n) => calls(['Echo', { text: `${word}${n}` }]))
    const provider = new FakeProvider(...replies)
    const { services } = fakeSession(provider, [echo], { limits })
    const end = await runTurn(services, prompt, never)
    expect(end).toEqual({ reason: 'limit', limit, message: expect.stringMatching(message) })
    expect(provider.requests.length).toBeLessThan(4)
    expect(services.spending.costUsd).toBeUndefined()
  })

  test.each<[string, ModelEvent[], ModelEvent[][], number]>([
    ['and is asked for again', [], [says('whole')], 1],
    ['after some words, and is asked for again', [{ type: 'text', text: 'hal' }], [says('whole')], 1],
    ['for good before any word', [], [], 1],
    ['for good after some words', [{ type: 'text', text: 'half' }], [], 0],
  ])('what a reply took counts and is kept that broke %s', async (_, words, later, told) => {
    const kind = later.length > 0 ? ('network' as const) : ('auth' as const)
    const thought: ModelEvent = { type: 'thinking', text: 'hm' }
    const cut: ModelEvent[] = [thought, ...words, usage, { type: 'failure', failure: { kind, message: 'cut' } }]
    const session = fakeSession(new FakeProvider(cut, ...later), [], { limits: { maxTotalTokens: 1_000 } })
    await runTurn(session.services, prompt, never)
    expect(session.services.spending.total).toMatchObject({ input: 900, output: 100 })
    expect(session.services.spending.overspent()).toMatchObject({ limit: 'tokens' })
    const kept = session.messages.filter(message => message.role === 'assistant' && message.usage)
    expect([kept.length, session.told]).toEqual([1 - told, Array(told).fill(900)])
  })

  test('forgives one empty reply, not two', async () => {
    const empty: ModelEvent[] = [{ type: 'end', stop: 'end' }]
    const forgiven = fakeSession(new FakeProvider(empty, says('done')), [])
    expect(await runTurn(forgiven.services, prompt, never)).toEqual({ reason: 'answered' })
    const failed = fakeSession(new FakeProvider(empty, empty), [])
    expect(await runTurn(failed.services, prompt, never)).toMatchObject({ reason: 'provider_failed' })
  })

  test('asks again, with a word to the user, when a stream breaks in the middle', async () => {
    const cut: ModelEvent[] = [
      { type: 'text', text: 'hal' },
      { type: 'failure', failure: { kind: 'network', message: 'the stream was cut' } },
    ]
    const session = fakeSession(new FakeProvider(cut, says('whole')), [])
    expect(await runTurn(session.services, prompt, never)).toEqual({ reason: 'answered' })
    expect(session.events).toContainEqual({
      type: 'notice',
      level: 'warning',
      text: 'the stream was cut; asking again',
    })
    expect(shapes(session.messages)).toEqual(['user: go', 'assistant: whole'])
  })

  test('forgives the same trouble again after a reply that came whole', async () => {
    const empty: ModelEvent[] = [{ type: 'end', stop: 'end' }]
    const cut: ModelEvent[] = [
      { type: 'tool_call_delta', id: 'a', name: 'Echo', text: '{' },
      { type: 'failure', failure: { kind: 'network', message: 'the stream was cut' } },
    ]
    const rounds = [1, 2, 3].flatMap(n => [empty, cut, cut, calls(['Echo', { text: String(n) }])])
    const session = fakeSession(new FakeProvider(...rounds, says('done')), [echo])
    expect(await runTurn(session.services, prompt, never)).toEqual({ reason: 'answered' })
    expect(session.messages.filter(message => message.role === 'tool')).toHaveLength(3)
  })

  test('keeps what was said before a failure for good', async () => {
    const refused: ModelEvent[] = [
      { type: 'text', text: 'half' },
      { type: 'failure', failure: { kind: 'auth', message: 'no' } },
    ]
    const session = fakeSession(new FakeProvider(refused), [])
    expect(await runTurn(session.services, prompt, never)).toMatchObject({ reason: 'provider_failed', message: 'no' })
    expect(shapes(session.messages)).toEqual(['user: go', 'assistant: half'])
  })

  test('goes on at most three times after the output limit', async () => {
    const cut: ModelEvent[] = [
      { type: 'text', text: 'more' },
      { type: 'end', stop: 'output_limit' },
    ]
    const session = fakeSession(new FakeProvider(cut, cut, cut, cut), [])
    expect(await runTurn(session.services, prompt, never)).toMatchObject({ reason: 'limit', limit: 'output_limit' })
  })

  test('keeps partial text and runs nothing more after a cancel', async () => {
    const controller = new AbortController()
    const provider = new FakeProvider(async function* () {
      yield { type: 'text', text: 'par' }
      controller.abort()
    })
    const session = fakeSession(provider, [echo])
    expect(await runTurn(session.services, prompt, controller.signal)).toEqual({ reason: 'cancelled' })
    expect(shapes(session.messages)).toEqual(['user: go', 'assistant: par'])
  })

  test('gives every call a result when it is cancelled between them', async () => {
    const controller = new AbortController()
    const stopper = fakeTool('Stop', () => {
      controller.abort()
      return 'stopped'
    })
    const session = fakeSession(new FakeProvider(calls(['Stop', {}], ['Echo', { text: 'b' }])), [stopper, echo])
    expect(await runTurn(session.services, prompt, controller.signal)).toEqual({ reason: 'cancelled' })
    const results = session.messages.filter(message => message.role === 'tool')
    expect(results.map(result => result.status)).toEqual(['interrupted', 'interrupted'])
    expect(results[1]?.text).toMatch(/before it ran/)
  })

  test('reminds a model that repeats itself, then stops', async () => {
    const same = calls(['Echo', { text: 'a' }])
    const session = fakeSession(new FakeProvider(same, same, same, same, same, same), [echo])
    expect(await runTurn(session.services, prompt, never)).toMatchObject({ reason: 'limit', limit: 'loop_guard' })
    expect(session.messages.filter(message => message.role === 'user' && message.origin === 'reminder')).toHaveLength(1)
  })

  test('reading many different files is no loop', async () => {
    const reads = Array.from({ length: 12 }, (_, n) => calls(['Echo', { text: `file-${n}` }]))
    const session = fakeSession(new FakeProvider(...reads, says('done')), [echo])
    expect(await runTurn(session.services, prompt, never)).toEqual({ reason: 'answered' })
  })
})

function shapes(messages: readonly Message[]): string[] {
  return messages.map(message => {
    if (message.role === 'tool') return `tool: ${message.text}`
    const text = message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
    return `${message.role}: ${text}`
  })
}
