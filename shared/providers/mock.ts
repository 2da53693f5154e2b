import { newId } from '#shared/base/ids'
import type { Usage } from '#shared/protocol/messages'
import type { ModelEvent, ModelInfo, Provider, ProviderFailure } from './provider'
import { countOf, isRecord, listOf, parseJson, recordOf, textOf } from './support/wire'

/**
 * A model that says what a script tells it to, without any network: for trying kode out and for tests of what is
 * built on it. The script is JSON: a list of `{"text"}`, `{"tool", "args"}`, `{"error"}`, `{"rate_limit"}` and
 * `{"context_overflow"}`, one per request; after its end every reply is an empty text.
 */
export class MockProvider implements Provider {
  readonly name = 'mock'
  readonly #script: unknown[]

  /** @param script JSON text of the list; anything else counts as an empty one */
  constructor(script: string) {
    this.#script = [...listOf(parseJson(script))]
  }

  async *stream(): AsyncGenerator<ModelEvent> {
    const entry = recordOf(this.#script.shift())
    const failure = failureOf(entry)
    if (failure) return yield { type: 'failure', failure }
    const text = textOf(entry.text)
    if (text !== undefined) yield { type: 'text', text }
    const calls = [entry, ...listOf(entry.tools).map(recordOf)].filter(call => textOf(call.tool) !== undefined)
    for (const call of calls) {
      const args = call.args ?? {}
      const json = typeof args === 'string' ? args : JSON.stringify(args)
      yield {
        type: 'tool_call',
        call: { type: 'tool_call', id: `call_${newId()}`, name: String(call.tool), arguments: json },
      }
    }
    if (isRecord(entry.usage)) yield { type: 'usage', usage: usageOf(entry.usage) }
    yield { type: 'end', stop: calls.length > 0 ? 'tool_calls' : 'end' }
  }

  async listModels(): Promise<{ models: ModelInfo[] }> {
    return { models: [{ id: 'mock-model' }] }
  }
}

function failureOf(entry: Record<string, unknown>): ProviderFailure | undefined {
  if (entry.error !== undefined) return { kind: 'bad-request', message: `mock: ${String(entry.error)}` }
  if (entry.rate_limit !== undefined) {
    return { kind: 'rate-limit', message: `mock: ${String(entry.rate_limit)}`, isTransient: true }
  }
  if (entry.context_overflow !== undefined) {
    return { kind: 'context-overflow', message: `mock: ${String(entry.context_overflow)}` }
  }
  return undefined
}

function usageOf(given: Record<string, unknown>): Usage {
  return {
    input: countOf(given.input),
    output: countOf(given.output),
    cache_read: countOf(given.cache_read),
    cache_write: countOf(given.cache_write),
    thinking: countOf(given.thinking),
  }
}
