/** A short name for a model, which also chooses its provider. */
export type ModelAliases = Readonly<Record<string, { provider: string; model: string }>>

/** The built-in short names; users add their own in the settings. */
export const MODEL_ALIASES: ModelAliases = {
  'gemini-flash-lite': { provider: 'gemini', model: 'gemini-flash-lite-latest' },
  'gemini-flash': { provider: 'gemini', model: 'gemini-flash-latest' },
  'gemini-pro': { provider: 'gemini', model: 'gemini-pro-latest' },
  'claude-haiku': { provider: 'anthropic', model: 'claude-haiku-4-5-20251001' },
  'claude-sonnet': { provider: 'anthropic', model: 'claude-sonnet-4-6' },
  'claude-opus': { provider: 'anthropic', model: 'claude-opus-4-6' },
  local: { provider: 'lm-studio', model: 'auto-detect' },
}
