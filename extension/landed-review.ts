import { createHash } from 'node:crypto'
import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { Kode } from '#shared/kode'
import type { FilePreview } from '#shared/protocol/approvals'
import type { ChatEvent, KeptFile } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import { textNow } from './landing'
import type { Proposal, Proposals, ProposedFile } from './proposals'
import { rebaseText } from './rebase'

/**
 * Puts what landed without the user's look into the review, file by file, until it is kept. What is rejected there is
 * taken back through the one door; where somebody changed a file since, it stays as it is.
 */
export class LandedReview {
  readonly #proposals: Proposals
  readonly #kodeOf: (root: string) => Promise<Kode>
  readonly #onKept: (file: KeptFile) => void
  #turnId = ''
  /** Of each call, its turn: what a call left running in the background may land long after. */
  readonly #turns = new Map<string, string>()
  /** Calls whose change the user was shown before it landed. */
  readonly #shown = new Set<string>()
  /** One thing after the other. */
  #busy: Promise<void> = Promise.resolve()

  /** @param onKept told of a file that was to be taken back and was changed by somebody else since */
  constructor(proposals: Proposals, kodeOf: (root: string) => Promise<Kode>, onKept: (file: KeptFile) => void) {
    this.#proposals = proposals
    this.#kodeOf = kodeOf
    this.#onKept = onKept
    proposals.onChange(({ kind, proposal }) => {
      if (kind === 'changed' && proposal.landedIn) this.#then(() => this.#follow(proposal.id))
    })
  }

  /** @param root the folder that the conversation works in */
  observe(event: ChatEvent, root: string): void {
    if (event.type === 'turn_started') this.#turnId = event.turn_id
    if (event.type === 'tool_started') this.#turns.set(event.call.id, this.#turnId)
    if (event.type === 'approval_requested' && event.request.files?.length) this.#shown.add(event.request.call_id)
    if (event.type === 'turn_undone') this.#then(() => this.#noteUndone(event.turn_id, root))
    if (event.type !== 'tool_result' && event.type !== 'landed') return
    const callId = event.type === 'landed' ? event.call_id : event.message.call_id
    const turnId = this.#turns.get(callId)
    const changes = event.changes ?? []
    if (turnId === undefined || changes.length === 0 || this.#shown.has(callId)) return
    const paths = new Set(changes.map(change => change.path))
    // A file that moved is gone from where it was.
    const hasMoved = changes.some(change => change.status === 'renamed')
    const isMeant = ({ path, after }: FilePreview) => paths.has(path) || (hasMoved && after === undefined)
    const gates = event.type === 'landed' ? undefined : event.gates
    this.#then(async () => {
      await this.#put(turnId, root, isMeant, gates)
    })
  }

  /** Takes all that still stands of a turn into the review. @returns the id of the first file; undefined without any */
  async open(turnId: string, root: string): Promise<string | undefined> {
    let first: string | undefined
    await this.#then(async () => {
      first = await this.#put(turnId, root, () => true, undefined)
    })
    return first
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(work).catch(error => void vscode.window.showErrorMessage(messageOf(error)))
    return this.#busy
  }

  /** @returns the id of the first file */
  async #put(
    turnId: string,
    root: string,
    isMeant: (file: FilePreview) => boolean,
    gates: GateReport | undefined,
  ): Promise<string | undefined> {
    const files = (await this.#landedTexts(turnId, root)).filter(isMeant)
    for (const file of files) this.#putFile(turnId, root, file, gates)
    return files.map(file => idOf(root, file.path)).find(id => this.#proposals.get(id))
  }

  #putFile(turnId: string, root: string, { path, before, after }: FilePreview, gates: GateReport | undefined): void {
    const id = idOf(root, path)
    const known = this.#proposals.get(id)
    const [earlier] = known?.files ?? []
    const turns = known?.landedIn ?? []
    const isSameTurn = turns.includes(turnId)
    const base = earlier ? (isSameTurn ? earlier.before : baseUnder(earlier, before)) : before
    if (base === after) {
      this.#proposals.remove(id)
      return
    }
    this.#proposals.restore({
      id,
      root,
      title: path,
      gates: gates ?? known?.gates,
      landedIn: isSameTurn ? turns : [...turns, turnId],
      files: [
        {
          path,
          before: base,
          proposed: after,
          after,
          decision: 'open',
          acceptedHunks: earlier?.acceptedHunks ?? new Set(),
        },
      ],
    })
  }

  /** Does what the user said about a file. */
  async #follow(id: string): Promise<void> {
    const proposal = this.#proposals.get(id)
    const [file] = proposal?.files ?? []
    if (!proposal || !file) return
    if (file.decision === 'rejected') return this.#takeBack(proposal, file)
    if (file.after !== file.proposed && !(await this.#landHunks(proposal, file))) return
    if (file.decision === 'accepted') this.#proposals.remove(id)
  }

  async #takeBack(proposal: Proposal, { path }: ProposedFile): Promise<void> {
    const kode = await this.#kodeOf(proposal.root)
    const undone = await kode.changes.undo(proposal.landedIn ?? [], [path])
    const [kept] = undone.ok ? undone.value.kept : []
    if (undone.ok && !kept) return this.#proposals.remove(proposal.id)
    this.#leave(proposal)
    if (kept) this.#onKept(kept)
    else if (!undone.ok) throw new Error(undone.error.message)
  }

  /** Lands the file without the hunks that were rejected. @returns whether it did */
  async #landHunks(proposal: Proposal, { path, proposed, after }: ProposedFile): Promise<boolean> {
    const kode = await this.#kodeOf(proposal.root)
    const now = await textNow(proposal.root, path)
    const text = now === undefined ? undefined : rebaseText(proposed ?? '', after ?? '', now)
    const landed =
      text === undefined ? undefined : await kode.changes.land([{ path, after: text }], path, proposal.landedIn?.at(-1))
    if (landed?.ok) {
      this.#proposals.setLanded(proposal.id, after)
      return true
    }
    this.#leave(proposal)
    throw new Error(
      landed?.error.message ?? vscode.l10n.t('{0} was changed in the same place since; it stays as it is.', path),
    )
  }

  /** As if the user had said nothing. */
  #leave({ id, files }: Proposal): void {
    this.#proposals.reopen(id)
    for (const { path, proposed } of files) this.#proposals.edit(id, path, proposed)
  }

  async #noteUndone(turnId: string, root: string): Promise<void> {
    const standing = new Set((await this.#landedTexts(turnId, root)).map(file => file.path))
    for (const { id, landedIn, files } of this.#proposals.all) {
      const [file] = files
      if (!landedIn?.includes(turnId) || !file || standing.has(file.path)) continue
      this.#proposals.remove(id)
      // What earlier turns did to it has the user's look still before it.
      for (const earlier of landedIn.filter(each => each !== turnId)) {
        await this.#put(earlier, root, each => each.path === file.path, undefined)
      }
    }
  }

  async #landedTexts(turnId: string, root: string): Promise<FilePreview[]> {
    const landed = await (await this.#kodeOf(root)).changes.landedTexts(turnId)
    if (!landed.ok) throw new Error(landed.error.message)
    return landed.value
  }
}

/** The same for a file whenever it changes, so that its open diff follows. */
function idOf(root: string, path: string): string {
  return `landed-${createHash('sha256').update(`${root}\n${path}`).digest('hex').slice(0, 16)}`
}

/** Where the review of a file begins that a later turn changed too: without what others did to it in between. */
function baseUnder({ before, proposed }: ProposedFile, next: string | undefined): string | undefined {
  if (next === proposed) return before
  if (before === undefined || proposed === undefined || next === undefined) return next
  return rebaseText(proposed, before, next) ?? next
}
