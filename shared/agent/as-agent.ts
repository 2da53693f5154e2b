import type { Settings } from '#shared/config/settings'
import { type AgentDefinition, WRITING_TOOLS } from '#shared/context/agents/definition'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Toolset } from './toolset'

/**
 * Settings as an agent wants them.
 *
 * @param chosen what the user set for this run; it wins
 */
export function settingsFor(agent: AgentDefinition, settings: Settings, chosen: Partial<Settings> = {}): Settings {
  const { model, provider, baseUrl, maxTokens, temperature, thinkingBudget, reasoningEffort } = agent
  const { maxContextTokens, autoCompactThreshold: compactAt, maxIterations: maxTurns } = agent
  const own = { model, provider, baseUrl, maxTokens, temperature, thinkingBudget, reasoningEffort }
  const wanted = { ...own, maxContextTokens, compactAt, maxTurns }
  const result = { ...settings }
  for (const [key, value] of Object.entries(wanted)) {
    if (value !== undefined && !(key in chosen)) Object.assign(result, { [key]: value })
  }
  return result
}

/** What an agent is offered of the tools there are: its own lists, and in `plan` nothing that only writes. */
export function toolsFor(agent: AgentDefinition, tools: Toolset, mode: TrustMode): Toolset {
  const denied = mode === 'plan' ? [...agent.disallowedTools, ...WRITING_TOOLS, 'MemoryWrite'] : agent.disallowedTools
  return tools.filtered(agent.allowedTools, denied)
}
