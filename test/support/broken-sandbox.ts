import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A machine on which no sandbox works. @returns its environment */
export function breakSandbox(root: string): { PATH: string } {
  const folder = join(root, '../bin')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\nexit 1\n')
  chmodSync(join(folder, 'bwrap'), 0o755)
  return { PATH: `${folder}:${process.env.PATH}` }
}
