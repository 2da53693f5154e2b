import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { newId } from '#shared/base/ids'
import { storeFailure } from './failure'

/** A new file of mode 0600, on the disk before this returns; its name in the folder is not, see `syncFolder`. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a folder of mode 0700, and those it is in, so that their names survive a power cut. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made))
}

/** Makes new and removed names of a folder durable, where the system can. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces a file durably by a temporary file and rename: a reader sees the old one or the new one. Mode 0600. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const made = `${path}.${newId()}.tmp`
  try {
    writeDurably(made, bytes)
    renameSync(made, path)
    syncFolder(dirname(path))
  } catch (thrown) {
    rmSync(made, { force: true })
    throw storeFailure(thrown, path)
  }
}
