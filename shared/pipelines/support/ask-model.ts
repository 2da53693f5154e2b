import type { Usage } from '#shared/protocol/messages'
import type { ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'

export type ModelAnswer =
  | { kind: 'reply'; text: string; usage: Usage | undefined }
  | { kind: 'failed'; failure: ProviderFailure; usage: Usage | undefined }
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
        return { kind: 'reply', text, usage }
    }
  }
  return { kind: 'cancelled' }
}

/** A failure in one line for people. */
export function failureText({ message, advice }: ProviderFailure): string {
  return advice ? `${message}. ${advice}` : message
}
