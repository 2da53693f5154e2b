import { createTwoFilesPatch } from 'diff'
import type { ApprovalAnswer, ApprovalRequest, UserQuestion } from '#shared/protocol/approvals'
import type { Proposal, Proposals } from '../proposals'

/** Questions of the core that wait for the user. A change becomes a proposal that can be reviewed in the editor. */
export class Approvals {
  readonly #proposals: Proposals
  readonly #open = new Map<string, { request: ApprovalRequest; resolve(answer: ApprovalAnswer): void }>()
  readonly #questions = new Map<string, (text: string) => void>()
  /** Texts the user edited and accepted, by call: once judged again, they need no second word. */
  readonly #accepted = new Map<string, string>()

  constructor(proposals: Proposals) {
    this.#proposals = proposals
    proposals.onDecided(proposal => this.#decide(proposal))
  }

  /**
   * Puts the question; resolves with the answer, or with a rejection when the turn is stopped.
   *
   * @param root the folder that paths of the request start from
   */
  approve(request: ApprovalRequest, root: string, signal: AbortSignal): Promise<ApprovalAnswer> {
    if (this.#accepted.get(request.call_id) === textsOf(request.files ?? []))
      return Promise.resolve({ kind: 'approve' })
    return new Promise(resolve => {
      const settle = (answer: ApprovalAnswer) => {
        signal.removeEventListener('abort', stop)
        this.#open.delete(request.id)
        if (answer.kind === 'reject') this.#proposals.remove(request.id)
        else this.#proposals.startLanding(request.id, request.call_id)
        resolve(answer)
      }
      const stop = () => settle({ kind: 'reject', feedback: 'the turn was stopped' })
      signal.addEventListener('abort', stop, { once: true })
      this.#open.set(request.id, { request, resolve: settle })
      if (signal.aborted) stop()
      else if (request.files?.length) this.#proposals.add(request, root)
    })
  }

  /** Whether a running turn waits for this answer. */
  isAwaited(id: string): boolean {
    return this.#open.has(id)
  }

  /** An open question as it stands now, with the texts and the verdict of the user's edits. */
  currentRequest(id: string): ApprovalRequest | undefined {
    const open = this.#open.get(id)
    const proposal = this.#proposals.get(id)
    if (!open || !proposal) return open?.request
    return { ...open.request, diff: diffOf(proposal), ...(proposal.gates && { gates: proposal.gates }) }
  }

  /** The answer from the chat. Approving a change approves it as the user left it in the editor. */
  answer(id: string, answer: ApprovalAnswer): void {
    const open = this.#open.get(id)
    if (!open) return
    const proposal = this.#proposals.get(id)
    if (!proposal || answer.kind === 'reject') open.resolve(answer)
    else if (answer.kind !== 'approve' && !isEdited(proposal)) open.resolve(answer)
    else this.#proposals.acceptAll(id)
  }

  /** Puts a question that is no approval; empty when the turn is stopped. */
  ask(question: UserQuestion, signal: AbortSignal): Promise<string> {
    return new Promise(resolve => {
      const settle = (text: string) => {
        this.#questions.delete(question.id)
        resolve(text)
      }
      this.#questions.set(question.id, settle)
      signal.addEventListener('abort', () => settle(''), { once: true })
    })
  }

  answerQuestion(id: string, text: string): void {
    this.#questions.get(id)?.(text)
  }

  /** Every file of a proposal has the user's word. */
  #decide(proposal: Proposal): void {
    const open = this.#open.get(proposal.id)
    if (!open) return
    open.resolve(this.#answerFor(proposal, open.request))
  }

  #answerFor(proposal: Proposal, request: ApprovalRequest): ApprovalAnswer {
    const accepted = proposal.files.filter(file => file.decision === 'accepted')
    if (accepted.length === 0) return { kind: 'reject' }
    if (accepted.length < proposal.files.length) {
      const names = accepted.map(file => file.path).join(', ')
      return { kind: 'reject', feedback: `Only this part is wanted: ${names}. Propose it alone.` }
    }
    if (!isEdited(proposal)) return { kind: 'approve' }
    const files = proposal.files.flatMap(file =>
      file.after === undefined ? [] : [{ path: file.path, after: file.after }],
    )
    this.#accepted.set(request.call_id, textsOf(files))
    return { kind: 'edited', files }
  }
}

function isEdited(proposal: Proposal): boolean {
  return proposal.files.some(file => file.after !== file.proposed)
}

function textsOf(files: readonly { path: string; after?: string }[]): string {
  return JSON.stringify(files.map(file => [file.path, file.after]))
}

function diffOf(proposal: Proposal): string {
  return proposal.files
    .filter(file => file.decision !== 'rejected')
    .map(({ path, before, after }) => createTwoFilesPatch(`a/${path}`, `b/${path}`, before ?? '', after ?? ''))
    .join('')
}
