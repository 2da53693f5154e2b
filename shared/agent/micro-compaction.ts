import type { Message, ToolMessage } from '#shared/protocol/messages'
import { estimateMessage } from './token-budget'

/** Results that can be had again by another call. Source: spec/koda.md §9.4. */
const CLEARABLE = new Set(['Read', 'Bash', 'Grep', 'Glob', 'ListFiles', 'WebSearch', 'WebFetch'])
const KEPT_RESULTS = 6
const SMALLEST_TOKENS = 50
/**
 * Clearing changes the conversation in the middle, so the provider's cache of everything behind it is lost: it is done
 * in a few large steps, when the window is this full and so much of it comes free.
 */
const CLEAR_AT = 0.6
const WORTH_CLEARING = 0.15

/** What stands in the place of a result. Names the way back. */
export const CLEARED = '[This older result was cleared to make room. RecallContext finds it, or call the tool again.]'

/** The results to clear before the next request; none unless it makes much room. */
export function resultsToClear(messages: readonly Message[], usedTokens: number, windowTokens: number): ToolMessage[] {
  if (usedTokens < CLEAR_AT * windowTokens) return []
  const results = messages.filter(
    (message): message is ToolMessage => message.role === 'tool' && CLEARABLE.has(message.name),
  )
  const old = results.slice(0, -KEPT_RESULTS).filter(result => estimateMessage(result) >= SMALLEST_TOKENS)
  const freed = old.reduce((sum, result) => sum + estimateMessage(result), 0)
  return freed >= WORTH_CLEARING * windowTokens ? old : []
}
