import { estimateUsage } from '#shared/agent/token-budget'
import type { Usage } from '#shared/protocol/messages'
import type { ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'
import { assistantText } from './own-messages'

/** What one request took; an estimate where the provider did not count. */
export interface Taken {
  usage?: Usage | undefined
  estimate?: Usage
}

export type ModelAnswer =
  | ({ kind: 'reply'; text: string } & Taken)
  | ({ kind: 'failed'; failure: ProviderFailure } & Taken)
  | { kind: 'cancelled' }

/** Asks once and waits for the whole reply; tells when a failed request is made again. */
export async function askModel(
  provider: Provider,
  request: ModelRequest,
  signal: AbortSignal,
  onNotice: (text: string) => void,
): Promise<ModelAnswer> {
  let text = ''
  let usage: Usage | undefined
  for await (const event of provider.stream(request, signal)) {
    switch (event.type) {
      case 'text':
        text += event.text
        break
      case 'usage':
        usage = event.usage
        break
      case 'retry':
        onNotice(`${event.reason}; trying again in ${Math.round(event.waitMs / 1000)} s`)
        break
      case 'failure':
        return signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', failure: event.failure, usage }
      case 'end':
        if (usage) return { kind: 'reply', text, usage }
        return { kind: 'reply', text, estimate: estimateUsage(request, assistantText(text, request.model)) }
    }
  }
  return { kind: 'cancelled' }
}
