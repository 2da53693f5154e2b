import { createHash } from 'node:crypto'
import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { Kode } from '#shared/kode'
import type { ChatEvent, KeptFile } from '#shared/protocol/events'
import type { GateReport } from '#shared/protocol/gate-report'
import type { LandedFile } from '#shared/protocol/landed-file'
import { fileInReview } from './file-in-review'
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
    const isMeant = ({ path, after, binary }: LandedFile) =>
      paths.has(path) || (hasMoved && after === undefined && !binary?.after)
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

  /** One side of a file in the review that is no text. */
  async bytesOf({ root, landedIn = [] }: Proposal, path: string, side: 'before' | 'after'): Promise<Uint8Array> {
    const landed = await (await this.#kodeOf(root)).changes.landedBytes(landedIn, path)
    if (!landed.ok) throw new Error(landed.error.message)
    const bytes = landed.value[side]
    if (!bytes) throw new Error(vscode.l10n.t('{0} was too large to keep a copy of.', path))
    return bytes
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(work).catch(error => void vscode.window.showErrorMessage(messageOf(error)))
    return this.#busy
  }

  /** @returns the id of the first file */
  async #put(
    turnId: string,
    root: string,
    isMeant: (file: LandedFile) => boolean,
    gates: GateReport | undefined,
  ): Promise<string | undefined> {
    const landed = await this.#landedFiles([turnId], root)
    const files = landed.filter(isMeant)
    const sums = await this.#sumsOf(files, turnId, landed, root)
    // At once: what the user says meanwhile is about what is there then.
    for (const file of files) this.#putFile(turnId, root, file, sums.get(file.path), gates)
    return files.map(file => idOf(root, file.path)).find(id => this.#proposals.get(id))
  }

  /** Of files that are no text, what all turns that wait for review with them did together; each turns are read once. */
  async #sumsOf(
    files: readonly LandedFile[],
    turnId: string,
    landed: LandedFile[],
    root: string,
  ): Promise<Map<string, LandedFile | undefined>> {
    const read = new Map([[turnId, landed]])
    const sums = new Map<string, LandedFile | undefined>()
    for (const { path, binary } of files) {
      const known = this.#proposals.get(idOf(root, path))
      if (!binary && !known?.files.some(file => file.binary)) continue
      const turns = withTurn(known?.landedIn, turnId)
      const key = turns.join('\n')
      const all = read.get(key) ?? (await this.#landedFiles(turns, root))
      read.set(key, all)
      sums.set(
        path,
        all.find(each => each.path === path),
      )
    }
    return sums
  }

  #putFile(
    turnId: string,
    root: string,
    landed: LandedFile,
    sum: LandedFile | undefined,
    gates: GateReport | undefined,
  ): void {
    const id = idOf(root, landed.path)
    const known = this.#proposals.get(id)
    const isKnownTurn = known?.landedIn?.includes(turnId) ?? false
    const file = fileInReview(known?.files[0], isKnownTurn, landed, sum)
    if (!file) {
      this.#proposals.remove(id)
      return
    }
    const landedIn = withTurn(known?.landedIn, turnId)
    this.#proposals.restore({ id, root, title: file.path, gates: gates ?? known?.gates, landedIn, files: [file] })
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
    const standing = new Set((await this.#landedFiles([turnId], root)).map(file => file.path))
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

  async #landedFiles(turnIds: readonly string[], root: string): Promise<LandedFile[]> {
    const landed = await (await this.#kodeOf(root)).changes.landedFiles(turnIds)
    if (!landed.ok) throw new Error(landed.error.message)
    return landed.value
  }
}

/** The same for a file whenever it changes, so that its open diff follows. */
function idOf(root: string, path: string): string {
  return `landed-${createHash('sha256').update(`${root}\n${path}`).digest('hex').slice(0, 16)}`
}

function withTurn(turns: readonly string[] = [], turnId: string): readonly string[] {
  return turns.includes(turnId) ? turns : [...turns, turnId]
}
