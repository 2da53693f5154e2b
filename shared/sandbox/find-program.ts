import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { isInside } from '#shared/host/inside'

/**
 * The absolute path of a program that is to run outside the sandbox. Relative folders of PATH and those of the project
 * do not count: a project could bring its own.
 *
 * @param isFine whether one will do; the first such is taken
 */
export function findProgram(
  name: string,
  path: string | undefined,
  root: string,
  isFine: (path: string) => boolean = () => true,
): string | undefined {
  const folders = (path ?? '').split(delimiter).filter(folder => isAbsolute(folder) && !isInside(folder, root))
  const places = [...folders, '/usr/bin', '/bin'].map(folder => join(folder, name))
  return places.find(place => isExecutable(place) && isFine(place))
}

/** Whether there is a program at a path. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
