import type { ChangeEngine } from '#shared/agent/change-engine'
import { blindfoldModeOf, openBlindfold } from '#shared/agent/open-blindfold'
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
  { root, files, signal }: Pick<CommandContext, 'root' | 'files' | 'signal'>,
): Promise<(provider: Provider) => Provider> {
  const mode = blindfoldModeFrom(args, settings)
  if (mode === undefined) return provider => provider
  const [{ BlindfoldProvider }, project] = await Promise.all([
    import('#shared/context/blindfold/provider'),
    engine.project(signal),
  ])
  const blindfold = await openBlindfold(mode, ownTexts, { root, files, ...project })
  return provider => new BlindfoldProvider(provider, blindfold)
}

/** The flag goes before the project's file. */
export function blindfoldModeFrom(args: CommandArgs, settings: Settings): BlindfoldMode | undefined {
  const wanted = textFlag(args, 'blindfold')
  if (wanted === undefined) return blindfoldModeOf(settings)
  if (wanted === 'identifiers' || wanted === 'strict') return wanted
  throw new CommandFailure(`--blindfold wants identifiers or strict, not "${wanted}"`, EXIT.usage)
}
