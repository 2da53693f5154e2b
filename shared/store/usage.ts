import type { Usage } from '#shared/protocol/messages'
import { isObject } from './json'

/** What one request took. */
export interface RequestUsage {
  model: string
  provider: string
  /** Who asked: the session's own agent, or a sub-agent. */
  agent: string
  usage: Usage
  /** Absent when the price is not known. */
  cost_usd?: number
}

/** Requests summed up. */
export interface UsageTotal {
  requests: number
  usage: Usage
  /** Of the requests with a known price. */
  cost_usd: number
  /** Requests without one. */
  unpriced: number
}

/** The sum of a session, and by agent and by model. */
export interface SessionUsage {
  total: UsageTotal
  by_agent: Record<string, UsageTotal>
  by_model: Record<string, UsageTotal>
}

/** Nothing used yet. */
export function noUsage(): UsageTotal {
  return {
    requests: 0,
    usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 },
    cost_usd: 0,
    unpriced: 0,
  }
}

/** Adds up requests. */
export function sumUsage(requests: readonly RequestUsage[]): SessionUsage {
  const sum: SessionUsage = { total: noUsage(), by_agent: {}, by_model: {} }
  for (const request of requests) addRequest(sum, request)
  return sum
}

/** Adds one request to a sum. */
export function addRequest(sum: SessionUsage, request: RequestUsage): void {
  sum.by_agent[request.agent] ??= noUsage()
  sum.by_model[request.model] ??= noUsage()
  const one: UsageTotal = {
    requests: 1,
    usage: request.usage,
    cost_usd: request.cost_usd ?? 0,
    unpriced: request.cost_usd === undefined ? 1 : 0,
  }
  for (const total of [sum.total, sum.by_agent[request.agent], sum.by_model[request.model]])
    if (total) addTotal(total, one)
}

/** Adds one sum to another. */
export function addTotal(total: UsageTotal, more: UsageTotal): void {
  total.requests += more.requests
  total.cost_usd += more.cost_usd
  total.unpriced += more.unpriced
  for (const field of USAGE_FIELDS) total.usage[field] += more.usage[field]
}

const USAGE_FIELDS = ['input', 'output', 'cache_read', 'cache_write', 'thinking'] as const

/** Reads a saved request; `undefined` when it is none. */
export function decodeUsage(value: unknown): RequestUsage | undefined {
  if (!isObject(value) || !isUsage(value.usage)) return undefined
  if (typeof value.model !== 'string' || typeof value.provider !== 'string' || typeof value.agent !== 'string')
    return undefined
  return {
    model: value.model,
    provider: value.provider,
    agent: value.agent,
    usage: value.usage,
    ...(typeof value.cost_usd === 'number' && { cost_usd: value.cost_usd }),
  }
}

function isUsage(value: unknown): value is Usage {
  return isObject(value) && USAGE_FIELDS.every(field => typeof value[field] === 'number')
}
