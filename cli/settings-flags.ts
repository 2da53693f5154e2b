import { parseMode, type Settings } from '#shared/config/settings'
import { COUNT, numberFlag, type ParsedArgs, textFlag, UsageError } from './args'

/** The settings that flags of the model, the mode and the sandbox make. */
export function modelSettings(flags: ParsedArgs['flags']): Partial<Settings> {
  const settings: Partial<Settings> = {}
  const model = textFlag(flags, 'model')
  if (model) settings.model = model
  const provider = textFlag(flags, 'provider')
  if (provider) settings.provider = provider
  const baseUrl = textFlag(flags, 'base-url')
  if (baseUrl) settings.baseUrl = baseUrl
  const maxTokens = numberFlag(flags, 'max-tokens', COUNT)
  if (maxTokens !== undefined) settings.maxTokens = maxTokens
  const temperature = numberFlag(flags, 'temperature', { least: 0, most: 2 })
  if (temperature !== undefined) settings.temperature = temperature
  const thinkingBudget = numberFlag(flags, 'thinking-budget', { least: 0, isWhole: true })
  if (thinkingBudget !== undefined) settings.thinkingBudget = thinkingBudget
  const effort = textFlag(flags, 'reasoning-effort')
  if (effort === 'low' || effort === 'medium' || effort === 'high') settings.reasoningEffort = effort
  else if (effort !== undefined) throw new UsageError(`--reasoning-effort "${effort}" is not one of low, medium, high`)
  if (flags['no-sandbox'] === true) settings.useSandbox = false
  const mode = textFlag(flags, 'mode')
  if (mode !== undefined) {
    const parsed = parseMode(mode)
    if (!parsed) throw new UsageError(`--mode "${mode}" is not one of plan, safe, auto`)
    settings.mode = parsed
  }
  return settings
}
