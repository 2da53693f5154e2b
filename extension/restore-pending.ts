import type { Outcome } from './interrupted'
import type { PendingStore } from './pending-store'
import type { Proposal, Proposals } from './proposals'

/**
 * Puts back what waited when the window was closed or killed; shows it where it was, opens nothing.
 *
 * @param closeDecided closes tabs of what was decided since they were opened; not those of proposals with these ids
 * @param settle says what becomes of one that was about to land; may wait for the user
 */
export async function restorePending(
  proposals: Proposals,
  store: PendingStore | undefined,
  closeDecided: (interrupted: ReadonlySet<string>) => Promise<void>,
  settle: (proposal: Proposal) => Promise<Outcome>,
): Promise<void> {
  const kept = (await store?.load()) ?? []
  const isOpen = ({ files, landedIn }: Proposal) => landedIn || files.some(file => file.decision === 'open')
  for (const proposal of kept.filter(isOpen)) {
    proposals.restore(proposal)
    // Whether a word about what had landed was heard is not known: it is asked again.
    if (proposal.landedIn) proposals.reopen(proposal.id)
  }
  const interrupted = kept.filter(proposal => !isOpen(proposal))
  // The user may never say what becomes of those; the tabs must not wait for it.
  await closeDecided(new Set(interrupted.map(({ id }) => id)))
  for (const proposal of interrupted) {
    const outcome = await settle(proposal)
    proposals.restore(proposal)
    if (outcome === 'landed') proposals.remove(proposal.id)
    else proposals.reopen(proposal.id)
    if (outcome === 'finish') proposals.acceptAll(proposal.id)
  }
}
