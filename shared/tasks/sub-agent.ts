import { textOf } from '#shared/agent/model-call'
import { AgentSession, type SessionBinding } from '#shared/agent/session'
import type { ToolCallServices } from '#shared/agent/tool-call'
import { SessionWiring, type WiringParts } from '#shared/agent/wiring'
import { fail, ok, type Result } from '#shared/base/result'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import { exitCodeOf, RunRecord } from '#shared/protocol/run-result'
import { withAdvice } from '#shared/protocol/with-advice'
import type { SessionLog } from '#shared/store/messages'
import type { AgentAnswer } from '#shared/tools/agent-desk'
import type { Homecoming } from './bring-home'

/** What an agent does in a copy, and how it comes home. */
export interface Work {
  bringHome(signal: AbortSignal): Promise<Homecoming>
  /** Keeps it beside the project. @returns a line about it; empty when there is nothing */
  keep(why: string): Promise<string>
  end(): Promise<void>
}

/** The conversation that one agent has, for another or for a program. */
export interface SubAgentSession {
  mode: TrustMode
  log: SessionLog
  environmentNote(): Promise<string>
  wire(session: SessionBinding, calls: () => ToolCallServices): WiringParts
  onClose(): Promise<void>
  work?: Work
}

/** One agent at work for another. */
export class SubAgent {
  readonly #session: AgentSession
  readonly #id: string
  readonly #work: Work | undefined

  constructor({ mode, log, environmentNote, wire, onClose, work }: SubAgentSession) {
    this.#id = log.id
    this.#work = work
    this.#session = new AgentSession({
      log,
      mode,
      canUseAuto: () => fail({ message: 'a sub-agent keeps the mode it was started with' }),
      environmentNote,
      beforeTurn: async () => undefined,
      withMentions: async text => [{ type: 'text', text }],
      turnServices: session => {
        const wiring: SessionWiring = new SessionWiring(
          wire(session, () => wiring.calls),
          session,
        )
        return wiring.turnServices()
      },
      onModeChanged: () => undefined,
      onClose,
    })
  }

  /** Answers one prompt, and brings home what it changed; never rejects. Whatever it started has ended afterwards. */
  async run(prompt: string, signal: AbortSignal, onEvent: (event: KodeEvent) => void): Promise<AgentAnswer> {
    this.#session.subscribe(onEvent)
    try {
      const { end, said } = await this.#answer(prompt, signal)
      const answer = outputOf(end, said, this.#id)
      return this.#work ? await withWork(answer, end, this.#work, signal) : answer
    } finally {
      await this.#work?.end()
    }
  }

  /** The same for one that only reads. */
  async ask(prompt: string, signal: AbortSignal): Promise<Result<string, Failure>> {
    const { end, said } = await this.#answer(prompt, signal)
    if (said !== '' && isDone(end)) return ok(said)
    const exitCode = exitCodeOf(end, new RunRecord(), undefined, { allowDenied: true, requireChanges: false })
    return fail({ message: whyNoAnswer(end), exitCode: exitCode === EXIT.done ? EXIT.failed : exitCode })
  }

  async #answer(prompt: string, signal: AbortSignal): Promise<{ end: TurnEnd; said: string }> {
    const before = this.#session.messages().length
    const cancel = () => void this.#session.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const ending = this.#session.prompt([{ type: 'text', text: prompt }])
      if (signal.aborted) cancel()
      const end = await ending
      const said = this.#session
        .messages()
        .slice(before)
        .findLast(message => textOf(message).trim() !== '')
      return { end, said: textOf(said).trim() }
    } finally {
      signal.removeEventListener('abort', cancel)
      await this.#session.close()
    }
  }
}

/** Only who came to an end brings its work home; what was cut off is kept beside the project. */
async function withWork(answer: AgentAnswer, end: TurnEnd, work: Work, signal: AbortSignal): Promise<AgentAnswer> {
  if (!isDone(end)) {
    const kept = await work.keep('the agent did not finish')
    return kept === '' ? answer : { ...answer, text: `${answer.text}\n${kept}` }
  }
  const { landed, report, isComplete } = await work.bringHome(signal)
  return {
    text: report === '' ? answer.text : `${answer.text}\n${report}`,
    ...((answer.isError || !isComplete) && { isError: true }),
    ...(landed.changes.length > 0 && { landed }),
  }
}

/** Who has used up its requests was asked for its last words. */
function isDone(end: TurnEnd): boolean {
  return end.reason === 'answered' || (end.reason === 'limit' && end.limit === 'turns')
}

function whyNoAnswer(end: TurnEnd): string {
  if ('message' in end) return withAdvice(end)
  return end.reason === 'cancelled' ? 'interrupted' : 'it gave no answer'
}

function outputOf(end: TurnEnd, said: string, id: string): AgentAnswer {
  const foot = `\n[session_id ${id}]`
  switch (end.reason) {
    case 'answered':
      return { text: (said || '(no output)') + foot }
    case 'cancelled':
      return { isError: true, text: `[cancelled]${said && `\nIts last words: ${said}`}${foot}` }
    case 'limit':
      if (end.limit === 'turns' && said !== '') return { text: said + foot }
      return {
        isError: true,
        text: `[${end.limit === 'turns' ? 'max_turns' : end.limit} reached: ${end.message}]${said && `\n${said}`}${foot}`,
      }
    case 'refused':
    case 'provider_failed':
    case 'store_failed':
      return { isError: true, text: `Error: ${end.message}${said && `\nIts last words: ${said}`}${foot}` }
  }
}
