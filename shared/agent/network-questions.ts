import { newId } from '#shared/base/ids'
import type { Host } from '#shared/host/host'
import type { ApprovalRequest } from '#shared/protocol/approvals'
import type { KodeEvent } from '#shared/protocol/events'
import type { RuleBook } from '#shared/trust/rule-book'

/** Puts questions of the sandbox's network to the user, in the session whose command runs. */
export class NetworkQuestions {
  readonly #host: Host
  readonly #rules: RuleBook
  #emit: ((event: KodeEvent) => void) | undefined

  constructor(host: Host, rules: RuleBook) {
    this.#host = host
    this.#rules = rules
  }

  /** From here on, questions belong to this session. */
  askedBy(emit: (event: KodeEvent) => void): void {
    this.#emit = emit
  }

  /** Whether commands may reach a host that is on no list. */
  async ask(host: string, port: number): Promise<boolean> {
    const where = port === 80 || port === 443 ? host : `${host}:${port}`
    const rule = `allow net ${where}`
    const request: ApprovalRequest = {
      id: newId(),
      call_id: '',
      tool: 'Network',
      title: `connect to ${host}:${port}`,
      effect: { class: 'remote_action', programs: [], reads: [], writes: [], network: [host], outside_project: [] },
      reason: 'a command in the sandbox wants to reach a host that is on no list',
      rules: [{ rule, also_allowed: [] }],
    }
    this.#emit?.({ type: 'approval_requested', request })
    const answer = await this.#host.approve(request, new AbortController().signal)
    this.#emit?.({ type: 'approval_answered', id: request.id, call_id: '', answer: answer.kind })
    if (answer.kind === 'remember' && answer.rule === rule) await this.#rules.remember(rule)
    return answer.kind === 'approve' || answer.kind === 'always' || answer.kind === 'remember'
  }
}
