import type { ProviderFailure } from '../provider'
import { isRecord, parseJson } from './wire'

/** Where a request went: what a message must name so that its reader can act. */
export interface Origin {
  /** As people call it, such as `openai`. */
  provider: string
  baseUrl: string
  /** The variable to set the key with. */
  keyVariable: string
  /** Never to appear in a message. */
  secret?: string
}

/** A status that is not 2xx, as what happened and what to do. */
export function failureOfStatus(status: number, headers: Headers, body: string, origin: Origin): ProviderFailure {
  const said = errorText(body)
  const retryAfterMs = retryAfter(headers) ?? retryInWords(said.message)
  // Gemini speaks of quota and billing also when it only wants a few seconds of patience.
  const isPatienceEnough = status === 429 && retryInWords(said.message) !== undefined
  const kind = isPatienceEnough ? 'rate-limit' : kindOf(status, said)
  return {
    kind,
    status,
    message: line(
      `${origin.provider} answered ${status}: ${said.message || NAMES[status] || 'no reason given'}`,
      origin,
    ),
    advice: adviceFor(kind, origin, headers),
    ...(TRANSIENT.has(kind) && { isTransient: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

/** An error event inside a stream, as what happened and what to do. */
export function failureOfEvent(error: unknown, origin: Origin): ProviderFailure {
  const said = errorText(JSON.stringify({ error }))
  const kind = kindOf(said.status ?? EVENT_STATUS[said.type] ?? 500, said)
  return {
    kind,
    message: line(`${origin.provider} broke the reply off: ${said.message || said.type || 'no reason given'}`, origin),
    advice: adviceFor(kind, origin),
    ...(TRANSIENT.has(kind) && { isTransient: true }),
  }
}

/**
 * What fetch threw before there was a reply: no connection, or a broken one.
 *
 * @throws a mistake of this program, which no retry and no other endpoint mends
 */
export function failureOfNetwork(error: unknown, origin: Origin): ProviderFailure {
  throwMistake(error)
  const { code, message } = deepestCause(error)
  const host = hostOf(origin.baseUrl)
  const known = NETWORK[code]
  return {
    kind: code === 'ETIMEDOUT' ? 'timeout' : 'network',
    message: line(`${origin.provider} cannot be reached at ${host}: ${known?.what ?? message}`, origin),
    advice: known?.advice ?? 'Check the connection and the endpoint, then try again.',
    ...(known?.isLasting !== true && { isTransient: true }),
  }
}

/** A 200 that is no reply: a login page, a proxy's error page, a web site. */
export function failureOfForeignReply(contentType: string, start: string, origin: Origin): ProviderFailure {
  const title = /<title[^>]*>([^<]*)/i.exec(start)?.[1]?.trim()
  const what =
    /html/i.test(contentType) || /^\s*</.test(start) ? `a web page${title ? ` ("${title}")` : ''}` : contentType
  return {
    kind: 'bad-reply',
    message: line(`${origin.provider} sent ${what || 'something'} instead of a model's reply`, origin),
    advice: `Check the endpoint ${hostOf(origin.baseUrl)}: it usually ends in /v1, and no login page or proxy may stand before it.`,
  }
}

/** A good status without anything in it. */
export function failureOfEmptyReply(origin: Origin): ProviderFailure {
  return {
    kind: 'bad-reply',
    message: `${origin.provider} sent an empty reply`,
    advice: 'Try again; if it stays empty, choose another model.',
    isTransient: true,
  }
}

/** A mistake of this program is none of the connection's: it is thrown, so that it is recorded as what it is. */
export function throwMistake(error: unknown): void {
  for (let each = error; each instanceof Error; each = each.cause) {
    const isMistake = MISTAKES.some(kind => each instanceof kind)
    const isOfSettings = 'code' in each && (each.code === 'ERR_INVALID_URL' || each.code === 'ERR_INVALID_CHAR')
    if (isMistake && !isOfSettings) throw each
  }
}

/** Others, such as `SyntaxError`, tell of odd data more often than of odd code. */
const MISTAKES = [TypeError, ReferenceError]

/** The stream ended or broke before the reply was complete. */
export function failureOfCut(origin: Origin): ProviderFailure {
  return {
    kind: 'network',
    message: `${origin.provider} cut the connection before the reply was complete`,
    advice: 'Send the prompt again to continue.',
    isTransient: true,
  }
}

/** Silence for longer than allowed. */
export function failureOfSilence(place: 'first-byte' | 'between', timeoutMs: number, origin: Origin): ProviderFailure {
  const seconds = Math.round(timeoutMs / 100) / 10
  const where = place === 'first-byte' ? 'sent nothing' : 'fell silent in the middle of the reply'
  return {
    kind: 'timeout',
    message: `${origin.provider} ${where} for ${seconds} s`,
    advice: 'Try again, or allow more time with --idle-timeout or KODE_READ_TIMEOUT_SECS.',
    isTransient: true,
  }
}

interface Said {
  message: string
  type: string
  code: string
  status?: number
}

/** Providers disagree on where they put the reason. */
function errorText(body: string): Said {
  const json = parseJson(body)
  const outer = Array.isArray(json) ? json[0] : json
  if (!isRecord(outer)) return { message: textOfPage(body), type: '', code: '' }
  const error = isRecord(outer.error) ? outer.error : outer
  const message = [error.message, outer.message, outer.detail, outer.error, error.msg].find(isText) ?? ''
  // OpenRouter hides what the provider behind it said one level deeper.
  const metadata = isRecord(error.metadata) && isText(error.metadata.raw) ? ` (${error.metadata.raw})` : ''
  return {
    message: message + metadata || (isText(outer.detail) ? '' : JSON.stringify(outer.detail ?? '').slice(0, 300)),
    type: [error.type, error.status, outer.error].find(isText) ?? '',
    code: [error.code, outer.code].find(isText) ?? '',
    ...(typeof error.code === 'number' && { status: error.code }),
  }
}

function kindOf(status: number, said: Said): ProviderFailure['kind'] {
  const text = `${said.type} ${said.code} ${said.message}`
  if (OVERFLOW.test(text) && (status === 400 || status === 413 || status === 422 || status >= 500))
    return 'context-overflow'
  if (status === 401 || (status === 400 && WRONG_KEY.test(text))) return 'auth'
  if (status === 402 || USED_UP.test(text)) return 'quota'
  if (status === 403) return 'auth'
  if (status === 404 || status === 410) return 'not-found'
  if (status === 429 || (status < 500 && RATE_LIMITED.test(text))) return 'rate-limit'
  if (status >= 500 || /overloaded/i.test(text) || status === 408 || status === 409 || status === 425)
    return 'overloaded'
  return 'bad-request'
}

const OVERFLOW =
  /too long|context_length_exceeded|context length|context window|maximum context|token limit|tokens? exceed|exceeds the model|request too large|input length|too many tokens|reduce the length|larger than the context|prompt is too large|exceed_context_size/i
/** Gemini calls a wrong key a bad request. */
const WRONG_KEY = /api.?key.{0,20}(not valid|invalid|incorrect|expired)|(invalid|incorrect).{0,3}api.?key/i
const USED_UP =
  /insufficient_quota|billing|credit balance|insufficient (balance|credits|funds)|LiteUsageLimitError|payment required/i
const RATE_LIMITED = /rate.?limit|too many requests|quota exceeded|resource_exhausted/i

const TRANSIENT = new Set<ProviderFailure['kind']>(['rate-limit', 'overloaded'])

/** Error types inside a stream come without their status. */
const EVENT_STATUS: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  overloaded_error: 529,
}

const NAMES: Record<number, string> = {
  400: 'bad request',
  401: 'not authorized',
  403: 'forbidden',
  404: 'not found',
  408: 'request timed out',
  413: 'request too large',
  429: 'too many requests',
  500: 'internal error',
  502: 'bad gateway',
  503: 'unavailable',
  504: 'gateway timed out',
  529: 'overloaded',
}

const NETWORK: Record<string, { what: string; advice: string; isLasting?: boolean }> = {
  ECONNREFUSED: {
    what: 'nothing listens there',
    advice: 'Start the server, or correct the endpoint (--base-url or KODE_LLM_ENDPOINT).',
    isLasting: true,
  },
  ENOTFOUND: {
    what: 'the name is unknown',
    advice: 'Check the spelling of the endpoint and the connection to the network.',
    isLasting: true,
  },
  EAI_AGAIN: { what: 'the name could not be looked up', advice: 'Check the connection to the network.' },
  ECONNRESET: { what: 'the connection broke', advice: 'Try again.' },
  ETIMEDOUT: {
    what: 'no connection within the time allowed',
    advice: 'Check the network and proxies, or allow more time with KODE_CONNECT_TIMEOUT_SECS.',
  },
  CERT_HAS_EXPIRED: {
    what: 'its certificate has expired',
    advice: 'Renew the certificate of the endpoint.',
    isLasting: true,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    what: 'its certificate is self-signed',
    advice: 'Add it with NODE_EXTRA_CA_CERTS; for this machine only, KODE_ACCEPT_INVALID_CERTS=1 works too.',
    isLasting: true,
  },
  ERR_INVALID_URL: { what: 'the endpoint is no URL', advice: 'It must look like https://host/v1.', isLasting: true },
}

function adviceFor(kind: ProviderFailure['kind'], origin: Origin, headers?: Headers): string {
  switch (kind) {
    case 'auth':
      return `Set a valid key with ${origin.keyVariable}, or run \`kode providers login\`.`
    case 'quota':
      return resetAdvice(headers) ?? `Add credit at ${origin.provider}, use another key, or choose another provider.`
    case 'rate-limit':
      return resetAdvice(headers) ?? 'Wait a little, or choose another model or provider.'
    case 'overloaded':
      return 'Try again in a moment, or choose another model or provider.'
    case 'not-found':
      return 'Check the model name (`kode models` lists them) and that the endpoint ends in /v1.'
    case 'context-overflow':
      return 'Compact the conversation, start a new one, or choose a model with a larger window.'
    default:
      return 'Check the model name and the flags of this request.'
  }
}

/** `X-RateLimit-Reset` counts seconds. */
function resetAdvice(headers: Headers | undefined): string | undefined {
  const seconds = Number(headers?.get('x-ratelimit-reset') ?? headers?.get('retry-after') ?? Number.NaN)
  // Some servers send a date in seconds since 1970 instead.
  if (!Number.isFinite(seconds) || seconds > 1e9) return undefined
  const limit = headers?.get('x-ratelimit-limit')
  return `The limit${limit ? ` of ${limit} requests` : ''} opens again in ${Math.ceil(seconds)} s; another provider works at once.`
}

function retryAfter(headers: Headers): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (exact >= 0) return exact
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** `Please retry in 32.5s`, `try again in 20ms` */
function retryInWords(message: string): number | undefined {
  const [, amount, unit] = /(?:retry|try again) in (\d+(?:\.\d+)?) ?(ms|s)\b/i.exec(message) ?? []
  return amount === undefined ? undefined : Number(amount) * (unit === 'ms' ? 1 : 1000)
}

function deepestCause(error: unknown): { code: string; message: string } {
  let found = { code: '', message: String(error) }
  let each = error
  while (each instanceof Error) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : found.code
    found = { code, message: each.message || found.message }
    // Node tries every address of a name and wraps what each said.
    each = each instanceof AggregateError ? each.errors[0] : each.cause
  }
  return found
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** One line without the key, and not longer than a reader wants. */
function line(text: string, origin: Origin): string {
  const oneLine = text.replace(/\s+/g, ' ').trim()
  const withoutKey = origin.secret && origin.secret.length > 5 ? oneLine.replaceAll(origin.secret, '***') : oneLine
  const redacted = withoutKey.replace(/\b(sk|gsk|xai|key|AIza)[-_A-Za-z0-9*]{12,}/g, '$1-***')
  return redacted.length > 400 ? `${redacted.slice(0, 400)}…` : redacted
}

function textOfPage(body: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1]
  return (title ?? body.replace(/<[^>]*>/g, ' ')).trim().slice(0, 300)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
