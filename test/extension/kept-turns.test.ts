import { describe, expect, test } from 'vitest'
import { EMPTY_CHAT } from '#shared/protocol/chat-state'
import { foldChat } from '#shared/protocol/fold-chat'
import { historyEvents } from '../../extension/history'
import { recalledTurn, turnToKeep } from '../../extension/kept-turns'
import { DIFF, TURN, TURN_END } from '../vscode/support/sample-events'

const UNDONE = {
  type: 'turn_undone' as const,
  turn_id: 'turn-1',
  message: 'Nothing was undone.',
  kept: [{ path: 'src/orders.ts', reason: 'it was changed since', diff: DIFF }],
}

describe('the end of a turn', () => {
  test.each([
    ['as it was told', [...TURN, ...TURN_END]],
    ['that was taken back', [...TURN, ...TURN_END, UNDONE]],
  ])('%s is told again, behind its last message, after it was kept as JSON', (_, events) => {
    const shown = foldChat(EMPTY_CHAT, events)
    const end = shown.items.at(-1)
    if (end?.kind !== 'turn-end') throw new Error('the sample has no end')
    const kept: unknown = JSON.parse(JSON.stringify(turnToKeep(end)))
    const messages = events.flatMap(event =>
      'message' in event && typeof event.message === 'object' ? [event.message] : [],
    )
    const last = messages.at(-1)?.id
    const again = foldChat(
      EMPTY_CHAT,
      historyEvents(
        messages,
        id => (id === last ? recalledTurn(kept) : undefined),
        () => undefined,
      ),
    )
    expect(again.items.at(-1)).toEqual(end)
    expect(again.items.map(item => item.id)).toEqual(shown.items.map(item => item.id))
  })

  test.each([[undefined], [null], ['text'], [{ type: 'turn_recalled', turn_id: 1 }]])(
    'is not made up from %j',
    kept => {
      expect(recalledTurn(kept)).toBeUndefined()
    },
  )
})
