import { expect, test } from 'vitest'
import type { ChatEvent } from '#shared/protocol/events'
import { joinEvent } from '../../extension/join-event'

const joined = (...events: ChatEvent[]) => {
  const list: ChatEvent[] = []
  for (const event of events) joinEvent(list, event)
  return list
}

test('pieces of one message that follow each other are one piece', () => {
  const piece = (message_id: string, text: string): ChatEvent => ({ type: 'text_delta', message_id, text })
  expect(joined(piece('m', 'a'), piece('m', 'b'), piece('n', 'c'))).toEqual([piece('m', 'ab'), piece('n', 'c')])
})

test('pieces with something between them stay apart, and in order', () => {
  const piece = (text: string): ChatEvent => ({ type: 'tool_output_delta', call_id: 'c', text })
  const notice: ChatEvent = { type: 'notice', level: 'info', text: 'n' }
  expect(joined(piece('1'), notice, piece('2'))).toEqual([piece('1'), notice, piece('2')])
})
