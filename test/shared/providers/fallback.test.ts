import { expect, test } from 'vitest'
import { FallbackProvider } from '#shared/providers/fallback'
import type { ModelEvent, ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'

const REQUEST: ModelRequest = { model: 'first-model', system: '', messages: [], tools: [] }
const DOWN: ProviderFailure = { kind: 'overloaded', message: 'first is down', isTransient: true }

test.each<[string, ProviderFailure, boolean]>([
  ['an outage', DOWN, true],
  ['a rate limit', { kind: 'rate-limit', message: 'slow', isTransient: true }, true],
  ['an empty account', { kind: 'quota', message: 'empty' }, true],
  ['an unreachable host', { kind: 'network', message: 'refused' }, true],
  ['a wrong key', { kind: 'auth', message: 'no' }, false],
  ['a prompt that is too long', { kind: 'context-overflow', message: 'long' }, false],
  ['a cancelled request', { kind: 'cancelled', message: 'stop' }, false],
])('%s: does the next provider answer?', async (_, failure, answers) => {
  const second = scripted('second', [[{ type: 'text', text: 'here' }]])
  const provider = new FallbackProvider([
    { provider: scripted('first', [failure]), model: 'first-model' },
    { provider: second, model: 'second-model' },
  ])
  const events = await collect(provider)
  expect(second.models).toEqual(answers ? ['second-model'] : [])
  expect(events.at(-1)?.type).toBe(answers ? 'end' : 'failure')
  if (answers) {
    expect(events[0]).toEqual({ type: 'fallback', provider: 'second', model: 'second-model', reason: failure.message })
  }
})

test('after the first visible word nobody else takes over', async () => {
  const second = scripted('second', [[]])
  const provider = new FallbackProvider([
    { provider: scripted('first', [DOWN], [{ type: 'text', text: 'half' }]), model: 'm' },
    { provider: second, model: 'n' },
  ])
  expect((await collect(provider)).map(event => event.type)).toEqual(['text', 'failure'])
  expect(second.models).toEqual([])
})

test('a provider that failed rests, and is asked again later', async () => {
  let now = 0
  const first = scripted('first', [DOWN, [], []])
  const second = scripted('second', [[], [], []])
  const provider = new FallbackProvider(
    [
      { provider: first, model: 'm' },
      { provider: second, model: 'n' },
    ],
    () => now,
  )
  await collect(provider)
  now = 60_000
  await collect(provider)
  expect([first.models.length, second.models.length]).toEqual([1, 2])
  now = 10 * 60_000
  await collect(provider)
  expect([first.models.length, second.models.length]).toEqual([2, 2])
})

test('when all fail, the last failure is told', async () => {
  const provider = new FallbackProvider([
    { provider: scripted('first', [DOWN]), model: 'm' },
    { provider: scripted('second', [{ kind: 'quota', message: 'second is empty' }]), model: 'n' },
  ])
  expect((await collect(provider)).at(-1)).toEqual({
    type: 'failure',
    failure: { kind: 'quota', message: 'second is empty' },
  })
})

function scripted(name: string, replies: (ProviderFailure | ModelEvent[])[], before: ModelEvent[] = []) {
  const models: string[] = []
  const provider: Provider & { models: string[] } = {
    name,
    models,
    async *stream(request) {
      const reply = replies[models.push(request.model) - 1]!
      yield* before
      if (!Array.isArray(reply)) return yield { type: 'failure', failure: reply }
      yield* reply
      yield { type: 'end', stop: 'end' }
    },
    listModels: async () => ({ models: [] }),
  }
  return provider
}

async function collect(provider: Provider): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of provider.stream(REQUEST, new AbortController().signal)) events.push(event)
  return events
}
