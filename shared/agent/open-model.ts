import { fail, ok, type Result } from '#shared/base/result'
import { priceOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import { withAdvice } from '#shared/protocol/with-advice'
import { FallbackProvider, type Route } from '#shared/providers/fallback'
import { findProvider } from '#shared/providers/known-providers'
import type { Provider, ProviderFailure } from '#shared/providers/provider'
import {
  createProvider,
  type Env,
  type ProviderChoice,
  type ProviderOptions,
  type ProviderWishes,
  resolveProvider,
  resolveRoute,
} from '#shared/providers/registry'

/** The model that settings, environment and project choose. */
export interface OpenModel {
  provider: Provider
  /** As it goes over the wire. */
  model: string
  /** Name of the provider in the list. */
  providerName: string
}

/** Decides which model to ask, and where; contacts nobody. */
export function modelChoice(settings: Settings, env: Env): Result<ProviderChoice, ProviderFailure> {
  return resolveProvider(wishesOf(settings), env)
}

/** What each source of the settings says about the model. */
export function wishesOf(settings: Settings): ProviderWishes {
  const { project } = settings
  return {
    flags: pick(settings),
    saved: { ...settings.saved, keys: settings.keys },
    project: {
      ...(project.model && { model: project.model }),
      ...(project.providers?.primary && { provider: project.providers.primary }),
    },
  }
}

/** Whether nobody can be asked because there is no key. */
export function lacksKey(settings: Settings, env: Env): boolean {
  const choice = modelChoice(settings, env)
  return !choice.ok && choice.error.kind === 'no-key'
}

/** The model to ask, ready; contacts nobody. An error is one line for people. */
export function openModel(settings: Settings, env: Env): Result<OpenModel, string> {
  const choice = modelChoice(settings, env)
  if (!choice.ok) return fail(withAdvice(choice.error))
  const provider = createProvider({ ...choice.value, ...patienceOf(settings) }, env)
  if (!provider.ok) return fail(withAdvice(provider.error))
  const unpriced = withoutPrice(settings, choice.value)
  if (unpriced) return fail(unpriced)
  const first = { provider: provider.value, model: choice.value.model }
  const others = openFallbacks(settings, env)
  if (!others.ok) return others
  return ok({
    provider: others.value.length === 0 ? first.provider : new FallbackProvider([first, ...others.value]),
    model: first.model,
    providerName: choice.value.provider,
  })
}

/** A limit that cannot be kept is refused: why, in one line. */
function withoutPrice({ maxCostUsd }: Settings, { provider, model }: ProviderChoice): string | undefined {
  if (maxCostUsd === undefined || priceOf(model) || findProvider(provider)?.dialect.reportsCost) return undefined
  return `--max-cost needs a known price, and that of ${model} is not known. Use --max-total-tokens or --max-turns.`
}

/** `KODE_FALLBACK=groq/some-model,openai`: whom to ask when the first is down. Only the user names them, never a project. */
function openFallbacks(settings: Settings, env: Env): Result<Route[], string> {
  const routes: Route[] = []
  for (const name of (env.KODE_FALLBACK ?? '').split(',').map(each => each.trim())) {
    if (name === '') continue
    const choice = resolveRoute(name, { keys: settings.keys }, env)
    if (!choice.ok) return fail(`KODE_FALLBACK: ${withAdvice(choice.error)}`)
    const unpriced = withoutPrice(settings, choice.value)
    if (unpriced) return fail(`KODE_FALLBACK: ${unpriced}`)
    const provider = createProvider({ ...choice.value, ...patienceOf(settings) }, env)
    if (!provider.ok) return fail(`KODE_FALLBACK: ${withAdvice(provider.error)}`)
    routes.push({ provider: provider.value, model: choice.value.model })
  }
  return ok(routes)
}

/** How long a silent provider is waited for, and how often a failing one is asked again. */
export function patienceOf({ idleTimeoutS, isFailFast }: Settings): Partial<ProviderOptions> {
  const silenceMs = idleTimeoutS === undefined ? undefined : idleTimeoutS * 1000
  return {
    ...(silenceMs !== undefined && { firstByteTimeoutMs: silenceMs, idleTimeoutMs: silenceMs }),
    ...(isFailFast && { retry: { tries: 1 } }),
  }
}

function pick({ provider, model, baseUrl, apiKey }: Settings) {
  return {
    ...(provider && { provider }),
    ...(model && { model }),
    ...(baseUrl && { baseUrl }),
    ...(apiKey && { apiKey }),
  }
}
