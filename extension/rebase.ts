import { applyPatch, structuredPatch } from 'diff'

/**
 * A proposed text on top of a file that moved on since it was proposed.
 *
 * @returns undefined when both changed the same place
 */
export function rebaseText(before: string, proposed: string, now: string): string | undefined {
  // A part of the change may have landed before a crash.
  if (now === before || now === proposed) return proposed
  const patch = structuredPatch('', '', before, proposed, '', '', { context: 2 })
  const rebased = applyPatch(now, patch)
  return rebased === false ? undefined : rebased
}
