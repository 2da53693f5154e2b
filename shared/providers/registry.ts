import { fail, ok, type Result } from '#shared/base/result'
import { AnthropicMessages } from './anthropic'
import {
  findProvider,
  GATEWAY,
  KNOWN_PROVIDERS,
  type KnownProvider,
  OPENAI_COMPATIBLE,
  providerOfUrl,
  similarProviders,
} from './known-providers'
import { MockProvider } from './mock'
import { MODEL_ALIASES, type ModelAliases } from './model-aliases'
import { OpenAiCompatible } from './openai-compatible'
import type { Provider, ProviderFailure } from './provider'
import type { Connection } from './support/connection'
import { isPrivateHost } from './support/loopback'
import { DEFAULT_RETRY, type RetryPolicy } from './support/retry'

export type Env = Readonly<Record<string, string | undefined>>

/** What one source (flags, saved settings, the project's file) says about the model to use. */
export interface ProviderWish {
  /** Name or alias of a provider. */
  provider?: string
  /** A model id, an alias such as `claude-sonnet`, or `provider/model`. */
  model?: string
  baseUrl?: string
  apiKey?: string
}

/** The sources beside the environment, in the order in which they win: flags, (environment), saved, project. */
export interface ProviderWishes {
  flags?: ProviderWish
  saved?: ProviderWish & { keys?: Readonly<Record<string, string>> }
  /** A project's file names a model at most: never an endpoint or a key. */
  project?: Pick<ProviderWish, 'provider' | 'model'>
  /** Aliases of the user, before the built-in ones. */
  aliases?: ModelAliases
}

/** Which model is asked, and where. */
export interface ProviderChoice {
  /** As in the list of providers. */
  provider: string
  /** As it goes over the wire; `auto-detect` for whatever a local server has loaded. */
  model: string
  baseUrl: string
  /** Undefined where none is needed. */
  apiKey?: string
}

export interface ProviderOptions {
  provider: string
  /** Default: the provider's own. */
  baseUrl?: string
  apiKey?: string
  /** Default: KODE_READ_TIMEOUT_SECS, else 300 s. */
  firstByteTimeoutMs?: number
  /** Default: 60 s, or KODE_READ_TIMEOUT_SECS where that is less. */
  idleTimeoutMs?: number
  retry?: Partial<RetryPolicy>
}

/**
 * Decides which provider, model, endpoint and key to use: flags, then the environment (`KODE_*`, `KODA_*`, each
 * provider's own key), then saved settings, then the project's file, then what the provider has by default. Without
 * any choice the first provider whose key is in the environment is used. Contacts nobody.
 */
export function resolveProvider(wishes: ProviderWishes, env: Env): Result<ProviderChoice, ProviderFailure> {
  const { flags = {}, saved = {}, project = {} } = wishes
  const fromEnv: ProviderWish = environmentWish(env)
  const endpoint = flags.baseUrl ?? fromEnv.baseUrl
  const named = flags.provider ?? fromEnv.provider
  const savedModel = isOfSaved(named, endpoint, saved) ? saved.model : undefined
  const wantedModel = flags.model ?? fromEnv.model ?? savedModel ?? project.model
  // An endpoint of the user's own is asked for exactly the model that was named.
  const routed = routeModel(wantedModel, named, endpoint !== undefined, wishes.aliases)

  const chosenNow = flags.model ?? fromEnv.model
  const implied = chosenNow === undefined ? undefined : providerOfModel(chosenNow, saved, env)
  const known = namedProvider(named ?? routed.provider, endpoint, implied, wishes, env)
  if (!known.ok) return known
  const provider = known.value
  const baseUrl = withoutSlash(endpoint ?? savedUrl(saved, provider) ?? localUrl(provider, env) ?? provider.baseUrl)
  if (provider.wire !== 'mock' && !isHttpUrl(baseUrl)) return fail(noUrl(baseUrl, provider))

  const apiKey = flags.apiKey ?? fromEnv.apiKey ?? keyFor(provider, saved, env)
  if (apiKey === undefined && needsKey(provider, baseUrl)) return fail(noKey(provider, baseUrl))
  return ok({
    provider: provider.name,
    model: routed.model ?? provider.defaultModel,
    baseUrl,
    ...(apiKey !== undefined && { apiKey }),
  })
}

/**
 * One entry of a fallback list, `provider/model` or just a provider: its own endpoint and key, whatever was chosen
 * for the first one.
 */
export function resolveRoute(
  route: string,
  saved: NonNullable<ProviderWishes['saved']>,
  env: Env,
): Result<ProviderChoice, ProviderFailure> {
  const slash = route.indexOf('/')
  const name = slash === -1 ? route : route.slice(0, slash)
  const known = findProvider(name)
  if (!known || known.baseUrl === '') return fail(unknownProvider(name))
  const apiKey = keyFor(known, saved, env)
  const baseUrl = localUrl(known, env) ?? known.baseUrl
  if (apiKey === undefined && needsKey(known, baseUrl)) return fail(noKey(known, baseUrl))
  const model = slash === -1 ? known.defaultModel : route.slice(slash + 1)
  return ok({ provider: known.name, model, baseUrl, apiKey })
}

/**
 * The small model beside the main one. It is asked where the main one is, unless its name belongs to another provider: there
 * the user's own wish leads, a project's only where nobody chose whom to ask. At an endpoint of the user's own every name stays.
 */
export function resolveSmallModel(
  wanted: { model: string; isOfProject: boolean },
  main: ProviderChoice,
  { flags = {}, saved = {}, aliases }: ProviderWishes,
  env: Env,
): Result<ProviderChoice, ProviderFailure> {
  const fromEnv = environmentWish(env)
  const hasEndpoint = (flags.baseUrl ?? fromEnv.baseUrl) !== undefined
  const { provider = main.provider, model = wanted.model } = routeModel(wanted.model, undefined, hasEndpoint, aliases)
  if (provider === main.provider) return ok({ ...main, model })
  const chosen = [flags.provider, flags.model, fromEnv.provider, fromEnv.model, saved.provider, saved.baseUrl]
  if (wanted.isOfProject && chosen.some(each => each !== undefined)) {
    const message = `${wanted.model} is not of ${main.provider}, which was chosen for this run`
    return fail({ kind: 'configuration', message, advice: 'KODE_SMALL_MODEL names another one.' })
  }
  return resolveRoute(`${provider}/${model}`, saved, env)
}

/** Makes the provider; contacts nobody and loads no SDK before the first request. */
export function createProvider(options: ProviderOptions, env: Env): Result<Provider, ProviderFailure> {
  const known = findProvider(options.provider)
  if (!known) return fail(unknownProvider(options.provider))
  const retry = { ...DEFAULT_RETRY, ...options.retry }
  if (known.wire === 'mock') return MockProvider.from(env.KODE_MOCK_RESPONSES ?? env.KODA_MOCK_RESPONSES ?? '[]', retry)
  const baseUrl = withoutSlash(options.baseUrl ?? known.baseUrl)
  if (!isHttpUrl(baseUrl)) return fail(noUrl(baseUrl, known))
  const connection = connectionOf(known, baseUrl, options, retry, env)
  if (known.wire === 'messages') return ok(new AnthropicMessages(connection))
  return ok(new OpenAiCompatible(connection, known.dialect))
}

function connectionOf(
  known: KnownProvider,
  baseUrl: string,
  options: ProviderOptions,
  retry: RetryPolicy,
  env: Env,
): Connection {
  const readTimeoutMs = secondsOf(env, 'READ_TIMEOUT_SECS')
  return {
    name: known.name,
    baseUrl,
    apiKey: options.apiKey,
    listPaths: known.listPaths ?? ['models'],
    origin: {
      // An endpoint of the user's own is known to them by its address.
      provider: known.name === OPENAI_COMPATIBLE.name ? new URL(baseUrl).host : known.name,
      baseUrl,
      keyVariable: known.keyVariables[0] ?? 'KODE_LLM_API_KEY',
      secret: options.apiKey,
    },
    silence: {
      firstByteMs: options.firstByteTimeoutMs ?? readTimeoutMs ?? 300_000,
      betweenMs: options.idleTimeoutMs ?? Math.min(60_000, readTimeoutMs ?? 60_000),
    },
    connectTimeoutMs: secondsOf(env, 'CONNECT_TIMEOUT_SECS') ?? 30_000,
    retry,
    acceptInvalidCertificates: /^(1|true)$/i.test(env.KODE_ACCEPT_INVALID_CERTS ?? env.KODA_ACCEPT_INVALID_CERTS ?? ''),
    env,
  }
}

function environmentWish(env: Env): ProviderWish {
  const gateway = nonEmpty(env.KODE_GATEWAY_URL)
  const endpoint = nonEmpty(env.KODE_LLM_ENDPOINT) ?? nonEmpty(env.KODE_BASE_URL) ?? nonEmpty(env.KODA_BASE_URL)
  const provider = nonEmpty(env.KODE_PROVIDER) ?? nonEmpty(env.KODA_PROVIDER)
  const isGateway = gateway !== undefined && endpoint === undefined && provider === undefined
  return {
    provider: isGateway ? GATEWAY.name : provider,
    model: nonEmpty(env.KODE_LLM_MODEL) ?? nonEmpty(env.KODE_MODEL) ?? nonEmpty(env.KODA_MODEL),
    baseUrl: isGateway ? gatewayUrl(gateway) : endpoint,
    apiKey: nonEmpty(env.KODE_LLM_API_KEY) ?? nonEmpty(env.KODE_API_KEY),
  }
}

/** Gateways are known by their host alone. */
function gatewayUrl(url: string): string {
  return URL.canParse(url) && new URL(url).pathname === '/' ? `${withoutSlash(url)}/v1` : url
}

/** Splits `provider/model`, and looks aliases up. */
function routeModel(
  model: string | undefined,
  named: string | undefined,
  hasEndpoint: boolean,
  aliases: ModelAliases = {},
): { provider?: string; model?: string } {
  if (model === undefined) return {}
  const alias = { ...MODEL_ALIASES, ...aliases }[model.toLowerCase()]
  if (alias && !hasEndpoint && (named === undefined || findProvider(named)?.name === alias.provider)) return alias
  const slash = model.indexOf('/')
  const prefix = slash > 0 ? findProvider(model.slice(0, slash)) : undefined
  const isRoute =
    prefix !== undefined && (named === undefined ? !hasEndpoint : findProvider(named)?.name === prefix.name)
  return isRoute ? { provider: prefix.name, model: model.slice(slash + 1) } : { model }
}

function namedProvider(
  name: string | undefined,
  endpoint: string | undefined,
  implied: KnownProvider | undefined,
  { saved = {}, project = {} }: ProviderWishes,
  env: Env,
): Result<KnownProvider, ProviderFailure> {
  if (name !== undefined) {
    const known = findProvider(name)
    return known ? ok(known) : fail(unknownProvider(name))
  }
  if (endpoint !== undefined) return ok(providerOfUrl(endpoint))
  if (implied) return ok(implied)
  const later = saved.provider ?? project.provider
  if (later !== undefined) return namedProvider(later, undefined, undefined, {}, env)
  if (saved.baseUrl !== undefined) return ok(providerOfUrl(saved.baseUrl))
  // A key without an endpoint means OpenAI.
  if (nonEmpty(env.KODE_LLM_API_KEY)) return ok(findProvider('openai')!)
  return ok(KNOWN_PROVIDERS.find(each => keyFor(each, saved, env) !== undefined) ?? KNOWN_PROVIDERS[0]!)
}

/** The vendor whose models are called so, if there is a key for it. */
function providerOfModel(
  model: string,
  saved: NonNullable<ProviderWishes['saved']>,
  env: Env,
): KnownProvider | undefined {
  return KNOWN_PROVIDERS.find(each => each.models?.test(model) && keyFor(each, saved, env) !== undefined)
}

function keyFor(provider: KnownProvider, saved: NonNullable<ProviderWishes['saved']>, env: Env): string | undefined {
  const own = provider.keyVariables.map(name => nonEmpty(env[name])).find(key => key !== undefined)
  const isLocal = provider.keyVariables.length === 0 && provider.wire !== 'mock'
  const local = isLocal ? nonEmpty(env.KODA_API_KEY) : undefined
  const open = provider.name === GATEWAY.name ? 'public' : undefined
  return own ?? local ?? saved.keys?.[provider.name] ?? saved.apiKey ?? open
}

/** A model that was chosen at one provider means nothing at another. */
function isOfSaved(named: string | undefined, endpoint: string | undefined, saved: ProviderWish): boolean {
  if (saved.provider === undefined) return true
  if (endpoint !== undefined) return false
  return named === undefined || findProvider(named) === findProvider(saved.provider)
}

function savedUrl(saved: ProviderWish, provider: KnownProvider): string | undefined {
  if (saved.baseUrl === undefined) return undefined
  const owner = saved.provider === undefined ? providerOfUrl(saved.baseUrl) : findProvider(saved.provider)
  return owner?.name === provider.name ? saved.baseUrl : undefined
}

function localUrl(provider: KnownProvider, env: Env): string | undefined {
  const isLocal = provider.keyVariables.length === 0 && provider.wire === 'chat'
  return isLocal ? (nonEmpty(env.KODE_LOCAL_URL) ?? nonEmpty(env.KODA_LOCAL_URL)) : undefined
}

function needsKey(provider: KnownProvider, baseUrl: string): boolean {
  return provider.wire !== 'mock' && provider.keyVariables.length > 0 && !isPrivateHost(baseUrl)
}

function unknownProvider(name: string): ProviderFailure {
  const similar = similarProviders(name)
  const all = [...KNOWN_PROVIDERS, OPENAI_COMPATIBLE].map(each => each.name).join(', ')
  return {
    kind: 'configuration',
    message: `There is no provider "${name}".`,
    advice: similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : `Known are: ${all}.`,
  }
}

function noUrl(url: string, provider: KnownProvider): ProviderFailure {
  return {
    kind: 'configuration',
    message: url === '' ? `${provider.name} has no endpoint.` : `The endpoint "${url}" is no http or https URL.`,
    advice: 'Set it with --base-url or KODE_LLM_ENDPOINT, such as https://host/v1.',
  }
}

function noKey(provider: KnownProvider, baseUrl: string): ProviderFailure {
  return {
    kind: 'no-key',
    message: `There is no API key for ${provider.name} (${new URL(baseUrl).host}).`,
    advice:
      `Set ${provider.keyVariables[0]}, or KODE_LLM_API_KEY with KODE_LLM_ENDPOINT for another endpoint, ` +
      `or run \`kode providers login ${provider.name}\`. A local server (--provider ollama) needs none.`,
  }
}

function secondsOf(env: Env, name: string): number | undefined {
  const seconds = Number(nonEmpty(env[`KODE_${name}`]) ?? nonEmpty(env[`KODA_${name}`]) ?? Number.NaN)
  return seconds > 0 ? seconds * 1000 : undefined
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

function withoutSlash(url: string): string {
  return url
    .trim()
    .replace(/\/+$/, '')
    .replace(/\/chat\/completions$/, '')
}

function nonEmpty(value: string | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === '' ? undefined : trimmed
}
