import type { ApprovalRequest } from '#shared/protocol/approvals'
import type { Finding, GateReport } from '#shared/protocol/gate-report'
import type { BinarySides } from '#shared/protocol/landed-file'
import { type Hunk, hunkKey, hunksBetween, withoutHunk } from './hunks'

/** A change that waits for the user's word; nothing of it is in the workspace, unless it landed unasked. */
export interface Proposal {
  /** The id of its approval. */
  id: string
  /** Absolute: the folder that its paths start from. */
  root: string
  title: string
  gates: GateReport | undefined
  /** Set where it is in the workspace already, unreviewed: the turns that landed it. It has one file then. */
  landedIn?: readonly string[]
  files: ProposedFile[]
}

/** One file of it. A text is absent where the file does not exist on that side. */
export interface ProposedFile {
  path: string
  before: string | undefined
  /** As the model proposed it; of one that landed, as it is in the workspace. */
  proposed: string | undefined
  /** As the user left it. */
  after: string | undefined
  decision: 'open' | 'accepted' | 'rejected'
  /** Keys of the hunks the user accepted one by one. */
  acceptedHunks: Set<string>
  /** One that landed and is no text: it has neither texts nor hunks, and is kept or taken back as a whole. */
  binary?: BinarySides
}

/** What the change does to the file itself. */
export function fateOf({ before, after, binary }: ProposedFile): 'created' | 'deleted' | 'modified' {
  const [old, now] = binary ? [binary.before, binary.after] : [before, after]
  if (old === undefined) return 'created'
  return now === undefined ? 'deleted' : 'modified'
}

export interface PendingHunk {
  hunk: Hunk
  /** Stays the same while other hunks of the file are accepted or rejected. */
  key: string
  isAccepted: boolean
  findings: Finding[]
}

/** `landing`: a turn writes it now; `removed` follows when that is done. */
type Change = { kind: 'added' | 'restored' | 'landing' | 'removed' | 'changed'; proposal: Proposal }

/** Whether a change means that there is nothing to review any more. */
export function isGone(kind: Change['kind']): boolean {
  return kind === 'landing' || kind === 'removed'
}

/** All changes that wait, and what the user decided about their parts. Knows nothing of the editor. */
export class Proposals {
  readonly #proposals = new Map<string, Proposal>()
  /** By the call that lands them. */
  readonly #landing = new Map<string, Proposal>()
  readonly #changeListeners = new Set<(change: Change) => void>()
  readonly #decidedListeners = new Set<(proposal: Proposal) => void>()

  get all(): Proposal[] {
    return [...this.#proposals.values()]
  }

  get(id: string): Proposal | undefined {
    return this.#proposals.get(id)
  }

  file(id: string, path: string): ProposedFile | undefined {
    return this.#proposals.get(id)?.files.find(file => file.path === path)
  }

  add(request: Pick<ApprovalRequest, 'id' | 'title' | 'files' | 'gates'>, root: string): void {
    const files = (request.files ?? []).map(
      (file): ProposedFile => ({
        path: file.path,
        before: file.before,
        proposed: file.after,
        after: file.after,
        decision: 'open',
        acceptedHunks: new Set(),
      }),
    )
    this.#put('added', { id: request.id, root, title: request.title, gates: request.gates, files })
  }

  /** Puts a proposal there as it is, such as one that an earlier run of the editor left behind. */
  restore(proposal: Proposal): void {
    this.#put('restored', proposal)
  }

  remove(id: string): void {
    const proposal = this.#proposals.get(id)
    if (!proposal) return
    this.#proposals.delete(id)
    this.#announce('removed', proposal)
  }

  /** The call that proposed it lands it now. It outlives the process until the call has its result. */
  startLanding(id: string, callId: string): void {
    const proposal = this.#proposals.get(id)
    if (!proposal) return
    for (const file of proposal.files) if (file.decision === 'open') file.decision = 'accepted'
    this.#proposals.delete(id)
    this.#landing.set(callId, proposal)
    this.#announce('landing', proposal)
  }

  /** A call has its result. */
  endLanding(callId: string): void {
    const proposal = this.#landing.get(callId)
    if (!proposal) return
    this.#landing.delete(callId)
    this.#announce('removed', proposal)
  }

  /** The user edited the proposed text. */
  edit(id: string, path: string, text: string | undefined): void {
    this.#change(id, path, file => {
      file.after = text
    })
  }

  /** One that had landed did so again, with a text that the user chose. */
  setLanded(id: string, text: string | undefined): void {
    const proposal = this.#proposals.get(id)
    const [file] = proposal?.files ?? []
    if (!proposal || !file) return
    file.proposed = text
    this.#announce('changed', proposal)
  }

  /** A new verdict about the texts as they are now. */
  setGates(id: string, gates: GateReport): void {
    const proposal = this.#proposals.get(id)
    if (!proposal) return
    proposal.gates = gates
    this.#announce('changed', proposal)
  }

  hunks(id: string, path: string): PendingHunk[] {
    const file = this.file(id, path)
    if (!file) return []
    const findings = this.findings(id, path)
    return hunksBetween(file.before ?? '', file.after ?? '').map(hunk => ({
      hunk,
      key: hunkKey(hunk),
      isAccepted: file.acceptedHunks.has(hunkKey(hunk)),
      findings: findings.filter(
        finding => finding.line > hunk.afterStart && finding.line <= hunk.afterStart + hunk.afterLines.length,
      ),
    }))
  }

  findings(id: string, path: string): Finding[] {
    const results = this.#proposals.get(id)?.gates?.results ?? []
    return results.flatMap(result => result.findings).filter(finding => finding.file === path)
  }

  /** The file lands once every hunk has the user's word. A hunk that is no longer there is left alone. */
  acceptHunk(id: string, path: string, key: string): void {
    const pending = this.hunks(id, path)
    if (!pending.some(each => each.key === key)) return
    this.#change(id, path, file => {
      file.acceptedHunks.add(key)
      const isDone = pending.every(each => each.isAccepted || each.key === key)
      if (isDone) file.decision = 'accepted'
    })
  }

  /** Those lines go back to what they were; without any change left the file is rejected. */
  rejectHunk(id: string, path: string, key: string): void {
    const pending = this.hunks(id, path)
    const chosen = pending.find(each => each.key === key)
    if (!chosen) return
    const rest = pending.filter(each => each !== chosen)
    this.#change(id, path, file => {
      file.after = withoutHunk(file.after ?? '', chosen.hunk)
      if (rest.length === 0) file.decision = 'rejected'
      else if (rest.every(each => each.isAccepted)) file.decision = 'accepted'
    })
  }

  accept(id: string, path: string): void {
    this.#change(id, path, file => {
      file.decision = 'accepted'
    })
  }

  reject(id: string, path: string): void {
    this.#change(id, path, file => {
      file.decision = 'rejected'
    })
  }

  /** Every word about it is taken back. */
  reopen(id: string): void {
    const proposal = this.#proposals.get(id)
    if (!proposal) return
    for (const file of proposal.files) {
      file.decision = 'open'
      file.acceptedHunks.clear()
    }
    this.#announce('changed', proposal)
  }

  /** What was not rejected yet is accepted. */
  acceptAll(id: string): void {
    this.#decideOpen(id, 'accepted')
  }

  rejectAll(id: string): void {
    this.#decideOpen(id, 'rejected')
  }

  /** @returns a function that ends the subscription */
  onChange(listener: (change: Change) => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  onDecided(listener: (proposal: Proposal) => void): void {
    this.#decidedListeners.add(listener)
  }

  #put(kind: 'added' | 'restored', proposal: Proposal): void {
    this.#proposals.set(proposal.id, proposal)
    this.#announce(kind, proposal)
  }

  #decideOpen(id: string, decision: 'accepted' | 'rejected'): void {
    const proposal = this.#proposals.get(id)
    if (!proposal) return
    for (const file of proposal.files) if (file.decision === 'open') file.decision = decision
    this.#settle(proposal)
  }

  #change(id: string, path: string, change: (file: ProposedFile) => void): void {
    const proposal = this.#proposals.get(id)
    const file = this.file(id, path)
    if (!proposal || !file) return
    change(file)
    this.#settle(proposal)
  }

  #settle(proposal: Proposal): void {
    this.#announce('changed', proposal)
    if (proposal.files.some(file => file.decision === 'open')) return
    for (const listener of this.#decidedListeners) listener(proposal)
  }

  #announce(kind: Change['kind'], proposal: Proposal): void {
    for (const listener of this.#changeListeners) listener({ kind, proposal })
  }
}
