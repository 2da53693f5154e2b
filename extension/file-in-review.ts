import type { LandedFile } from '#shared/protocol/landed-file'
import type { ProposedFile } from './proposals'
import { rebaseText } from './rebase'

/**
 * What the review of a file shows when a turn has landed it. What the user said about it before and nobody did yet
 * still counts: a word is never overwritten by what lands while it waits to be heard.
 *
 * @param earlier what it showed before
 * @param isKnownTurn whether that was of the same turn too
 * @param sum of all its turns that wait for review together; asked where a side is no text
 * @returns undefined where nothing is left to review
 */
export function fileInReview(
  earlier: ProposedFile | undefined,
  isKnownTurn: boolean,
  landed: LandedFile,
  sum: LandedFile | undefined,
): ProposedFile | undefined {
  const isBinary = landed.binary || earlier?.binary
  const base = isKnownTurn ? earlier?.before : baseUnder(earlier, landed.before)
  const file = isBinary ? sum : { path: landed.path, before: base, after: landed.after, binary: undefined }
  if (!file || (!file.binary && file.before === file.after)) return undefined
  return {
    path: landed.path,
    before: file.before,
    proposed: file.after,
    after: wishedText(earlier, file.after),
    // Who accepted has not seen what came since.
    decision: earlier?.decision === 'rejected' ? 'rejected' : 'open',
    acceptedHunks: earlier?.acceptedHunks ?? new Set(),
    ...(file.binary && { binary: file.binary }),
  }
}

/** What landed without the hunks that the user took out of what was there before. */
function wishedText(earlier: ProposedFile | undefined, landed: string | undefined): string | undefined {
  if (earlier?.proposed === undefined || earlier.after === undefined || landed === undefined) return landed
  return rebaseText(earlier.proposed, earlier.after, landed) ?? landed
}

/** Where the review of a file begins that a later turn changed too: without what others did to it in between. */
function baseUnder(earlier: ProposedFile | undefined, next: string | undefined): string | undefined {
  if (!earlier) return next
  const { before, proposed } = earlier
  if (next === proposed) return before
  if (before === undefined || proposed === undefined || next === undefined) return next
  return rebaseText(proposed, before, next) ?? next
}
