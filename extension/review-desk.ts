import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { Kode } from '#shared/kode'
import type { FilePreview } from '#shared/protocol/approvals'
import { textNow } from './landing'
import { isGone, type Proposal, type Proposals } from './proposals'
import { rebaseText } from './rebase'

/**
 * Keeps verdicts true while the user edits proposals, and lands those that no turn waits for any more, such as those
 * from before the window was reloaded.
 */
export class ReviewDesk {
  readonly #proposals: Proposals
  readonly #kodeOf: (root: string) => Promise<Kode>
  readonly #saved: () => Promise<void>
  /** The texts that were judged last, and the judgement under way, by proposal. */
  readonly #judged = new Map<string, string>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #judging = new Map<string, AbortController>()

  /**
   * @param isAwaited whether a running turn waits for the proposal; then the turn lands it
   * @param saved resolves once every decision so far would outlive a crash
   */
  constructor(
    proposals: Proposals,
    isAwaited: (id: string) => boolean,
    kodeOf: (root: string) => Promise<Kode>,
    saved: () => Promise<void>,
    onProblem: (text: string) => void,
  ) {
    this.#proposals = proposals
    this.#kodeOf = kodeOf
    this.#saved = saved
    proposals.onChange(({ kind, proposal }) => {
      if (isGone(kind)) this.#forget(proposal.id)
      // It was judged before it landed.
      else if (proposal.landedIn) return
      else if (kind === 'added' && proposal.gates) this.#judged.set(proposal.id, textsOf(proposal))
      else if (this.#judged.get(proposal.id) !== textsOf(proposal)) {
        const running = this.#judge(proposal).catch((error: unknown) => onProblem(messageOf(error)))
        this.#running.set(proposal.id, running)
      }
    })
    proposals.onDecided(proposal => {
      // A turn that took the answer has removed the proposal.
      const isOurs = !proposal.landedIn && !isAwaited(proposal.id)
      if (isOurs && proposals.get(proposal.id)) void this.#settle(proposal)
    })
  }

  /** Why a proposal cannot be accepted as it is now; waits for a judgement under way. */
  async refusalOf(id: string): Promise<string | undefined> {
    await this.#running.get(id)
    const gates = this.#proposals.get(id)?.gates
    const failed = gates?.results.find(result => result.status === 'FAIL')
    if (!failed) return undefined
    const finding = failed.findings[0]
    const reason = finding ? `${finding.file}:${finding.line} ${finding.message}` : failed.message
    return vscode.l10n.t('Not accepted: {0}. Mend it in the diff, or reject it.', reason)
  }

  /** Judges a proposal as the user left it, unless it changes meanwhile. */
  async #judge(proposal: Proposal): Promise<void> {
    this.#judged.set(proposal.id, textsOf(proposal))
    this.#judging.get(proposal.id)?.abort()
    const controller = new AbortController()
    this.#judging.set(proposal.id, controller)
    const kode = await this.#kodeOf(proposal.root)
    const report = await kode.changes.judge(openFiles(proposal), controller.signal)
    if (!controller.signal.aborted) this.#proposals.setGates(proposal.id, report)
  }

  #forget(id: string): void {
    this.#judging.get(id)?.abort()
    this.#judging.delete(id)
    this.#judged.delete(id)
    this.#running.delete(id)
  }

  async #settle(proposal: Proposal): Promise<void> {
    const accepted = proposal.files.filter(file => file.decision === 'accepted')
    try {
      // A crash while it lands must find that it was accepted.
      await this.#saved()
      if (accepted.length > 0) await this.#land(proposal, accepted)
      this.#proposals.remove(proposal.id)
    } catch (error) {
      // It stays pending: nothing is lost, and the user can mend it or reject it.
      this.#proposals.reopen(proposal.id)
      void vscode.window.showErrorMessage(messageOf(error))
    }
  }

  async #land(proposal: Proposal, accepted: Proposal['files']): Promise<void> {
    const kode = await this.#kodeOf(proposal.root)
    const files = await Promise.all(
      accepted.map(async ({ path, before, after }): Promise<FilePreview> => {
        if (after === undefined || before === undefined) return { path, ...(after !== undefined && { after }) }
        const now = await textNow(kode.root, path)
        const rebased = now === undefined ? undefined : rebaseText(before, after, now)
        if (rebased === undefined) {
          throw new Error(
            vscode.l10n.t(
              '{0} was changed in the same place since; take what you need from the diff, or reject it.',
              path,
            ),
          )
        }
        return { path, after: rebased }
      }),
    )
    const landed = await kode.changes.land(files, proposal.title)
    if (landed.ok) return
    if (landed.error.gates) this.#proposals.setGates(proposal.id, landed.error.gates)
    throw new Error(landed.error.message)
  }
}

function textsOf(proposal: Proposal): string {
  return JSON.stringify(openFiles(proposal))
}

function openFiles(proposal: Proposal): FilePreview[] {
  return proposal.files
    .filter(file => file.decision !== 'rejected')
    .map(({ path, after }) => ({ path, ...(after !== undefined && { after }) }))
}
