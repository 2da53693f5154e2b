import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from 'node:fs'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, WalkedFile, WalkOptions } from '#shared/host/host'
import { fileError } from './file-error'

/** The event loop gets its turn this often; synchronous calls are ten times as fast as awaited ones. */
const SLICE_MS = 8

/** All files below a folder; see FileSystem.walk. */
export async function walkFiles(root: string, options: WalkOptions): Promise<WalkedFile[]> {
  const found: WalkedFile[] = []
  const folders = ['']
  const breathe = breather()
  while (folders.length > 0 && !options.signal?.aborted) {
    const folder = folders.pop() ?? ''
    const entries = listFolder(root, folder, options)
    const names = entries.map(entry => entry.name)
    const answer = options.enters(folder, names)
    if (!(typeof answer === 'boolean' ? answer : await answer)) continue
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) folders.push(path)
      else if (options.includes(path)) addFile(found, root, path)
    }
    await breathe()
  }
  return found
}

function listFolder(root: string, folder: string, { missed }: WalkOptions) {
  try {
    return readdirSync(folder === '' ? root : `${root}/${folder}`, { withFileTypes: true })
  } catch (error) {
    // The root itself must be there; below it, a folder that vanished or is closed to us has nothing to show.
    if (folder === '') throw error
    const problem = fileError(folder, error)
    missed?.(problem)
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
    changedNs: stat.ctimeNs,
  })
}

/** Reads many small files; see FileSystem.readMany. */
export async function readMany(
  paths: readonly string[],
  maxBytes: number,
  take: (path: string, read: Result<Uint8Array, FileError>) => void,
): Promise<void> {
  const breathe = breather()
  const room = new Uint8Array(ROOM_BYTES)
  for (const path of paths) {
    take(path, readSmall(path, maxBytes, room))
    await breathe()
  }
}

/** Nearly all sources fit. */
const ROOM_BYTES = 256 * 1024

/** @param room holds what is read, if it is large enough */
function readSmall(path: string, maxBytes: number, room: Uint8Array): Result<Uint8Array, FileError> {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    const stat = fstatSync(file)
    if (!stat.isFile()) return fail({ kind: 'special-file', path, message: 'is no plain file' })
    if (stat.size > maxBytes) return fail({ kind: 'too-large', path, message: `${stat.size} bytes` })
    if (stat.size >= room.length) return ok(readFileSync(file))
    const length = readInto(room, file)
    // One that grew meanwhile.
    return ok(length < room.length ? room.subarray(0, length) : readFileSync(path))
  } catch (error) {
    return fail(fileError(path, error))
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function readInto(room: Uint8Array, file: number): number {
  let length = 0
  for (let read = -1; read !== 0 && length < room.length; length += read)
    read = readSync(file, room, length, room.length - length, null)
  return length
}

/** Lets the event loop have its turn once a slice of time is used up. */
function breather(): () => Promise<void> | undefined {
  let sliceEndsAt = performance.now() + SLICE_MS
  return () => {
    if (performance.now() < sliceEndsAt) return undefined
    return new Promise(resolve => {
      setImmediate(() => {
        sliceEndsAt = performance.now() + SLICE_MS
        resolve()
      })
    })
  }
}
