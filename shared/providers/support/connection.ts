import type { ProviderFailure } from '../provider'
import { failureOfNetwork, failureOfStatus, type Origin } from './http-failure'
import { type Silence, statusErrorIn } from './read-reply'
import type { RetryPolicy } from './retry'

/** How one provider is reached, whatever its wire format. */
export interface Connection {
  name: string
  baseUrl: string
  /** None for servers that ask for none. */
  apiKey?: string
  /** Where models are listed, below the base URL or, with a slash in front, below the host; the first counts most. */
  listPaths: readonly string[]
  origin: Origin
  silence: Silence
  retry: RetryPolicy
  connectTimeoutMs: number
  acceptInvalidCertificates: boolean
  /** For the proxies it names. */
  env: Readonly<Record<string, string | undefined>>
}

/** Why the models could not be listed, from what the SDK threw. */
export function listFailure(error: unknown, origin: Origin): ProviderFailure {
  const status = statusErrorIn(error)
  return status ? failureOfStatus(status.status, status.headers, status.body, origin) : failureOfNetwork(error, origin)
}
