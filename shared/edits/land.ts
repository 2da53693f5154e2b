import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem, StagedFile } from '#shared/host/host'
import type { ChangeRecord } from './change-journal'
import type { EditProblem } from './change-set'
import { removeEmptied } from './empty-folders'
import { type FileImage, isSameImage, lookAt } from './file-image'
import { problemOfFile } from './project-file'

/** One path on its way from one image to another. */
export interface Landing {
  path: string
  before: FileImage
  after: FileImage
  /** Version of what is there; it must still be so when it is replaced. `undefined`: whatever is there. */
  version: string | undefined
}

/** As many files are written at once; the disk joins their fsyncs. */
const SIDE_BY_SIDE = 32

/**
 * Puts images in place: first every new content beside its target, durable, then one rename after the other. When one
 * cannot be placed, those before it are put back.
 *
 * @param record journalled and pending; names the temporary files
 * @param files confined to `root`
 */
export async function landEntries(
  landing: readonly Landing[],
  record: ChangeRecord,
  root: string,
  files: FileSystem,
): Promise<Result<void, EditProblem>> {
  const made = await makeFolders(record, root, files)
  const staged = made.ok ? await stageAll(landing, record, root, files) : made
  if (!staged.ok) {
    await clearAway(record, root, files)
    return staged
  }
  const placed: Landing[] = []
  // Removals first: a name may be free only then, on file systems that do not tell case apart.
  for (const entry of [...landing].sort(
    (a, b) => Number(a.after.kind !== 'absent') - Number(b.after.kind !== 'absent'),
  )) {
    const result = await place(entry, staged.value.get(entry.path), root, files)
    if (result.ok) {
      placed.push(entry)
      continue
    }
    const back = await putBack(placed, record, root, files)
    await clearAway(record, root, files)
    return back.ok ? fail(problemOfFile(result.error, entry.path)) : back
  }
  return syncFolders(landing, root, files)
}

/**
 * Ends a change set that was cut off: all files as before, or all as after it; temporary files and folders that nobody
 * needs go away. Files that are neither as before nor as after are somebody else's work and stay.
 *
 * @returns the paths that could not be brought there because something else is in their way by now
 */
export async function finishHalfLanded(
  record: ChangeRecord,
  outcome: 'old' | 'new',
  standing: readonly ('old' | 'new' | 'other')[],
  root: string,
  files: FileSystem,
): Promise<Result<string[], EditProblem>> {
  await removeTemporaries(record, root, files)
  const wrong = outcome === 'old' ? 'new' : 'old'
  const blocked: string[] = []
  for (const { path, before, after } of record.entries.filter((_, index) => standing[index] === wrong)) {
    const images = outcome === 'old' ? { before: after, after: before } : { before, after }
    const result = await replaceOne({ path, ...images, version: undefined }, record, root, files)
    if (result.ok) continue
    // What may pass is tried again at the next start; what will not pass must not block every start from now on.
    if (MAY_PASS.includes(result.error.kind)) return fail(problemOfFile(result.error, path))
    blocked.push(path)
  }
  if (outcome === 'old') await removeMadeFolders(record, root, files)
  const synced = await syncFolders(record.entries, root, files)
  return synced.ok ? ok(blocked) : synced
}

const MAY_PASS: readonly FileError['kind'][] = ['no-space', 'read-only', 'denied', 'busy']

/** Puts back what was placed, newest first. */
function putBack(placed: readonly Landing[], record: ChangeRecord, root: string, files: FileSystem) {
  const landing = placed.toReversed().map(({ path, before, after }): Landing => {
    return { path, before: after, after: before, version: undefined }
  })
  return replaceAll(landing, record, root, files)
}

async function replaceAll(
  landing: readonly Landing[],
  record: ChangeRecord,
  root: string,
  files: FileSystem,
): Promise<Result<void, EditProblem>> {
  for (const entry of landing) {
    const replaced = await replaceOne(entry, record, root, files)
    if (!replaced.ok) return fail(problemOfFile(replaced.error, entry.path))
  }
  return ok(undefined)
}

async function replaceOne(
  entry: Landing,
  record: ChangeRecord,
  root: string,
  files: FileSystem,
): Promise<Result<void, FileError>> {
  const folder = await makeFolder(dirname(entry.path), record, root, files)
  const staged = folder.ok ? await stageOne(entry, temporaryName(record, entry.path), root, files) : folder
  return staged.ok ? place(entry, staged.value, root, files) : staged
}

async function makeFolders(record: ChangeRecord, root: string, files: FileSystem): Promise<Result<void, EditProblem>> {
  for (const folder of [...record.madeFolders].sort((a, b) => a.length - b.length)) {
    const made = await makeFolder(folder, record, root, files)
    if (!made.ok) return fail(problemOfFile(made.error, folder))
  }
  return ok(undefined)
}

/** A folder that was removed when it became empty comes back with the permissions it had. */
async function makeFolder(
  folder: string,
  record: ChangeRecord,
  root: string,
  files: FileSystem,
): Promise<Result<void, FileError>> {
  if (folder === '.') return ok(undefined)
  const there = await files.lstat(join(root, folder))
  if (there.ok) return ok(undefined)
  const parent = await makeFolder(dirname(folder), record, root, files)
  if (!parent.ok) return parent
  const made = await files.makeFolder(join(root, folder))
  const mode = record.folderModes[folder]
  return made.ok && mode !== undefined ? files.setMode(join(root, folder), mode) : made
}

async function stageAll(
  landing: readonly Landing[],
  record: ChangeRecord,
  root: string,
  files: FileSystem,
): Promise<Result<Map<string, StagedFile>, EditProblem>> {
  const staged = new Map<string, StagedFile>()
  for (let at = 0; at < landing.length; at += SIDE_BY_SIDE) {
    const batch = landing.slice(at, at + SIDE_BY_SIDE)
    const results = await Promise.all(
      batch.map(entry => stageOne(entry, temporaryName(record, entry.path), root, files)),
    )
    for (const [index, result] of results.entries()) {
      const { path } = batch[index]!
      if (!result.ok) return fail(problemOfFile(result.error, path))
      if (result.value) staged.set(path, result.value)
    }
  }
  return ok(staged)
}

async function stageOne(
  entry: Landing,
  name: string,
  root: string,
  files: FileSystem,
): Promise<Result<StagedFile | undefined, FileError>> {
  const { after, path } = entry
  if (after.kind !== 'file') return ok(undefined)
  if (!after.bytes) return fail({ kind: 'too-large', path, message: 'its content was not kept' })
  const options = { temporaryName: name, ...(after.mode === undefined ? {} : { mode: after.mode }) }
  return files.stage(join(root, path), after.bytes, options)
}

/** A file with several names gets another version when one of them goes: then its content decides. */
async function place(
  entry: Landing,
  staged: StagedFile | undefined,
  root: string,
  files: FileSystem,
): Promise<Result<void, FileError>> {
  const placed = await placeVersion(entry, staged, root, files)
  if (placed.ok || placed.error.kind !== 'changed') return placed
  const seen = await lookAt(join(root, entry.path), files)
  if (!seen.ok || !isSameImage(seen.value.image, entry.before)) return placed
  return placeVersion({ ...entry, version: seen.value.version }, staged, root, files)
}

async function placeVersion(
  entry: Landing,
  staged: StagedFile | undefined,
  root: string,
  files: FileSystem,
): Promise<Result<void, FileError>> {
  const { path, before, after, version } = entry
  const absolute = join(root, path)
  if (staged && before.kind !== 'folder') return staged.commit(version)
  if (before.kind !== 'absent') {
    const removed = await removeUnchanged(absolute, version, files)
    if (!removed.ok) return removed
  }
  if (staged) return staged.commit('absent')
  if (after.kind === 'link') return files.symlink(after.target, absolute)
  if (after.kind === 'folder') {
    const made = await files.makeFolder(absolute)
    return made.ok ? files.setMode(absolute, after.mode) : made
  }
  // As git does.
  await removeEmptied(dirname(path), root, files)
  return ok(undefined)
}

async function removeUnchanged(
  absolute: string,
  version: string | undefined,
  files: FileSystem,
): Promise<Result<void, FileError>> {
  if (version !== undefined) {
    const stat = await files.lstat(absolute)
    if (!stat.ok) return stat
    if (stat.value.version !== version) return fail({ kind: 'changed', path: absolute, message: 'changed meanwhile' })
  }
  return files.remove(absolute)
}

async function clearAway(record: ChangeRecord, root: string, files: FileSystem): Promise<void> {
  await removeTemporaries(record, root, files)
  await removeMadeFolders(record, root, files)
}

async function removeTemporaries(record: ChangeRecord, root: string, files: FileSystem): Promise<void> {
  await Promise.all(
    record.entries.map(({ path }) => files.remove(join(root, dirname(path), temporaryName(record, path)))),
  )
}

async function removeMadeFolders(record: ChangeRecord, root: string, files: FileSystem): Promise<void> {
  for (const folder of record.madeFolders.toSorted((a, b) => b.length - a.length))
    await files.remove(join(root, folder))
}

/** The same in every process, so that whoever repairs finds it. */
function temporaryName(record: ChangeRecord, path: string): string {
  return `.kode-${record.id}-${record.entries.findIndex(entry => entry.path === path)}`
}

async function syncFolders(
  entries: readonly { path: string }[],
  root: string,
  files: FileSystem,
): Promise<Result<void, EditProblem>> {
  const folders = new Set<string>()
  for (const { path } of entries) {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      folders.add(folder)
      if (folder === '.') break
    }
  }
  const results = await Promise.all([...folders].map(folder => files.syncFolder(join(root, folder))))
  const failed = results.find(result => !result.ok && result.error.kind !== 'not-found')
  return failed && !failed.ok ? fail(problemOfFile(failed.error, failed.error.path)) : ok(undefined)
}
