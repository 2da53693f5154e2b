import { readdirSync } from 'node:fs'
import { isInside } from '#shared/host/inside'
import type { View } from './view'

/** What programs come with. Everywhere else people and daemons keep their files, and listen at socket files. */
const OF_PROGRAMS = [
  ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/usr', '/etc', '/opt', '/nix', '/gnu'],
  // The sandbox has its own.
  ...['/dev', '/proc', '/run', '/sys', '/tmp'],
]

/** Whether a browser at this path could start where it sees only what programs come with. */
export function isSeenByBrowser(path: string): boolean {
  return OF_PROGRAMS.some(folder => isInside(path, folder))
}

/**
 * The view of a browser, which cannot start without socket files: nobody of whom it could ask something listens in it.
 *
 * @param others more that it must not see
 */
export function browserView(view: View, others: readonly string[]): View {
  const foreign = readdirSync('/', { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !OF_PROGRAMS.includes(`/${entry.name}`))
    .map(entry => `/${entry.name}`)
  const covered = others.filter(folder => !foreign.some(each => isInside(folder, each)))
  return { ...view, protected: [], hiddenFolders: [...foreign, ...covered], hiddenFiles: [] }
}
