import { expect, test } from 'vitest'
import { createProvider } from '#shared/providers/registry'
import { askProvider, makeProvider } from '../../support/ask-provider'

test('the mock says what its script tells it to, then nothing', async () => {
  const script = [
    { text: 'Hello' },
    { tool: 'Read', args: { path: 'a' } },
    { error: 'boom' },
    { rate_limit: 'slow' },
    { context_overflow: 'too long' },
  ]
  const provider = makeProvider({ provider: 'mock' }, { KODE_MOCK_RESPONSES: JSON.stringify(script) })
  expect(await askProvider(provider)).toEqual([
    { type: 'text', text: 'Hello' },
    { type: 'end', stop: 'end' },
  ])
  expect(await askProvider(provider)).toMatchObject([
    { type: 'tool_call', call: { name: 'Read', arguments: '{"path":"a"}' } },
    { type: 'end', stop: 'tool_calls' },
  ])
  expect(await askProvider(provider)).toMatchObject([{ type: 'failure', failure: { kind: 'bad-request' } }])
  expect(await askProvider(provider)).toMatchObject([
    { type: 'retry', reason: 'mock: slow' },
    { type: 'failure', failure: { kind: 'context-overflow' } },
  ])
  expect(await askProvider(provider)).toEqual([{ type: 'end', stop: 'end' }])
})

test('a script that is no list is refused', () => {
  expect(createProvider({ provider: 'mock' }, { KODE_MOCK_RESPONSES: '{"text":1}' })).toMatchObject({
    ok: false,
    error: { kind: 'configuration' },
  })
})
