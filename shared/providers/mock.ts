import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { ToolCall, Usage } from '#shared/protocol/messages'
import type { ModelEvent, ModelInfo, ModelRequest, Provider, ProviderFailure } from './provider'
import { type RetryPolicy, withRetries } from './support/retry'
import { countOf, isRecord, parseJson, recordOf, textOf } from './support/wire'

/**
 * A model that says what a script tells it to, without any network: for trying kode out and for tests of what is
 * built on it. The script is JSON: a list of `{"text"}`, `{"tool", "args"}`, `{"error"}`, `{"rate_limit"}` and
 * `{"context_overflow"}`, one per request; after its end every reply is an empty text.
 */
export class MockProvider implements Provider {
  readonly name = 'mock'
  readonly #script: unknown[]
  readonly #retry: RetryPolicy

  private constructor(script: unknown[], retry: RetryPolicy) {
    this.#script = script
    this.#retry = retry
  }

  /** Reads a script. */
  static from(text: string, retry: RetryPolicy): Result<MockProvider, ProviderFailure> {
    const script = parseJson(text)
    if (Array.isArray(script)) return ok(new MockProvider([...script], retry))
    return fail({
      kind: 'configuration',
      message: 'KODE_MOCK_RESPONSES is not a JSON list.',
      advice: 'It looks like [{"text":"Hello"},{"tool":"Read","args":{"file_path":"a"}}].',
    })
  }

  stream(_request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    return withRetries(() => this.#attempt(), this.#retry, signal)
  }

  async *#attempt(): AsyncGenerator<ModelEvent> {
    const entry = recordOf(this.#script.shift())
    const failure = failureOf(entry)
    if (failure) return yield { type: 'failure', failure }
    const text = textOf(entry.text)
    if (text !== undefined) yield { type: 'text', text }
    const isCall = textOf(entry.tool) !== undefined
    if (isCall) yield { type: 'tool_call', call: callOf(entry) }
    if (isRecord(entry.usage)) yield { type: 'usage', usage: usageOf(entry.usage) }
    yield { type: 'end', stop: isCall ? 'tool_calls' : 'end' }
  }

  async listModels(): Promise<{ models: ModelInfo[] }> {
    return { models: [{ id: 'mock-model' }] }
  }
}

function callOf(entry: Record<string, unknown>): ToolCall {
  const args = entry.args ?? {}
  const json = typeof args === 'string' ? args : JSON.stringify(args)
  return { type: 'tool_call', id: `call_${newId()}`, name: String(entry.tool), arguments: json }
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
