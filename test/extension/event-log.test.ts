import { expect, test } from 'vitest'
import { EventLog } from '../../extension/event-log'
import { bestMatches, fuzzyScore } from '../../extension/fuzzy'

test('pieces of a message are one event, and none once the message is there', () => {
  const log = new EventLog()
  for (const text of ['a', 'b', 'c']) log.add({ type: 'text_delta', message_id: 'm', text })
  expect(log.events).toEqual([{ type: 'text_delta', message_id: 'm', text: 'abc' }])
  const message = { role: 'assistant' as const, id: 'm', parts: [], model: 'x', stop: 'end' as const }
  log.add({ type: 'assistant', message })
  expect(log.events).toEqual([{ type: 'assistant', message }])
})

test('output of a running call is kept until its result, also between other events', () => {
  const log = new EventLog()
  log.add({ type: 'tool_output_delta', call_id: 'c', text: '1' })
  log.add({ type: 'notice', level: 'info', text: 'n' })
  log.add({ type: 'tool_output_delta', call_id: 'c', text: '2' })
  expect(log.events).toHaveLength(3)
  log.add({
    type: 'tool_result',
    message: { role: 'tool', id: 't', call_id: 'c', name: 'Bash', text: '12', status: 'ok' },
    duration_ms: 1,
  })
  expect(log.events.map(event => event.type)).toEqual(['notice', 'tool_result'])
})

test.each([
  ['abc', 'abcdef', 123], // start 100, three letters, two in a row
  ['b', 'a/b.ts', 6], // start of a word
  ['tsa', 'a.ts', undefined], // not in this order
  ['AB', 'xab', 12],
])('%s in %s scores %s', (query, path, score) => expect(fuzzyScore(query, path)).toBe(score))

test("a file's own name counts as much as its path", () => {
  expect(bestMatches('orders', ['other/reorder-status.ts', 'src/deep/orders.ts', 'orders/readme.md'], 2)).toEqual([
    'orders/readme.md',
    'src/deep/orders.ts',
  ])
})
