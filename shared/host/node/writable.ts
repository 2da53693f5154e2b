import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Whether a folder can be written, or made where it is missing. */
export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch (error) {
    return codeOf(error) === 'ENOENT' && canBeMade(folder)
  }
}

/** Permissions do not tell: file systems of the kernel and of servers refuse what they seem to allow, so it is tried. */
function canBeMade(folder: string): boolean {
  const parent = dirname(folder)
  try {
    rmdirSync(mkdtempSync(join(parent, '.kode-')))
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !existsSync(parent)) return canBeMade(parent)
    // A full disk is told of by whoever writes.
    return codeOf(error) === 'ENOSPC'
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** A new folder for this process alone; removed when the process ends in good order. */
export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
