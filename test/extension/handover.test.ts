import { expect, test } from 'vitest'
import { type ChatItem, EMPTY_CHAT } from '#shared/protocol/chat-state'
import { endOf, pieceBefore } from '../../extension/handover'

test.each([0, 1, 200, 201, 1_200, 5_000])('a conversation of %i items is handed over whole, its end first', count => {
  const items = Array.from(
    { length: count },
    (_, index): ChatItem => ({ kind: 'notice', id: `${index}`, level: 'info', text: '' }),
  )
  const whole = { ...EMPTY_CHAT, items }
  let { state, before } = endOf(whole)
  expect(state.items.length).toBe(Math.min(200, count))
  while (before > 0) {
    const piece = pieceBefore(whole, before)
    state = { ...state, items: [...piece.items, ...state.items] }
    before = piece.before
  }
  expect(state.items).toEqual(items)
})
