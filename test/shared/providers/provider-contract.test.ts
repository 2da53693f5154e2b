import { GATEWAY, KNOWN_PROVIDERS, OPENAI_COMPATIBLE, OPENAI_RESPONSES } from '#shared/providers/known-providers'
import { createProvider } from '#shared/providers/registry'
import { CONTRACT_KEY, describeProviderContract, RETRY_BASE_MS } from '../../support/provider-contract'

/** Where a provider's endpoint lies on a server, when it is not /v1. */
const PATHS: Record<string, string> = { anthropic: '', gemini: '/v1beta/openai' }

for (const { name, wire } of [...KNOWN_PROVIDERS, OPENAI_COMPATIBLE, OPENAI_RESPONSES, GATEWAY]) {
  if (wire === 'mock') continue
  describeProviderContract({
    name,
    create(server, limits = {}) {
      const made = createProvider(
        {
          provider: name,
          baseUrl: server.host + (PATHS[name] ?? '/v1'),
          apiKey: CONTRACT_KEY,
          retry: { baseMs: RETRY_BASE_MS },
          ...limits,
        },
        {},
      )
      if (!made.ok) throw new Error(made.error.message)
      return made.value
    },
  })
}
