import type { ChatItem, ChatState } from '#shared/protocol/chat-state'

/** Shown at once when a page opens; enough for any window, and what still changes is among them. */
const LAST_ITEMS = 200
/** Handed over at a time afterwards, so that what happens meanwhile is not held up. */
const EARLIER_ITEMS = 1_000

/** A conversation as a page gets it first: its end. `before` items stand in front of what is shown. */
export function endOf(state: ChatState): { state: ChatState; before: number } {
  const before = Math.max(0, state.items.length - LAST_ITEMS)
  return { state: { ...state, items: state.items.slice(before) }, before }
}

/** The next piece in front of what a page has, and how many items are left before it. */
export function pieceBefore({ items }: ChatState, end: number): { items: ChatItem[]; before: number } {
  const before = Math.max(0, end - EARLIER_ITEMS)
  return { items: items.slice(before, end), before }
}
