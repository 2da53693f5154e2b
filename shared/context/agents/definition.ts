import type { TrustMode } from '#shared/protocol/approvals'

/** Who an agent is: what it is told, what it may do, and which model it asks. */
export interface AgentDefinition {
  name: string
  /** One line for people and for models that choose. */
  description: string
  source: 'built-in' | 'user' | 'project'
  /** Of its file; absent for a built-in. */
  path?: string
  /** Undefined: as kode's own conversation is told. */
  systemPrompt?: string
  /** The most it may do; never more than whoever starts it. */
  trust: TrustMode
  model?: string
  provider?: string
  baseUrl?: string
  /** Names as offered to the model; undefined = all. */
  allowedTools?: readonly string[]
  /** Wins over what is allowed. */
  disallowedTools: readonly string[]
  /** Requests to the model for one prompt. */
  maxIterations?: number
  /** It is told nothing of memory and instruction files. */
  skipMemory: boolean
  maxTokens?: number
  temperature?: number
  thinkingBudget?: number
  reasoningEffort?: 'low' | 'medium' | 'high'
  maxContextTokens?: number
  /** Share of the window at which older messages are summarised. */
  autoCompactThreshold?: number
}

/** Tools that change files of the workspace. */
export const WRITING_TOOLS = ['Write', 'Edit', 'Delete'] as const
