import { blindfoldModeOf } from '#shared/agent/blindfold-mode'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { vocabularySource } from '#shared/agent/vocabulary-source'
import type { Settings } from '#shared/config/settings'
import type { BlindfoldMode } from '#shared/context/blindfold/blindfold'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Provider } from '#shared/providers/provider'
import { type CommandArgs, type CommandContext, CommandFailure, textFlag } from '../command'

export const BLINDFOLD_OPTION = {
  type: 'string',
  value: 'MODE',
  help: 'identifiers: the model sees no name of the project; strict: nor what comments and strings say',
} as const

/**
 * What hides the project's words from every model that a command asks; where that is not wanted, nothing.
 *
 * @param ownTexts what kode itself says to them
 */
export async function blindfolding(
  args: CommandArgs,
  settings: Settings,
  ownTexts: readonly string[],
  engine: ChangeEngine,
  { env, processes }: Pick<CommandContext, 'env' | 'processes'>,
): Promise<(provider: Provider) => Provider> {
  const mode = blindfoldModeFrom(args, settings)
  if (mode === undefined) return provider => provider
  const { ProjectBlindfold } = await import('#shared/agent/project-blindfold')
  const blindfold = new ProjectBlindfold(mode, () => ownTexts, vocabularySource(engine.code, env, processes))
  return provider => blindfold.hide(provider)
}

/** The flag goes before the project's file. */
export function blindfoldModeFrom(args: CommandArgs, settings: Settings): BlindfoldMode | undefined {
  const wanted = textFlag(args, 'blindfold')
  if (wanted === undefined) return blindfoldModeOf(settings)
  if (wanted === 'identifiers' || wanted === 'strict') return wanted
  throw new CommandFailure(`--blindfold wants identifiers or strict, not "${wanted}"`, EXIT.usage)
}
