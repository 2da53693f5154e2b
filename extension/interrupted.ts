import * as vscode from 'vscode'
import type { Kode } from '#shared/kode'
import { textOnDisk } from './landing'
import type { Proposal, ProposedFile } from './proposals'

/** What becomes of a proposal that an earlier run of the editor was about to land. */
export type Outcome = 'landed' | 'finish' | 'pending'

/**
 * A proposal was accepted, and the editor ended before it was told that it had landed. Where only a part did, the user
 * says whether it is finished or put back; whatever is not on the disk waits for review again.
 */
export async function settleInterrupted(proposal: Proposal, kodeOf: (root: string) => Promise<Kode>): Promise<Outcome> {
  const accepted = proposal.files.filter(file => file.decision === 'accepted')
  const countLanded = async () => {
    const landed = await Promise.all(accepted.map(file => isLanded(proposal.root, file)))
    return landed.filter(Boolean).length
  }
  const count = await countLanded()
  if (count === accepted.length) return 'landed'
  if (count === 0) return 'pending'
  const finish = vscode.l10n.t('Finish')
  const putBack = vscode.l10n.t('Put Back')
  const question = vscode.l10n.t(
    'kode was interrupted while “{0}” landed: {1} of {2} files are written.',
    proposal.title,
    count,
    accepted.length,
  )
  const answer = await vscode.window.showWarningMessage(question, finish, putBack)
  if (answer === undefined) return 'pending'
  const repaired = await (await kodeOf(proposal.root)).changes.recover(answer === finish ? 'new' : 'old')
  if (!repaired.ok) throw new Error(repaired.error.message)
  if (answer === putBack) return 'pending'
  return (await countLanded()) === accepted.length ? 'landed' : 'finish'
}

async function isLanded(root: string, { path, after }: ProposedFile): Promise<boolean> {
  return (await textOnDisk(vscode.Uri.joinPath(vscode.Uri.file(root), path))) === after
}
