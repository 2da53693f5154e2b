import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import type { WalkedFile, WalkOptions } from '#shared/host/host'
import { fileError } from './file-error'

/** The event loop gets its turn this often; synchronous calls are ten times as fast as awaited ones. */
const SLICE_MS = 8

/** All files below a folder; see FileSystem.walk. */
export async function walkFiles(root: string, options: WalkOptions): Promise<WalkedFile[]> {
  const found: WalkedFile[] = []
  const folders = ['']
  let sliceEndsAt = performance.now() + SLICE_MS
  while (folders.length > 0 && !options.signal?.aborted) {
    const folder = folders.pop() ?? ''
    const entries = listFolder(root, folder)
    if (
      !options.enters(
        folder,
        entries.map(entry => entry.name),
      )
    )
      continue
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) folders.push(path)
      else if (options.includes(path)) addFile(found, root, path)
    }
    if (performance.now() > sliceEndsAt) {
      await new Promise(resolve => setImmediate(resolve))
      sliceEndsAt = performance.now() + SLICE_MS
    }
  }
  return found
}

function listFolder(root: string, folder: string) {
  try {
    return readdirSync(folder === '' ? root : `${root}/${folder}`, { withFileTypes: true })
  } catch (error) {
    // The root itself must be there; below it, a folder that vanished or is closed to us has nothing to show.
    if (folder === '') throw error
    fileError(folder, error)
    return []
  }
}

function addFile(found: WalkedFile[], root: string, path: string): void {
  const stat: BigIntStats | undefined = lstatSync(`${root}/${path}`, { bigint: true, throwIfNoEntry: false })
  if (!stat) return
  found.push({
    path,
    type: stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'symlink' : 'other',
    size: Number(stat.size),
    mode: Number(stat.mode) & 0o7777,
    version: `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
  })
}
