import type { Kode } from '#shared/kode'
import { settleInterrupted } from './interrupted'
import type { PendingStore } from './pending-store'
import type { Proposal, Proposals } from './proposals'

/** Puts back what waited when the window was closed or killed; shows it where it was, opens nothing. */
export async function restorePending(
  proposals: Proposals,
  store: PendingStore | undefined,
  kodeOf: (root: string) => Promise<Kode>,
): Promise<void> {
  const kept = (await store?.load()) ?? []
  const isOpen = ({ files, landedIn }: Proposal) => landedIn || files.some(file => file.decision === 'open')
  for (const proposal of kept.filter(isOpen)) {
    proposals.restore(proposal)
    // Whether a word about what had landed was heard is not known: it is asked again.
    if (proposal.landedIn) proposals.reopen(proposal.id)
  }
  for (const proposal of kept.filter(proposal => !isOpen(proposal))) {
    const outcome = await settleInterrupted(proposal, kodeOf)
    proposals.restore(proposal)
    if (outcome === 'landed') proposals.remove(proposal.id)
    else proposals.reopen(proposal.id)
    if (outcome === 'finish') proposals.acceptAll(proposal.id)
  }
}
