import { shellWord } from '#shared/base/shell-word'
import type { ProjectState } from './change-states'

/** Also those that `*` leaves out. */
const NAMES = ['*', '.bin', '.pnpm', '.package-lock.json', '.modules.yaml']

/**
 * A shell line that shows the installed packages of a project in a copy of it, one by one: tools keep what they make in a folder beside
 * them, such as node_modules/.vite, and it has to be their own.
 */
export async function linkPackages(state: ProjectState): Promise<string> {
  const installed = await state.realPath('node_modules')
  if (installed === undefined) return ':'
  const linked = NAMES.map(name => `${shellWord(installed)}/${name}`).join(' ')
  return `{ mkdir node_modules && ln -s ${linked} node_modules/; } 2>/dev/null`
}
