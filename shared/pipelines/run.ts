import type { Spending } from '#shared/agent/limits'
import { textOf } from '#shared/agent/model-call'
import type { Result } from '#shared/base/result'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { Proposed } from '#shared/edits/proposed'
import type { WrittenFiles } from '#shared/edits/write'
import { feedbackFor } from '#shared/gates/support/feedback'
import { EXIT, type Failure, INTERRUPTED } from '#shared/protocol/exit-codes'
import type { GateReport } from '#shared/protocol/gate-report'
import { withAdvice } from '#shared/protocol/with-advice'
import type { Provider } from '#shared/providers/provider'
import { critiqueText } from './critique'
import { type GenerateSettings, PatchConversation } from './generate'
import {
  failedFiles,
  failureOf,
  type RoundSummary,
  repairedIn,
  type SubtaskSummary,
  type Summary,
  warningsOf,
} from './summary'
import type { CritiqueFinding } from './support/critique-finding'
import { failedHunks, type Judge } from './support/failed-hunks'

/** What a run needs; the engine's side is the same for every pipeline. */
export interface RunServices {
  provider: Provider
  model: GenerateSettings
  maxRounds: number
  /** What passes by itself may land when the rest was refused to the end. */
  isPartial: boolean
  /** What of the project matters for the task, and what a reviewer says of the task. */
  context(task: string): Promise<TaskContext>
  /** A reply of the model as a change set; what did not fit is named. */
  propose(reply: string): Promise<Proposed>
  /** What a reviewer says about a patch; an error sends it back before the gates look. */
  critique(changes: ChangeSet): Promise<readonly CritiqueFinding[]>
  judge: Judge
  /** Whether trust lets this change land; the reason where it does not. */
  mayLand(changes: ChangeSet, report: GateReport, signal: AbortSignal): Promise<Result<void, string>>
  land(changes: ChangeSet): Promise<Result<WrittenFiles, EditProblem>>
  budget: Spending
  progress(text: string): void
  now(): number
}

/** A task before code is written for it. */
export interface TaskContext {
  /** What of the project matters, as the model reads it. */
  text: string
  /** Of a review of the task. */
  remarks: readonly CritiqueFinding[]
  /** What could not be done, one line each. */
  warnings: readonly string[]
  /** What agents were asked about it beforehand. */
  subtasks?: readonly SubtaskSummary[]
  /** Why no code is to be written. */
  failure?: Failure
}

export interface RunEnd {
  summary: Summary
  exitCode: number
  /** What landed; undefined when nothing did. */
  landed?: WrittenFiles
}

/**
 * Generate → gates → apply: asks for a patch, judges it, and asks again with the findings, until it passes or the rounds
 * are used up. All or nothing: as long as one gate fails, no file is touched.
 */
export async function runTask(task: string, services: RunServices, signal: AbortSignal): Promise<RunEnd> {
  const record = new RunLedger(task, services)
  const known = await openTask(task, services, signal)
  record.context = known
  if (known.failure) return record.end(known.failure.message, known.failure.exitCode)
  const conversation = openConversation(task, known, services)
  let lastReply = ''
  let refused: Refused | undefined

  for (let round = 1; round <= services.maxRounds; round++) {
    const overspent = services.budget.overspent()
    if (overspent) return record.end(overspent.message, EXIT.limit)
    record.startRound(round)
    services.progress(`generate (round ${round} of ${services.maxRounds})`)
    const generated = await conversation.ask(signal)
    if (generated.kind === 'cancelled') return record.end('interrupted', EXIT.interrupted)
    if (generated.kind === 'failed') return record.end(withAdvice(generated.failure), EXIT.provider)
    const reply = textOf(generated.message)

    const proposed = await services.propose(reply)
    const remarks = await services.critique(proposed.changes)
    const objections = remarks.filter(remark => remark.severity === 'error')
    record.remarks = remarks
    if (objections.length > 0) {
      const text = critiqueText(objections)
      record.reject(proposed, text)
      services.progress(`refused by the critique:\n${text}`)
      if (reply === lastReply) return record.end('the model gave the same refused patch twice', EXIT.failed)
      lastReply = reply
      conversation.complain(`The review rejected it:\n${text}`)
      continue
    }
    const report = await services.judge(proposed.changes, proposed.problems, signal)
    const failed = report.status === 'FAIL' ? await blame(proposed, report, services, signal) : {}
    record.endRound(proposed, report, failed)
    if (signal.aborted) return record.end('interrupted', EXIT.interrupted)
    if (report.status !== 'FAIL') return land(proposed, report, services, record, signal)

    services.progress(`refused: ${failureOf(report)}`)
    refused = { proposed, failed }
    // The same answer again would be refused again.
    if (reply === lastReply)
      return giveUp('the model gave the same refused patch twice', refused, services, record, signal)
    lastReply = reply
    conversation.complain(`${feedbackFor(report)}${blameText(refused)}`)
  }
  return giveUp(`no patch passed in ${services.maxRounds} rounds`, refused, services, record, signal)
}

/** A task with what is known of it; `failure` says also that it was interrupted, or that nothing is left to spend. */
export async function openTask(
  task: string,
  { context, budget, progress }: Pick<RunServices, 'context' | 'budget' | 'progress'>,
  signal: AbortSignal,
): Promise<TaskContext> {
  const known = await context(task)
  if (signal.aborted) return { ...known, failure: INTERRUPTED }
  if (known.remarks.length > 0) progress(critiqueText(known.remarks))
  const overspent = budget.overspent()
  if (known.failure || !overspent) return known
  return { ...known, failure: { message: overspent.message, exitCode: EXIT.limit } }
}

/** The conversation about the patch for a task. */
export function openConversation(
  task: string,
  known: TaskContext,
  { provider, model, budget, progress }: Pick<RunServices, 'provider' | 'model' | 'budget' | 'progress'>,
): PatchConversation {
  return new PatchConversation({ provider, spending: budget, tell: progress }, model, task, withRemarks(known))
}

/** For the writing model: the context, and behind it what was said of the task. */
function withRemarks({ text, remarks }: TaskContext): string {
  if (remarks.length === 0) return text
  return `${text}\n\nSaid of the task in a review; heed what is right:\n${critiqueText(remarks)}`
}

/** A patch that the gates refused, and which of its hunks are to blame. */
interface Refused {
  proposed: Proposed
  failed: Readonly<Record<string, string>>
}

/** For the model: which hunks to mend and which to leave alone; nothing where all of them are to blame. */
function blameText({ proposed, failed }: Refused): string {
  const sound = proposed.hunkIds.filter(id => !(id in failed))
  if (sound.length === 0) return ''
  const guilty = proposed.hunkIds.filter(id => id in failed)
  return `\n\nAt fault: ${guilty.join(', ')}. Keep as they are: ${sound.join(', ')}.`
}

function blame(proposed: Proposed, report: GateReport, services: RunServices, signal: AbortSignal) {
  return failedHunks(proposed, report, services.judge, signal)
}

/** Ends a run whose last patch was refused; where a part of it is wanted, with the hunks that pass without the others. */
async function giveUp(
  why: string,
  refused: Refused | undefined,
  services: RunServices,
  record: RunLedger,
  signal: AbortSignal,
): Promise<RunEnd> {
  if (!services.isPartial || !refused?.proposed.only) return record.end(why, EXIT.failed)
  const { proposed } = refused
  const failed = { ...refused.failed }
  for (;;) {
    const rest = proposed.hunkIds.filter(id => !(id in failed))
    const part = rest.length > 0 ? await refused.proposed.only(new Set(rest)) : undefined
    if (!part || part.changes.files.length === 0) return record.end(why, EXIT.failed)
    const report = await services.judge(part.changes, part.problems, signal)
    if (signal.aborted) return record.end('interrupted', EXIT.interrupted)
    if (report.status !== 'FAIL') {
      const end = await land(part, report, services, record, signal)
      if (!end.landed) return end
      const error = `${why}; ${rest.length} of ${proposed.hunkIds.length} hunks landed (--partial)`
      const repaired = repairedIn(end.summary.rounds, failed)
      const summary: Summary = { ...end.summary, status: 'FAIL', failed_hunks: failed, repaired, error }
      return { ...end, summary, exitCode: EXIT.failed }
    }
    // Each time at least one hunk less.
    Object.assign(failed, await blame(part, report, services, signal))
  }
}

async function land(
  proposed: Proposed,
  report: GateReport,
  services: RunServices,
  record: RunLedger,
  signal: AbortSignal,
): Promise<RunEnd> {
  const allowed = await services.mayLand(proposed.changes, report, signal)
  if (!allowed.ok) return record.end(allowed.error, EXIT.refused)
  if (signal.aborted) return record.end('interrupted', EXIT.interrupted)
  const landed = await services.land(proposed.changes)
  if (!landed.ok && signal.aborted) return record.end('interrupted', EXIT.interrupted)
  if (!landed.ok) return record.end(landed.error.message, EXIT.failed)
  for (const file of landed.value.files) services.progress(`${file.status} ${file.path}`)
  return record.pass(proposed, landed.value)
}

/** Collects what the summary tells. */
class RunLedger {
  readonly #task: string
  readonly #services: RunServices
  readonly #startedAt: number
  readonly #rounds: RoundSummary[] = []
  #round = 0
  #roundStartedAt = 0
  #report: GateReport = { status: 'PASS', results: [], duration_ms: 0 }

  constructor(task: string, services: RunServices) {
    this.#task = task
    this.#services = services
    this.#startedAt = services.now()
  }

  startRound(round: number): void {
    this.#round = round
    this.#roundStartedAt = this.#services.now()
    this.#report = { status: 'PASS', results: [], duration_ms: 0 }
  }

  /** What was known before the first round. */
  context: TaskContext = { text: '', remarks: [], warnings: [] }
  /** What the review said about the last patch. */
  remarks: readonly CritiqueFinding[] = []

  reject(proposed: Proposed, text: string): void {
    const reason = `critique: ${text}`
    this.#rounds.push({
      round: this.#round,
      status: 'FAIL',
      hunks: proposed.hunkIds,
      failed_hunks: Object.fromEntries(proposed.hunkIds.map(id => [id, reason])),
      duration_ms: Math.round(this.#services.now() - this.#roundStartedAt),
    })
  }

  endRound(proposed: Proposed, report: GateReport, failed: Record<string, string>): void {
    this.#report = report
    this.#rounds.push({
      round: this.#round,
      status: report.status === 'FAIL' ? 'FAIL' : 'PASS',
      hunks: proposed.hunkIds,
      failed_hunks: failed,
      duration_ms: Math.round(this.#services.now() - this.#roundStartedAt),
    })
  }

  pass(proposed: Proposed, landed: WrittenFiles): RunEnd {
    const summary: Summary = {
      ...this.#common(),
      status: 'PASS',
      applied_hunks: proposed.hunkIds,
      applied_files: landed.files.map(file => file.path),
      repaired: repairedIn(this.#rounds, {}),
    }
    return { summary, exitCode: EXIT.done, landed }
  }

  end(error: string, exitCode: number): RunEnd {
    const failed = this.#rounds.at(-1)?.failed_hunks ?? {}
    const summary: Summary = {
      ...this.#common(),
      status: 'FAIL',
      failed_hunks: failed,
      repaired: repairedIn(this.#rounds, failed),
      failed_files: failedFiles(this.#report),
      error,
    }
    return { summary, exitCode }
  }

  #common(): Summary {
    const critique = [...this.context.remarks, ...this.remarks]
    const soft = critique.filter(remark => remark.severity === 'warning')
    return {
      schema_version: 1,
      command: 'run',
      task_id: this.#task,
      status: 'FAIL',
      rounds_used: this.#round,
      duration_ms: Math.round(this.#services.now() - this.#startedAt),
      applied_hunks: [],
      applied_files: [],
      failed_hunks: {},
      failed_files: {},
      repaired: {},
      results: this.#report.results,
      warnings: [
        ...this.context.warnings,
        ...warningsOf(this.#report),
        ...soft.map(remark => `critique: ${critiqueText([remark]).slice(2)}`),
      ],
      ...(critique.length > 0 && { critique }),
      ...(this.context.subtasks && { subtasks: this.context.subtasks }),
      rounds: this.#rounds,
      model: this.#services.model.model,
      usage: { ...this.#services.budget.total },
      cost_usd: this.#services.budget.costUsd ?? null,
    }
  }
}
