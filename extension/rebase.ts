import { applyPatch, structuredPatch } from 'diff'

/**
 * A proposed text on top of a file that moved on since it was proposed.
 *
 * @returns undefined when both changed the same place
 */
export function rebaseText(before: string, proposed: string, now: string): string | undefined {
  if (now === before) return proposed
  const patch = structuredPatch('', '', before, proposed, '', '', { context: 2 })
  const rebased = applyPatch(now, patch)
  return rebased === false ? undefined : rebased
}
