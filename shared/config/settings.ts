import type { TrustMode } from '#shared/protocol/approvals'

/** What the user can set, after all sources were merged. Only `kode.ts` sees the whole. */
export interface Settings {
  provider: string
  model: string
  /** Ends in /v1 for OpenAI-compatible endpoints; undefined = the provider's own. */
  baseUrl?: string
  apiKey?: string
  mode: TrustMode
  maxTokens?: number
  temperature?: number
  thinkingBudget?: number
  reasoningEffort?: 'low' | 'medium' | 'high'
  useSandbox: boolean
  maxTurns: number
  /** Seconds to the first byte of a reply, and between bytes after it. */
  firstByteTimeoutS: number
  idleTimeoutS: number
}
