import { cutMiddle } from '#shared/base/cut'
import type { TurnEnd } from '#shared/protocol/events'
import type { UserPart } from '#shared/protocol/messages'
import { exitCodeOf, RunRecord, type RunResult, type VerifyOutcome } from '#shared/protocol/run-result'
import { withAdvice } from '#shared/protocol/with-advice'
import type { OutputCheck } from './output-schema'
import type { AgentSession } from './session'

interface VerifyDemand {
  command: string
  run(signal: AbortSignal): Promise<VerifyOutcome>
  attempts: number
}

/** What a run asks for beyond an answer. */
export interface HeadlessDemands {
  prompt: UserPart[]
  model: string
  timeoutS?: number
  allowDenied: boolean
  requireChanges: boolean
  /** Ends the run at the first denied call. */
  stopsAtDenial: boolean
  /** Run by kode itself after the turn; the model cannot claim its result. */
  verify?: VerifyDemand
  /** Judges the reply; a complaint goes back to the model. */
  schema?: OutputCheck
  /** Ends the run, whatever it is doing. */
  signal?: AbortSignal
}

const SCHEMA_REPAIRS = 2

/** Runs one prompt to its end and sums it up. Never throws; whatever happens is in the result. */
export async function runHeadless(session: AgentSession, demands: HeadlessDemands): Promise<RunResult> {
  const record = new RunRecord(session.spent)
  const unsubscribe = session.subscribe(event => {
    record.see(event)
    if (demands.stopsAtDenial && event.type === 'tool_result' && event.denied !== undefined) session.cancel()
  })
  let isOutOfTime = false
  const stopping = new AbortController()
  const stop = () => {
    stopping.abort()
    session.cancel()
  }
  demands.signal?.addEventListener('abort', stop)
  const timer =
    demands.timeoutS === undefined
      ? undefined
      : setTimeout(() => {
          isOutOfTime = true
          stop()
        }, demands.timeoutS * 1000)
  try {
    const { end, verify, schema } = await untilSatisfied(session, demands, record, stopping.signal)
    const wasDenied = demands.stopsAtDenial && record.denied.length > 0
    const cause = isOutOfTime ? outOfTime(demands) : wasDenied ? stoppedAtDenial(record) : undefined
    return resultOf(session, demands, record, (end.reason === 'cancelled' && cause) || end, verify, schema)
  } finally {
    clearTimeout(timer)
    demands.signal?.removeEventListener('abort', stop)
    unsubscribe()
  }
}

function outOfTime({ timeoutS }: HeadlessDemands): TurnEnd {
  return { reason: 'limit', limit: 'time', message: `stopped after ${timeoutS} s (--timeout)` }
}

function stoppedAtDenial({ denied }: RunRecord): TurnEnd {
  const first = denied[0]!
  return { reason: 'refused', message: `stopped at a denied call (--fail-fast): ${first.tool}: ${first.reason}` }
}

type SchemaOutcome = { output: unknown } | { complaint: string }

interface Outcome {
  end: TurnEnd
  verify?: VerifyOutcome
  schema?: SchemaOutcome
}

/** Prompts, and prompts again with what was wrong, as often as was agreed. */
async function untilSatisfied(
  session: AgentSession,
  demands: HeadlessDemands,
  record: RunRecord,
  signal: AbortSignal,
): Promise<Outcome> {
  const tries = new Tries(demands)
  const instruction = demands.schema?.instruction
  let end = await session.prompt(
    instruction ? [...demands.prompt, { type: 'text', text: instruction }] : demands.prompt,
  )
  while (end.reason === 'answered') {
    const verify = demands.verify && (await runVerify(session, demands.verify, signal))
    // What was cut off in the middle says nothing.
    if (signal.aborted) return { end: { reason: 'cancelled' } }
    const schema = demands.schema?.check(record.response)
    const outcome: Outcome = { end, ...(verify && { verify }), ...(schema && { schema }) }
    const complaint = tries.complaintAbout(outcome)
    if (complaint === undefined) return outcome
    const turnsBefore = record.turns
    end = await session.goOn([{ type: 'text', text: complaint }])
    // No request was left for mending: what was seen still holds.
    if (end.reason === 'limit' && record.turns === turnsBefore) return { ...outcome, end }
  }
  return { end }
}

/** How often the model may still mend what a check found. */
class Tries {
  #verify: number
  #schema = SCHEMA_REPAIRS

  constructor({ verify }: HeadlessDemands) {
    this.#verify = (verify?.attempts ?? 1) - 1
  }

  /** What is given back to the model; undefined when all is well, or enough was tried. */
  complaintAbout({ verify, schema }: Outcome): string | undefined {
    if (verify && !verify.passed && this.#verify > 0) {
      this.#verify--
      return verifyComplaint(verify)
    }
    if (schema && 'complaint' in schema && this.#schema > 0) {
      this.#schema--
      return schema.complaint
    }
    return undefined
  }
}

/** A check may take minutes, so it is told when it begins and how it ended. */
async function runVerify(session: AgentSession, demand: VerifyDemand, signal: AbortSignal): Promise<VerifyOutcome> {
  const tell = (level: 'info' | 'warning', text: string) => session.emit({ type: 'notice', level, text })
  tell('info', `checking with "${demand.command}"`)
  const outcome = await demand.run(signal)
  if (signal.aborted) return outcome
  if (outcome.passed) tell('info', `"${demand.command}" passed`)
  else tell('warning', `"${demand.command}" failed:\n${cutMiddle(outcome.output.trimEnd(), SHOWN_OUTPUT_CHARS)}`)
  return outcome
}

/** The rest is in the result. */
const SHOWN_OUTPUT_CHARS = 4_000

function resultOf(
  session: AgentSession,
  demands: HeadlessDemands,
  record: RunRecord,
  end: TurnEnd,
  verify: VerifyOutcome | undefined,
  schema: SchemaOutcome | undefined,
): RunResult {
  const exitCode = exitCodeOf(end, record, verify, {
    allowDenied: demands.allowDenied,
    requireChanges: demands.requireChanges,
    ...(schema && { schemaSatisfied: 'output' in schema }),
  })
  const error = errorOf(end, exitCode, demands, record, verify, schema)
  return {
    type: 'result',
    schema_version: 1,
    success: exitCode === 0,
    exit_code: exitCode,
    response: record.response,
    ...(schema && 'output' in schema && { output: schema.output }),
    session_id: session.id,
    model: demands.model,
    stop_reason: end.reason,
    ...(end.reason === 'limit' && { limit: end.limit }),
    usage: record.usage,
    cost_usd: record.costUsd,
    turns: record.turns,
    changes: record.changes,
    denied: record.denied,
    ...(verify && { verify }),
    ...(error && { error }),
  }
}

function errorOf(
  end: TurnEnd,
  exitCode: number,
  demands: HeadlessDemands,
  record: RunRecord,
  verify: VerifyOutcome | undefined,
  schema: SchemaOutcome | undefined,
): string | undefined {
  if (exitCode === 0) return undefined
  if (end.reason === 'cancelled') return 'interrupted'
  if (end.reason === 'provider_failed') return withAdvice(end)
  if (end.reason !== 'answered') return end.message
  if (verify && !verify.passed) return `"${verify.command}" failed with exit code ${verify.exit_code}`
  if (schema && 'complaint' in schema) return schema.complaint
  if (demands.requireChanges && record.changes.length === 0) return 'no file was changed (--require-changes)'
  return `denied: ${record.denied.map(denial => `${denial.tool}: ${denial.reason}`).join('; ')}`
}

function verifyComplaint(verify: VerifyOutcome): string {
  return `I ran \`${verify.command}\`; it failed with exit code ${verify.exit_code}. Mend it.\n\n${verify.output}`
}
