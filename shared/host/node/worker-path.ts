import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The file of a thread's program, such as `pdf-worker`: among the sources, or beside a bundle or its chunks. */
export function workerPath(name: string): string {
  const here = import.meta.dirname
  const places = [join(here, `${name}.ts`), join(here, `${name}.mjs`), join(here, `../${name}.mjs`)]
  const found = places.find(existsSync)
  if (found === undefined) throw new Error(`${name} is missing from the package`)
  return found
}
