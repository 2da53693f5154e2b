import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isInside } from '#shared/host/inside'
import type { View } from './view'

/** What programs come with. Everywhere else people and daemons keep their files, and listen at socket files. */
const OF_PROGRAMS = [
  ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/usr', '/etc', '/opt', '/nix', '/gnu'],
]
/** Of these the sandbox has its own. */
const OWN = ['/dev', '/proc', '/run', '/sys', '/tmp', '/var/tmp']
/** Where a daemon listens among programs. */
const OF_DAEMONS = ['/nix/var']

/** Whether a program could start where a browser sees only what programs come with: it, and all that leads to it. */
export function isSeenByBrowser(path: string): boolean {
  try {
    return isIn(OF_PROGRAMS, realpathSync(path)) && isWaySeen(path)
  } catch {
    return false // there is no such file
  }
}

function isWaySeen(path: string): boolean {
  const place = join(realpathSync(dirname(path)), basename(path))
  if (!isIn(OF_PROGRAMS, path) || !isIn(OF_PROGRAMS, place)) return false
  return !lstatSync(place).isSymbolicLink() || isWaySeen(resolve(dirname(place), readlinkSync(place)))
}

/**
 * The view of a browser, which cannot start without socket files: it sees none at which somebody listens whom it could ask something.
 *
 * @param others more folders that it must not see
 * @param temporary of its own: what commands prepare for it in theirs, such as a file with options, it must not find
 * @param sockets at which somebody may listen: that a file cannot be written keeps nobody from asking there
 */
export function browserView(
  view: View,
  others: readonly string[],
  temporary: string,
  sockets: readonly string[],
): View {
  const foreign = readdirSync('/', { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !OF_PROGRAMS.includes(`/${entry.name}`) && !OWN.includes(`/${entry.name}`))
    .map(entry => `/${entry.name}`)
  const isSeen = (path: string) => !isIn(foreign, path) && !isIn(OWN, path)
  const folders = [...OF_DAEMONS.filter(existsSync), ...others, ...view.hiddenFolders].filter(isSeen)
  const outermost = folders.filter(path => !folders.some(each => each !== path && isInside(path, each)))
  const hiddenFolders = [...foreign, ...new Set(outermost)]
  const hiddenFiles = [...view.hiddenFiles, ...sockets].filter(path => isSeen(path) && !isIn(hiddenFolders, path))
  return { writable: [], temporary, protected: [], hiddenFolders, hiddenFiles: [...new Set(hiddenFiles)] }
}

function isIn(folders: readonly string[], path: string): boolean {
  return folders.some(folder => isInside(path, folder))
}
