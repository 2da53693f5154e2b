import { closeSync, constants, openSync, readFileSync } from 'node:fs'

/**
 * A text where commands may put anything; empty where there is none that could be read now. A pipe is not waited for: who made it may
 * never write.
 */
export function readText(path: string): string {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
