import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { isInside } from '#shared/host/inside'

/**
 * The absolute path of a program that is to run outside the sandbox. Relative folders of PATH and those of the project
 * do not count: a project could bring its own.
 */
export function findProgram(name: string, path: string | undefined, root: string): string | undefined {
  const folders = (path ?? '').split(delimiter).filter(folder => isAbsolute(folder) && !isInside(folder, root))
  return [...folders, '/usr/bin', '/bin'].map(folder => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
