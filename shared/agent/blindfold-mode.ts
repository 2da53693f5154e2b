import type { Settings } from '#shared/config/settings'
import type { BlindfoldMode } from '#shared/context/blindfold/blindfold'

/** What the user or the project's file asks for; undefined: nothing is masked. */
export function blindfoldModeOf({
  blindfold: chosen,
  project,
}: Pick<Settings, 'blindfold' | 'project'>): BlindfoldMode | undefined {
  if (chosen !== undefined) return chosen
  const { engine = {}, blindfold = {} } = project
  if (blindfold.mode !== undefined) return blindfold.mode === 'off' ? undefined : blindfold.mode
  return engine.blindfold_mode || blindfold.enabled ? 'identifiers' : undefined
}
