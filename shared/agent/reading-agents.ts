import { newId } from '#shared/base/ids'
import { fail, type Result } from '#shared/base/result'
import { DEFAULT_AGENT } from '#shared/context/agents/built-in'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import type { Spending } from './limits'
import type { AgentSession } from './session'

/** Runs kode's own agents for a pipeline, each in a conversation of its own. None of them may write. */
export interface AgentRunner {
  /** Answers one prompt; never rejects. */
  run(job: AgentJob, signal: AbortSignal): Promise<Result<string, Failure>>
  /** Ends whatever they started. */
  close(): Promise<void>
}

export interface AgentJob {
  /** Name on the shelf of agents. */
  agent: string
  prompt: string
  /** Where what it takes counts, and with whose money it ends. */
  spending: Spending
}

/** The project in which they work. */
export interface AgentPlace {
  openSession(options: { mode: 'plan'; spending: Spending }): Promise<Result<AgentSession, Failure>>
  close(): Promise<void>
}

/** Settings of that place: enough for reading, and nothing is kept of it. */
export const READING = { mode: 'plan', isEphemeral: true, agent: DEFAULT_AGENT.name } as const

/** Whoever takes longer holds up all who need the answer. */
const MAX_WAIT_MS = 600_000

/** Agents that only read: in `plan` mode, whatever they are otherwise trusted with. */
export class ReadingAgents implements AgentRunner {
  readonly #openPlace: () => Promise<Result<AgentPlace, Failure>>
  readonly #maxWaitMs: number
  /** Opened when the first is asked for. */
  #place: Promise<Result<AgentPlace, Failure>> | undefined

  constructor(openPlace: () => Promise<Result<AgentPlace, Failure>>, maxWaitMs = MAX_WAIT_MS) {
    this.#openPlace = openPlace
    this.#maxWaitMs = maxWaitMs
  }

  async run({ agent, prompt, spending }: AgentJob, signal: AbortSignal): Promise<Result<string, Failure>> {
    this.#place ??= this.#openPlace()
    const place = await this.#place
    if (!place.ok) return place
    const opened = await place.value.openSession({ mode: 'plan', spending })
    if (!opened.ok) return opened
    const session = opened.value
    const outOfTime = AbortSignal.timeout(this.#maxWaitMs)
    try {
      const request = { agent, prompt, callId: newId() }
      const answer = await session.agents.ask(request, AbortSignal.any([signal, outOfTime]))
      const isLate = !answer.ok && outOfTime.aborted && !signal.aborted
      return isLate ? fail({ message: `no answer after ${this.#maxWaitMs / 1000} s`, exitCode: EXIT.limit }) : answer
    } finally {
      await session.close()
    }
  }

  async close(): Promise<void> {
    const place = await this.#place
    if (place?.ok) await place.value.close()
  }
}
