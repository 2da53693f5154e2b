import { fail, ok, type Result } from '#shared/base/result'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import { TOKEN_COUNTS, type Usage } from '#shared/protocol/messages'
import type { RunResult } from '#shared/protocol/run-result'
import type { HeadlessDemands } from './headless'
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
  /** Told what each request took, as soon as it is known. @param isAll whether its cost is known */
  onUsage(usage: Usage, model: string, isAll: boolean): void
}

/** A project as one agent works in it. */
export interface AgentPlace {
  readonly model: string
  openSession(options: { mode: 'plan' }): Promise<Result<AgentSession, Failure>>
  run(
    session: AgentSession,
    demands: Pick<HeadlessDemands, 'prompt' | 'allowDenied' | 'requireChanges' | 'signal'>,
  ): Promise<RunResult>
  close(): Promise<void>
}

/** Settings that every such agent has: enough for reading, and nothing is kept of it. */
export const READING = { mode: 'plan', isEphemeral: true, maxTurns: 30, timeoutS: 600 } as const

/** Agents that only read: in `plan` mode, whatever they are otherwise trusted with. */
export class ReadingAgents implements AgentRunner {
  readonly #openPlace: (agent: string) => Promise<Result<AgentPlace, Failure>>
  /** One for each agent, opened when it is asked for. */
  readonly #places = new Map<string, Promise<Result<AgentPlace, Failure>>>()

  constructor(openPlace: (agent: string) => Promise<Result<AgentPlace, Failure>>) {
    this.#openPlace = openPlace
  }

  async run({ agent, prompt, onUsage }: AgentJob, signal: AbortSignal): Promise<Result<string, Failure>> {
    const place = await this.#placeOf(agent)
    if (!place.ok) return place
    const opened = await place.value.openSession({ mode: 'plan' })
    if (!opened.ok) return opened
    const session = opened.value
    tellUsage(session, place.value.model, onUsage)
    try {
      const parts = [{ type: 'text' as const, text: prompt }]
      const end = await place.value.run(session, { prompt: parts, allowDenied: true, requireChanges: false, signal })
      if (end.stop_reason === 'answered' && end.response.trim() !== '') return ok(end.response)
      const exitCode = end.exit_code === EXIT.done ? EXIT.failed : end.exit_code
      return fail({ message: end.error ?? 'it gave no answer', exitCode })
    } finally {
      await session.close()
    }
  }

  async close(): Promise<void> {
    for (const opening of this.#places.values()) {
      const place = await opening
      if (place.ok) await place.value.close()
    }
  }

  #placeOf(agent: string): Promise<Result<AgentPlace, Failure>> {
    const place = this.#places.get(agent) ?? this.#openPlace(agent)
    this.#places.set(agent, place)
    return place
  }
}

/** A session tells its totals; who counts wants each request. */
function tellUsage(session: AgentSession, model: string, onUsage: AgentJob['onUsage']): void {
  const seen: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  let seenUsd = 0
  session.subscribe(event => {
    if (event.type !== 'usage') return
    const fresh: Usage = { ...event.usage }
    for (const key of TOKEN_COUNTS) {
      fresh[key] = event.usage[key] - seen[key]
      seen[key] = event.usage[key]
    }
    if (event.cost_usd !== undefined) {
      fresh.cost_usd = event.cost_usd - seenUsd
      seenUsd = event.cost_usd
    }
    onUsage(fresh, model, event.cost_usd !== undefined)
  })
}
