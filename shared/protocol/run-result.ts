import type { ChangedFile, KodeEvent, LimitName, TurnEnd } from './events'
import { EXIT } from './exit-codes'
import { type Message, TOKEN_COUNTS, type Usage } from './messages'

/** The one object of `--output-format json`, and the last line of `stream-json`. A stable contract; see run-result.schema.json. */
export interface RunResult {
  type: 'result'
  schema_version: 1
  success: boolean
  exit_code: number
  /** Text of the last reply. */
  response: string
  /** With an output schema: the parsed reply. */
  output?: unknown
  session_id: string
  model: string
  stop_reason: TurnEnd['reason']
  limit?: LimitName
  /** Of this run, also of agents and summaries. */
  usage: Usage
  /** Of this run; null: the price of this model is not known. */
  cost_usd: number | null
  /** Requests to the model. */
  turns: number
  changes: ChangedFile[]
  denied: { tool: string; reason: string }[]
  verify?: VerifyOutcome
  error?: string
}

/** What kode itself saw when it ran the command of `--verify`. */
export interface VerifyOutcome {
  command: string
  passed: boolean
  exit_code: number
  output: string
}

/** What a run asked for beyond an answer. */
export interface RunDemands {
  allowDenied: boolean
  requireChanges: boolean
  /** Set when the reply had to satisfy a schema. */
  schemaSatisfied?: boolean
}

/** What requests have taken. */
export interface Spent {
  usage: Usage
  /** US dollars; null while a price is unknown. */
  costUsd: number | null
}

export const NOTHING_SPENT: Spent = {
  usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
  costUsd: 0,
}

/** Follows the events of one run and sums them up. */
export class RunRecord {
  response = ''
  turns = 0
  readonly usage: Usage = { ...NOTHING_SPENT.usage }
  costUsd: number | null = 0
  readonly denied: { tool: string; reason: string }[] = []
  readonly #before: Spent
  readonly #changes: Map<string, ChangedFile['status']>

  /**
   * @param before what its session had spent when the run began
   * @param changes what was changed before
   */
  constructor(before: Spent = NOTHING_SPENT, changes: readonly ChangedFile[] = []) {
    this.#before = before
    this.#changes = new Map(changes.map(({ path, status }) => [path, status]))
  }

  see(event: KodeEvent): void {
    if (event.type === 'assistant') {
      this.turns++
      const text = spokenText(event.message)
      if (text !== '') this.response = text
    }
    if (event.type === 'usage') {
      const { usage, costUsd } = this.#before
      for (const key of TOKEN_COUNTS) this.usage[key] = event.usage[key] - usage[key]
      this.costUsd = event.cost_usd === undefined || costUsd === null ? null : event.cost_usd - costUsd
    }
    if (event.type === 'tool_result') {
      if (event.denied !== undefined) this.denied.push({ tool: event.message.name, reason: event.denied })
      for (const change of event.changes ?? []) this.#note(change)
    }
    if (event.type === 'landed') for (const change of event.changes) this.#note(change)
  }

  get changes(): ChangedFile[] {
    return [...this.#changes].map(([path, status]) => ({ path, status }))
  }

  /** A file created and then modified was created; created and deleted again, nothing happened. */
  #note(change: ChangedFile): void {
    const before = this.#changes.get(change.path)
    if (before === 'created' && change.status === 'deleted') this.#changes.delete(change.path)
    else if (before === 'created') return
    else if (before === 'deleted' && change.status === 'created') this.#changes.set(change.path, 'modified')
    else this.#changes.set(change.path, change.status)
  }
}

/** The exit code of a run, by the one table for all commands. The first thing that went wrong decides. */
export function exitCodeOf(
  end: TurnEnd,
  record: Pick<RunRecord, 'denied' | 'changes'>,
  verify: VerifyOutcome | undefined,
  demands: RunDemands,
): number {
  switch (end.reason) {
    case 'cancelled':
      return EXIT.interrupted
    case 'provider_failed':
      return EXIT.provider
    case 'limit':
      return EXIT.limit
    case 'refused':
      return record.denied.length > 0 ? EXIT.refused : EXIT.failed
    case 'store_failed':
      return EXIT.failed
    case 'answered':
      if (verify && !verify.passed) return EXIT.failed
      if (demands.schemaSatisfied === false) return EXIT.failed
      if (demands.requireChanges && record.changes.length === 0) return EXIT.failed
      if (record.denied.length > 0 && !verify?.passed && !demands.allowDenied) return EXIT.refused
      return EXIT.done
  }
}

function spokenText(message: Message): string {
  if (message.role !== 'assistant') return ''
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}
