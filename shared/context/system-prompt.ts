import systemText from './prompts/system.md'

export interface SystemPromptParts {
  /** Who it is, where that is not kode itself. */
  text?: string
  /** Absolute project folder. */
  root: string
  platform: string
  model: string
  /** Project and user instructions, already framed by their source. */
  instructions: string
}

/** The system prompt of a session. It stays the same for the whole session, so that providers can cache it. */
export function systemPrompt(parts: SystemPromptParts): string {
  return [
    parts.text ?? systemText.trim(),
    `Project folder: ${parts.root}\nPlatform: ${parts.platform}\nModel: ${parts.model}`,
    parts.instructions,
  ]
    .filter(text => text !== '')
    .join('\n\n')
}
