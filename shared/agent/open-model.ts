import { fail, ok, type Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import type { Provider, ProviderFailure } from '#shared/providers/provider'
import { createProvider, resolveProvider } from '#shared/providers/registry'

/** The model that settings, environment and project choose. */
export interface OpenModel {
  provider: Provider
  /** As it goes over the wire. */
  model: string
  /** Name of the provider in the list. */
  providerName: string
}

/** Decides which model to ask; contacts nobody. An error is one line for people. */
export function openModel(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Result<OpenModel, string> {
  const { project } = settings
  const choice = resolveProvider(
    {
      flags: pick(settings),
      project: {
        ...(project.model && { model: project.model }),
        ...(project.providers?.primary && { provider: project.providers.primary }),
      },
    },
    env,
  )
  if (!choice.ok) return fail(inOneLine(choice.error))
  const idle = settings.idleTimeoutS === undefined ? {} : { idleTimeoutMs: settings.idleTimeoutS * 1000 }
  const provider = createProvider({ ...choice.value, ...idle }, env)
  if (!provider.ok) return fail(inOneLine(provider.error))
  return ok({ provider: provider.value, model: choice.value.model, providerName: choice.value.provider })
}

function pick({ provider, model, baseUrl, apiKey }: Settings) {
  return {
    ...(provider && { provider }),
    ...(model && { model }),
    ...(baseUrl && { baseUrl }),
    ...(apiKey && { apiKey }),
  }
}

/** What happened and what to do. */
export function inOneLine({ message, advice }: ProviderFailure): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`
  return advice ? `${sentence} ${advice}` : sentence
}
