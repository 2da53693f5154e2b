import { sleep } from '#shared/base/cancel'
import { isVisible, type ModelEvent, type ProviderFailure } from '../provider'

export interface RetryPolicy {
  /** The first try included. */
  tries: number
  /** Before the second try; doubles with each further one. */
  baseMs: number
  /** A server that asks for more patience than this is not waited for. */
  maxWaitMs: number
}

/** Waits of about 1, 2, 4 and 8 seconds: most overloads pass within that time. */
export const DEFAULT_RETRY: RetryPolicy = { tries: 5, baseMs: 1000, maxWaitMs: 60_000 }

/**
 * Tries again while nothing of the reply was visible. Waits as long as the server asked for, else twice as long
 * each time with a quarter of jitter, so that many clients do not come back together. Cancelling ends a wait at once.
 */
export async function* withRetries(
  attempt: () => AsyncIterable<ModelEvent>,
  policy: RetryPolicy,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  for (let number = 1; ; number++) {
    let hasBegun = false
    let failure: ProviderFailure | undefined
    for await (const event of attempt()) {
      if (event.type === 'failure') {
        failure = event.failure
        break
      }
      hasBegun ||= isVisible(event)
      yield event
    }
    if (!failure) return
    const waitMs = waitBefore(number, failure, policy)
    // A model that said nothing twice has nothing to say.
    const tries = failure.kind === 'bad-reply' ? Math.min(2, policy.tries) : policy.tries
    const mayRetry = !hasBegun && number < tries && failure.isTransient && waitMs <= policy.maxWaitMs
    if (!mayRetry) return yield { type: 'failure', failure }
    yield { type: 'retry', attempt: number + 1, waitMs, reason: failure.message }
    await sleep(waitMs, signal)
    if (signal.aborted) return yield { type: 'failure', failure: CANCELLED }
  }
}

/** What a cancelled stream ends with. */
export const CANCELLED: ProviderFailure = { kind: 'cancelled', message: 'The request was cancelled.' }

function waitBefore(number: number, failure: ProviderFailure, policy: RetryPolicy): number {
  if (failure.retryAfterMs !== undefined) return failure.retryAfterMs
  const jitter = 1 + (Math.random() - 0.5) / 2
  return Math.round(policy.baseMs * 2 ** (number - 1) * jitter)
}
