import type { Provider, ProviderFailure } from './provider'

/** What a check of an endpoint found out. */
export interface EndpointCheck {
  /** Undefined when the endpoint does not tell which models it has. */
  modelCount?: number
  /** Whether the model is among them; undefined when it does not tell. */
  hasModel?: boolean
  durationMs: number
}

/**
 * Asks an endpoint whether it is there and takes the key: by its list of models, or by one short reply where it has
 * no such list.
 */
export async function checkEndpoint(
  provider: Provider,
  model: string,
  signal: AbortSignal,
): Promise<{ check: EndpointCheck } | { failure: ProviderFailure }> {
  const started = performance.now()
  const durationMs = () => Math.round(performance.now() - started)
  const listed = await provider.listModels(signal)
  if ('models' in listed) {
    const hasModel = listed.models.some(each => each.id === model)
    return { check: { modelCount: listed.models.length, hasModel, durationMs: durationMs() } }
  }
  if (listed.failure.kind !== 'not-found' && listed.failure.kind !== 'bad-reply') return listed
  const request = {
    model,
    system: 'Answer with one word.',
    messages: [
      {
        role: 'user' as const,
        id: 'check',
        origin: 'typed' as const,
        parts: [{ type: 'text' as const, text: 'ping' }],
      },
    ],
    tools: [],
    maxTokens: 16,
  }
  for await (const event of provider.stream(request, signal)) {
    if (event.type === 'failure') return { failure: event.failure }
  }
  return { check: { durationMs: durationMs() } }
}
