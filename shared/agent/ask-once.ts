import type { ModelRequest, Provider } from '#shared/providers/provider'
import type { Spending } from './limits'
import { callModel, type ModelReply } from './model-call'

/** Who is asked, and who pays. */
export interface Asked {
  provider: Provider
  spending: Spending
  /** Told when a failed request is made again, or by somebody else. */
  tell?(notice: string): void
}

/** Asks once, beside any conversation, and waits for the whole reply. */
export async function askOnce(
  request: ModelRequest,
  { provider, spending, tell }: Asked,
  signal: AbortSignal,
): Promise<ModelReply> {
  const reply = await callModel(provider, request, event => event.type === 'notice' && tell?.(event.text), signal)
  spending.countBeside(request, reply)
  return reply
}
