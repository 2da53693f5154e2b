/** THE conversation. Wire formats of providers are made from these at the edge; the store keeps them as they are. */
export type Message = UserMessage | AssistantMessage | ToolMessage

export interface UserMessage {
  role: 'user'
  id: string
  parts: UserPart[]
  /** Who put it there; only `typed` and `steering` are the user's own words. */
  origin: 'typed' | 'steering' | 'summary' | 'task' | 'reminder'
}

export type UserPart = TextPart | ImagePart

export interface TextPart {
  type: 'text'
  text: string
}

export interface ImagePart {
  type: 'image'
  media_type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  /** base64, without a data-URL prefix */
  data: string
}

export interface AssistantMessage {
  role: 'assistant'
  id: string
  parts: AssistantPart[]
  model: string
  usage?: Usage
  stop: StopReason
}

export type AssistantPart = TextPart | ThinkingPart | ToolCall

export interface ThinkingPart {
  type: 'thinking'
  text: string
  /** Opaque proof of the provider that must go back unchanged with the next request. */
  signature?: string
  /** Thinking the provider hides; `text` is empty and this goes back unchanged. */
  redacted?: string
}

export interface ToolCall {
  type: 'tool_call'
  id: string
  name: string
  /** As the model wrote it: JSON text, perhaps malformed. */
  arguments: string
  /** Opaque proof of the provider (Gemini) that must go back unchanged. */
  signature?: string
}

export interface ToolMessage {
  role: 'tool'
  id: string
  call_id: string
  name: string
  /** What the model is told. */
  text: string
  images?: ImagePart[]
  status: ToolStatus
}

/** `denied`: policy or the user said no. `error`: it ran or was prepared, and failed. */
export type ToolStatus = 'ok' | 'error' | 'denied' | 'interrupted'

/** Tokens as the provider counted them. `input` includes what was read from or written to a cache. */
export interface Usage {
  input: number
  output: number
  cache_read: number
  cache_write: number
  thinking: number
  /** What the provider says it billed, in US dollars; most do not say. */
  cost_usd?: number
}

/** The parts of `Usage` that count tokens. */
export const TOKEN_COUNTS = ['input', 'output', 'cache_read', 'cache_write', 'thinking'] as const

/** Why the model stopped. `cut`: the stream ended without an end mark. */
export type StopReason = 'end' | 'tool_calls' | 'output_limit' | 'refusal' | 'cancelled' | 'cut'
