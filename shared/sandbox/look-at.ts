import { lstatSync, type Stats } from 'node:fs'

/** What is at a path where commands may put anything; `undefined` for nothing, also where the way to it is no folder. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}
