import { randomBytes } from 'node:crypto'
import {
  type BigIntStats,
  closeSync,
  constants,
  promises as fs,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileStat, FileSystem, StagedFile, StageOptions } from '#shared/host/host'
import { withFolderHeld } from './confined-path'
import { fileError } from './file-error'
import { lockFolder } from './folder-lock'
import { readMany, walkFiles } from './walk'

/**
 * The file system of this machine. What only looks or changes names is done at once: it takes microseconds, a detour
 * through the thread pool many times that. What may take long (contents, fsync, whole trees) is awaited.
 */
export function nodeFiles(): FileSystem {
  return filesAt(inPlace, undefined)
}

/** Hands `use` a path that means the same file as the given one, and means it until `use` is done. */
type PathHolder = <T>(path: string, use: (heldPath: string) => T | Promise<T>) => Promise<T>

const inPlace: PathHolder = async (path, use) => use(path)

/** @param confinedRoot set when links below it must not be followed */
function filesAt(hold: PathHolder, confinedRoot: string | undefined): FileSystem {
  /** Runs one operation; what Node throws becomes a value that names the path as the caller knows it. */
  const attempt = async <T>(path: string, use: (heldPath: string) => T | Promise<T>): Promise<Result<T, FileError>> => {
    try {
      return ok(await hold(path, use))
    } catch (error) {
      return fail(fileError(path, error))
    }
  }
  const noFollow = confinedRoot === undefined ? 0 : constants.O_NOFOLLOW

  const files: FileSystem = {
    read: (path, maxBytes = Number.POSITIVE_INFINITY) => attempt(path, held => readWhole(held, maxBytes, noFollow)),
    readRange: (path, start, length) => attempt(path, held => readRange(held, start, length, noFollow)),
    readMany: (paths, maxBytes, take) => readMany(paths, maxBytes, take),
    stat: path =>
      attempt(path, held => toFileStat((confinedRoot === undefined ? statSync : lstatSync)(held, { bigint: true }))),
    lstat: path => attempt(path, held => toFileStat(lstatSync(held, { bigint: true }))),
    list: path =>
      attempt(path, held => {
        const entries = readdirSync(confinedRoot === undefined ? held : `${held}/.`, { withFileTypes: true })
        return entries.map(entry => ({ name: entry.name, type: typeOf(entry) }))
      }),
    realpath: path =>
      attempt(path, held => {
        if (confinedRoot === undefined) return realpathSync.native(held)
        lstatSync(held)
        return path
      }),
    readLink: path => attempt(path, held => readlinkSync(held)),
    stage: (path, bytes, options = {}) => stage(path, bytes, options),
    async replace(path, bytes, mode) {
      const real = confinedRoot === undefined ? await files.realpath(path) : undefined
      const target = real?.ok ? real.value : path
      const folder = await files.makeFolder(dirname(target))
      if (!folder.ok) return folder
      const staged = await stage(target, bytes, { mode })
      if (!staged.ok) return staged
      const committed = await staged.value.commit()
      if (!committed.ok) {
        await staged.value.discard()
        return committed
      }
      return files.syncFolder(dirname(target))
    },
    syncFolder: path => attempt(path, held => syncPath(held, constants.O_DIRECTORY)),
    append: (path, bytes, durable = false) =>
      attempt(path, async held => {
        const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | noFollow
        await using file = await fs.open(held, flags)
        if (!(await file.stat()).isFile()) throw specialFile()
        await file.write(bytes)
        if (durable) await file.datasync()
      }),
    async makeFolder(path) {
      if (confinedRoot === undefined) return attempt(path, held => void mkdirSync(held, { recursive: true }))
      // One step at a time: a recursive mkdir would walk through links.
      for (const folder of foldersBetween(confinedRoot, path)) {
        const made = await attempt(folder, held => mkdirSync(held))
        if (made.ok || made.error.kind !== 'exists') {
          if (!made.ok) return made
          continue
        }
        const there = await files.lstat(folder)
        if (!there.ok) return there
        if (there.value.type !== 'directory') return fail({ ...made.error, kind: 'not-directory' })
      }
      return ok(undefined)
    },
    remove: (path, recursive = false) =>
      attempt(path, held => {
        if (recursive) return fs.rm(held, { recursive: true, maxRetries: REMOVE_TRIES, retryDelay: REMOVE_PAUSE_MS })
        return lstatSync(held).isDirectory() ? rmdirSync(held) : unlinkSync(held)
      }),
    rename: (from, to) => attempt(from, heldFrom => hold(to, heldTo => renameSync(heldFrom, heldTo))),
    symlink: (target, path) => attempt(path, held => symlinkSync(target, held)),
    setMode: (path, mode) =>
      attempt(path, async held => {
        // Through a descriptor: chmod on a path would follow a link.
        await using file = await fs.open(held, constants.O_RDONLY | constants.O_NONBLOCK | noFollow)
        await file.chmod(mode)
      }),
    walk: (folder, options) => attempt(folder, held => walkFiles(held, options)),
    lock: (folder, maxWaitMs) => lockFolder(folder, maxWaitMs),
    confinedTo: root => filesAt(confinedBelow(root), root),
  }

  async function stage(path: string, bytes: Uint8Array, options: StageOptions): Promise<Result<StagedFile, FileError>> {
    const temporary = join(dirname(path), options.temporaryName ?? `.kode-${randomBytes(8).toString('hex')}`)
    const written = await attempt(path, async held => {
      const existing = lstatSync(held, { throwIfNoEntry: false })
      if (existing?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
      await hold(temporary, heldTemporary => writeNew(heldTemporary, bytes, options, existing))
    })
    if (!written.ok) {
      await files.remove(temporary)
      return written
    }
    return ok({
      commit: expected => attempt(path, held => hold(temporary, from => putInPlace(from, held, expected))),
      async discard() {
        await files.remove(temporary)
      },
    })
  }

  return files
}

function confinedBelow(root: string): PathHolder {
  return (path, use) => {
    const steps = relative(root, path)
    if (steps === '..' || steps.startsWith(`..${sep}`)) {
      return Promise.reject(Object.assign(new Error(`not below ${root}`), { code: 'EACCES' }))
    }
    return withFolderHeld(root, steps === '' ? [] : steps.split(sep), use)
  }
}

/** A process that is just ending may still put files into a folder that is removed. */
const REMOVE_TRIES = 5
/** Grows with each try. */
const REMOVE_PAUSE_MS = 40

/** Up to this size reading at once is quicker than asking the thread pool. */
const SMALL_BYTES = 512 * 1024

async function readWhole(path: string, maxBytes: number, noFollow: number): Promise<Uint8Array> {
  // Not blocking: opening a FIFO would otherwise wait for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | noFollow
  const descriptor = openSync(path, flags)
  try {
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    if (!stat.isFile()) throw specialFile()
    if (stat.size > maxBytes) {
      throw Object.assign(new Error(`${stat.size} bytes, more than ${maxBytes}`), { code: 'EFBIG' })
    }
    if (stat.size <= SMALL_BYTES) return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  await using file = await fs.open(path, flags)
  return file.readFile()
}

function specialFile(): Error {
  return Object.assign(new Error('is a device, pipe or socket'), { code: 'ESPECIAL' })
}

async function readRange(path: string, start: number, length: number, noFollow: number): Promise<Uint8Array> {
  await using file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK | noFollow)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start)
  return buffer.subarray(0, bytesRead)
}

interface Ownership {
  mode: number
  uid: number
  gid: number
}

async function writeNew(
  path: string,
  bytes: Uint8Array,
  { mode, isDurable = true }: StageOptions,
  like: Ownership | undefined,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  await using file = await fs.open(path, flags, mode ?? 0o666)
  await file.writeFile(bytes)
  const own = await file.stat()
  if (like && (like.uid !== own.uid || like.gid !== own.gid)) await giveTo(file, like)
  const wanted = mode ?? (like === undefined ? undefined : like.mode & 0o7777)
  if (wanted !== undefined) await file.chmod(wanted)
  if (isDurable) await file.sync()
}

/** Only root may give a file away; for others it becomes theirs, as with every editor that replaces files. */
async function giveTo(file: fs.FileHandle, owner: Ownership): Promise<void> {
  try {
    await file.chown(owner.uid, owner.gid)
  } catch (error) {
    if (fileError('', error).kind !== 'denied') throw error
  }
}

function putInPlace(from: string, to: string, expected: string | undefined): void {
  if (expected === 'absent') {
    putWhereNothingIs(from, to)
    return
  }
  if (expected !== undefined) {
    const current = toFileStat(lstatSync(to, { bigint: true }))
    if (current.version !== expected) throw Object.assign(new Error('changed meanwhile'), { code: 'ECHANGED' })
  }
  renameSync(from, to)
}

/** A hard link fails where a file is, a rename would replace it. */
function putWhereNothingIs(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    const kind = fileError(to, error).kind
    if (kind === 'exists' || kind === 'not-found' || kind === 'no-space') throw error
    // A file system without hard links.
    if (lstatSync(to, { throwIfNoEntry: false })) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    renameSync(from, to)
    return
  }
  unlinkSync(from)
}

async function syncPath(path: string, flags: number): Promise<void> {
  await using file = await fs.open(path, constants.O_RDONLY | flags)
  await file.sync()
}

/** The folders to make, outermost first, so that `path` exists below `root`. */
function foldersBetween(root: string, path: string): string[] {
  const steps = relative(root, path).split(sep).filter(Boolean)
  return steps.map((_, index) => join(root, ...steps.slice(0, index + 1)))
}

function toFileStat(stat: BigIntStats): FileStat {
  return {
    type: typeOf(stat),
    size: Number(stat.size),
    mtimeMs: Number(stat.mtimeNs / 1_000_000n),
    mode: Number(stat.mode) & 0o7777,
    version: `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
    changedNs: stat.ctimeNs,
  }
}

function typeOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileStat['type'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  return entry.isSymbolicLink() ? 'symlink' : 'other'
}
