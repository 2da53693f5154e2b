import { fail, ok, type Result } from '#shared/base/result'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from './provider'
import { isRecord, listOf, parseJson } from './support/wire'

/**
 * Writes down what a provider answers, one JSON line per reply, so that the run can be played again without a
 * network. Requests are only counted and named: what a project holds stays out of the file.
 */
export class RecordingProvider implements Provider {
  readonly name: string
  readonly #provider: Provider
  readonly #write: (line: string) => Promise<void>
  readonly #redact: (text: string) => string

  /**
   * @param write takes one line, without its line end
   * @param redact takes secrets out of a line
   */
  constructor(provider: Provider, write: (line: string) => Promise<void>, redact: (text: string) => string) {
    this.name = provider.name
    this.#provider = provider
    this.#write = write
    this.#redact = redact
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const events: ModelEvent[] = []
    for await (const event of this.#provider.stream(request, signal)) {
      if (!PASSING.has(event.type)) events.push(event)
      // Before it is handed on: a reader stops at the last event, and with it this loop.
      if (event.type === 'end' || event.type === 'failure') await this.#note(request, events)
      yield event
    }
  }

  #note(request: ModelRequest, events: ModelEvent[]): Promise<void> {
    const line: RecordedReply = {
      version: 1,
      provider: this.name,
      model: request.model,
      messages: request.messages.length,
      events,
    }
    return this.#write(this.#redact(JSON.stringify(line)))
  }

  listModels(signal: AbortSignal): ReturnType<Provider['listModels']> {
    return this.#provider.listModels(signal)
  }
}

/** Answers what was recorded, reply by reply, whatever is asked; contacts nobody. */
export class ReplayProvider implements Provider {
  readonly name: string
  readonly #replies: RecordedReply[]
  readonly #models: ModelInfo[]
  #next = 0

  private constructor(replies: RecordedReply[]) {
    this.name = replies[0]?.provider ?? 'replay'
    this.#replies = replies
    this.#models = [...new Set(replies.map(reply => reply.model))].map(id => ({ id }))
  }

  /** Reads a recording. */
  static from(text: string): Result<ReplayProvider, ProviderFailure> {
    const replies: RecordedReply[] = []
    for (const [place, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue
      const reply = parseJson(line)
      if (!isRecordedReply(reply)) return fail(notARecording(place + 1))
      replies.push(reply)
    }
    return replies.length > 0 ? ok(new ReplayProvider(replies)) : fail(notARecording(1))
  }

  /** The model that was recorded first. */
  get model(): string {
    return this.#models[0]?.id ?? 'unknown'
  }

  async *stream(_request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const reply = this.#replies[this.#next++]
    if (!reply) return yield { type: 'failure', failure: exhausted(this.#replies.length) }
    for (const event of reply.events) {
      if (signal.aborted) return yield { type: 'failure', failure: { kind: 'cancelled', message: 'cancelled' } }
      yield event
    }
  }

  async listModels(): Promise<{ models: ModelInfo[] }> {
    return { models: this.#models }
  }
}

interface RecordedReply {
  version: 1
  provider: string
  model: string
  /** In the request; tells a reader where in the run it was. */
  messages: number
  events: ModelEvent[]
}

/** What happened on the way, and is no part of the reply. */
const PASSING = new Set<ModelEvent['type']>(['retry', 'limits'])

function isRecordedReply(value: unknown): value is RecordedReply {
  if (!isRecord(value) || value.version !== 1 || typeof value.model !== 'string') return false
  const last = listOf(value.events).at(-1)
  return isRecord(last) && (last.type === 'end' || last.type === 'failure')
}

function notARecording(line: number): ProviderFailure {
  return {
    kind: 'configuration',
    message: `Line ${line} of the recording is not a recorded reply.`,
    advice: 'Make the file again with --record.',
  }
}

function exhausted(count: number): ProviderFailure {
  return {
    kind: 'bad-request',
    message: `The recording ends after ${count} ${count === 1 ? 'reply' : 'replies'}, but the run asks for more.`,
    advice: 'The project differs from the one of the recording; make it again with --record.',
  }
}
