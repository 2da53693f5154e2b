import { describe, expect, test } from 'vitest'
import { contextFill, estimateMessage, MessageTally } from '#shared/agent/token-budget'
import type { Message } from '#shared/protocol/messages'

const said = (text: string): Message => ({ role: 'user', id: text, parts: [{ type: 'text', text }], origin: 'typed' })
const result = (text: string): Message => {
  return { role: 'tool', id: `r${text}`, call_id: 'c', name: 'Read', text, status: 'ok' }
}
const sum = (messages: readonly Message[]) => messages.reduce((total, message) => total + estimateMessage(message), 0)

describe('what a conversation takes of the window', () => {
  const messages = Array.from({ length: 40 }, (_, place) =>
    place % 3 === 0 ? result('x'.repeat(place * 50)) : said('y'.repeat(place * 20)),
  )

  test('is the same however it grew', () => {
    const tally = new MessageTally()
    for (const length of [0, 1, 2, 7, 7, 30, 40]) {
      const counted = tally.of(messages.slice(0, length))
      expect(counted.messages + counted.tool_results).toBe(sum(messages.slice(0, length)))
    }
    expect(tally.of(messages, 5)).toEqual(new MessageTally().of(messages.slice(0, 5)))
  })

  test('is counted anew after messages were replaced', () => {
    const tally = new MessageTally()
    tally.of(messages)
    const cleared = messages.map(message => (message.role === 'tool' ? { ...message, text: '' } : message))
    tally.reset()
    expect(tally.of(cleared)).toEqual(new MessageTally().of(cleared))
  })

  test("is the provider's own count of the last request, and an estimate of what came after", () => {
    const usage = { input: 1_000, output: 50, cache_read: 0, cache_write: 0, thinking: 0 }
    const fill = contextFill('', [], messages, new MessageTally(), 100_000, { usage, messageCount: 38 })
    expect(fill.used).toBe(1_050 + sum(messages.slice(38)))
    const first = contextFill('abc', [], messages, new MessageTally(), 100_000)
    expect(first.used).toBe(sum(messages) + first.by_category.system + first.by_category.tools)
  })
})
