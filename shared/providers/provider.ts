import type { ModelPrice } from '#shared/config/model-catalog'
import type { Message, StopReason, ToolCall, Usage } from '#shared/protocol/messages'

/** One way to reach a model. */
export interface Provider {
  /** As in the registry, such as `openai`. */
  name: string
  /**
   * Streams one reply. Failures are events; it never throws, and ends with exactly one `end` or `failure`. After a
   * failure the text so far stands, but no `tool_call` was sent: calls come together, right before `usage` and `end`.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>
  /** Loads what the first request needs, while others wait for something else. Contacts nobody. */
  prepare?(): Promise<void>
  /** Models the endpoint offers; a failure says why it cannot be asked. */
  listModels(signal: AbortSignal): Promise<{ models: ModelInfo[] } | { failure: ProviderFailure }>
}

export interface ModelRequest {
  model: string
  /** Stable over a session, so that it can be cached; volatile text belongs into the last user message. */
  system: string
  messages: readonly Message[]
  tools: readonly ToolSpec[]
  maxTokens?: number
  temperature?: number
  thinkingBudget?: number
  reasoningEffort?: 'low' | 'medium' | 'high'
  /** The reply must be JSON of this schema, where the provider can enforce it. */
  outputSchema?: Record<string, unknown>
}

/** A tool as it is offered to the model. */
export interface ToolSpec {
  name: string
  description: string
  /** JSON schema of an object. */
  input: Record<string, unknown>
}

export type ModelEvent =
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  | { type: 'thinking_end'; signature?: string; redacted?: string }
  /** A piece of a call's arguments, for display. */
  | { type: 'tool_call_delta'; id: string; name: string; text: string }
  | { type: 'tool_call'; call: ToolCall }
  | { type: 'usage'; usage: Usage }
  /** What the endpoint's rate limit leaves, where it says so; before everything else of the reply. */
  | { type: 'limits'; limit?: number; remaining: number; resetSeconds?: number }
  /** A try failed before anything was visible; number `attempt` follows after `waitMs`. */
  | { type: 'retry'; attempt: number; waitMs: number; reason: string }
  /** Another provider answers from here on, because the ones before it failed. */
  | { type: 'fallback'; provider: string; model: string; reason: string }
  | { type: 'end'; stop: Exclude<StopReason, 'cancelled'> }
  | { type: 'failure'; failure: ProviderFailure }

/** Whether it is a part of the reply; after the first one a failed request is not made again unseen. */
export function isVisible({ type }: ModelEvent): boolean {
  return VISIBLE.has(type)
}

const VISIBLE = new Set<ModelEvent['type']>(['text', 'thinking', 'thinking_end', 'tool_call_delta', 'tool_call'])

export interface ProviderFailure {
  kind:
    | 'auth'
    | 'not-found'
    | 'quota'
    | 'rate-limit'
    | 'overloaded'
    | 'context-overflow'
    | 'bad-request'
    | 'network'
    | 'timeout'
    | 'bad-reply'
    | 'cancelled'
    | 'no-key'
    | 'configuration'
  /** One line: what happened. Holds no key. */
  message: string
  /** One line: what the user can do. */
  advice?: string
  /** HTTP status, where there was one. */
  status?: number
  /** It may pass by itself; the retries were used up, or something was visible already. */
  isTransient?: boolean
  /** How long the server asked to wait. */
  retryAfterMs?: number
}

export interface ModelInfo {
  id: string
  windowTokens?: number
  maxOutputTokens?: number
  /** As the endpoint says; else see config/model-catalog.ts. */
  price?: ModelPrice
  /** Whom a gateway offers it to. */
  tier?: string
}
