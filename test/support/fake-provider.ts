import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'

/** A provider without a network, for tests of the loop itself: each request gets the next list of events. */
export class FakeProvider implements Provider {
  readonly name = 'fake'
  readonly requests: ModelRequest[] = []
  readonly #replies: (readonly ModelEvent[] | ((signal: AbortSignal) => AsyncIterable<ModelEvent>))[]

  constructor(...replies: (readonly ModelEvent[] | ((signal: AbortSignal) => AsyncIterable<ModelEvent>))[]) {
    this.#replies = replies
  }

  /** Scripts one more turn: a call, then an answer. */
  add(call: [name: string, input: unknown]): void {
    this.#replies.push(calls(call), says('done'))
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    this.requests.push({ ...request, messages: [...request.messages] })
    const reply = this.#replies.shift()
    if (!reply) throw new Error(`no reply is scripted for request ${this.requests.length}`)
    yield* typeof reply === 'function' ? reply(signal) : reply
  }

  async listModels(): Promise<{ models: [] }> {
    return { models: [] }
  }
}

/** A reply of text. */
export function says(text: string): ModelEvent[] {
  return [
    { type: 'text', text },
    { type: 'end', stop: 'end' },
  ]
}

/** A reply that calls tools. */
export function calls(...requests: [name: string, input: unknown][]): ModelEvent[] {
  return [
    ...requests.map(
      ([name, input], index): ModelEvent => ({
        type: 'tool_call',
        call: {
          type: 'tool_call',
          id: `call-${name}-${index}`,
          name,
          arguments: typeof input === 'string' ? input : JSON.stringify(input),
        },
      }),
    ),
    { type: 'end', stop: 'tool_calls' },
  ]
}
