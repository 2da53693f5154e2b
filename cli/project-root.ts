import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from './args'

/** The project folder, absolute and with links resolved; the current one by default. */
export function projectRoot(given: string | undefined): string {
  const path = resolve(given ?? '.')
  try {
    if (statSync(path).isDirectory()) return realpathSync(path)
  } catch {
    throw new UsageError(`the project folder ${path} does not exist`)
  }
  throw new UsageError(`${path} is not a folder`)
}
