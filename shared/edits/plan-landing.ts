import { basename, dirname } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import type { EditProblem, FileChange } from './change-set'
import { ABSENT, type FileImage, fileImage, lookAt } from './file-image'
import type { Landing } from './land'
import { problemOfFile } from './project-file'
import { resolveInProject } from './project-path'
import { decodeText, encodeText, hashOf, newFileFormat } from './text-file'

/** A file as it is when its change set has landed. */
export interface WrittenFile {
  /** Relative to the project, with forward slashes. */
  path: string
  absolute: string
  status: 'created' | 'modified' | 'deleted' | 'renamed'
  oldPath?: string
  /** Of the new bytes; absent for a deleted file. */
  hash?: string
  /** Size of the new file; 0 for a deleted one. */
  bytes: number
}

/** What a change set comes to. */
interface Plan {
  landing: Landing[]
  written: WrittenFile[]
}

/** A file without one of these was locked by somebody; a rename would go around that. */
const WRITE_BITS = 0o222

/** A path while the changes of a set are thought through one after the other. */
interface PathState extends Landing {
  absolute: string
}

/**
 * Thinks the changes of a set through, one after the other, against the files as they are now: each is as it was read, each
 * path leads into the project.
 *
 * @param root absolute, links resolved
 */
export async function planEntries(
  changes: readonly FileChange[],
  root: string,
  files: FileSystem,
): Promise<Result<Plan, EditProblem>> {
  const states = new Map<string, PathState>()
  const written: WrittenFile[] = []
  for (const change of changes) {
    const planned = await planOne(change, states, root, files)
    if (!planned.ok) return planned
    written.push(planned.value)
  }
  const landing = [...states.values()].filter(state => state.before !== state.after)
  const clash = await caseClash(landing, files)
  return clash ? fail(clash) : ok({ landing, written })
}

async function planOne(
  change: FileChange,
  states: Map<string, PathState>,
  root: string,
  files: FileSystem,
): Promise<Result<WrittenFile, EditProblem>> {
  const target = await stateOf(change.path, states, root, files, change.kind === 'delete' ? 'keep' : 'follow')
  if (!target.ok) return target
  const { path, absolute } = target.value
  if (change.kind === 'create') {
    if (target.value.after.kind !== 'absent') {
      return fail(problemOfFile({ kind: 'exists', path: absolute, message: '' }, change.path))
    }
    const bytes = encoded(change, undefined)
    if (!bytes.ok) return bytes
    target.value.after = fileImage(bytes.value, change.mode)
    return ok({ path, absolute, status: 'created', ...sizeOf(target.value.after) })
  }

  const source = change.kind === 'rename' ? await stateOf(change.oldPath ?? '', states, root, files, 'keep') : target
  if (!source.ok) return source
  const stale = staleness(change, source.value.after)
  if (stale) return fail(stale)
  const before = source.value.after
  if (change.kind === 'modify' && before.kind === 'file' && ((before.mode ?? WRITE_BITS) & WRITE_BITS) === 0) {
    return fail({
      kind: 'denied',
      path,
      message: `${path} is read-only. Make it writable first, or leave it as it is.`,
    })
  }
  if (change.kind === 'delete') {
    target.value.after = ABSENT
    return ok({ path, absolute, status: 'deleted', bytes: 0 })
  }
  if (change.kind === 'rename' && target.value !== source.value && target.value.after.kind !== 'absent') {
    return fail(problemOfFile({ kind: 'exists', path: absolute, message: '' }, change.path))
  }
  const after = changedImage(change, before)
  if (!after.ok) return after
  source.value.after = ABSENT
  target.value.after = after.value
  if (change.kind === 'modify') return ok({ path, absolute, status: 'modified', ...sizeOf(after.value) })
  return ok({ path, absolute, status: 'renamed', oldPath: source.value.path, ...sizeOf(after.value) })
}

function sizeOf(image: FileImage): { hash?: string; bytes: number } {
  return image.kind === 'file' ? { hash: image.hash, bytes: image.size } : { bytes: 0 }
}

async function stateOf(
  path: string,
  states: Map<string, PathState>,
  root: string,
  files: FileSystem,
  lastLink: 'follow' | 'keep',
): Promise<Result<PathState, EditProblem>> {
  const place = await resolveInProject(root, path, files, lastLink)
  if (!place.ok) return place
  const known = states.get(place.value.path)
  if (known) return ok(known)
  const seen = await lookAt(place.value.absolute, files.confinedTo(root))
  if (!seen.ok) return fail(problemOfFile(seen.error, path))
  const { image, version } = seen.value
  // A folder gets another version with every file that goes; its removal fails anyway while one is left.
  const state = { ...place.value, before: image, after: image, version: image.kind === 'folder' ? undefined : version }
  states.set(place.value.path, state)
  return ok(state)
}

/** Why a file is not the one the change was made for. */
function staleness(change: FileChange, current: FileImage): EditProblem | undefined {
  const path = change.oldPath ?? change.path
  if (current.kind === 'absent') {
    return change.kind === 'delete'
      ? problemOfFile({ kind: 'not-found', path, message: '' }, path)
      : { kind: 'stale', path, message: `${path} was removed since it was read. Look again, then repeat the edit.` }
  }
  if (current.kind === 'folder') {
    if (change.kind === 'delete' && change.base === undefined) return undefined
    return problemOfFile({ kind: 'is-directory', path, message: '' }, path)
  }
  if (current.kind === 'link') {
    return hashOf(Buffer.from(current.target)) === change.base?.hash
      ? undefined
      : problemOfFile({ kind: 'changed', path, message: '' }, path)
  }
  const isSame = change.base ? change.base.hash === current.hash : textOf(current) === change.before
  return isSame ? undefined : problemOfFile({ kind: 'changed', path, message: '' }, path)
}

function textOf(image: FileImage): string | undefined {
  return image.kind === 'file' && image.bytes ? decodeText(image.bytes)?.text : undefined
}

function changedImage(change: FileChange, before: FileImage): Result<FileImage, EditProblem> {
  if (before.kind !== 'file') return ok(before)
  const mode = change.mode ?? before.mode
  if (change.after === undefined || (change.after === change.before && change.format === undefined)) {
    return ok({ ...before, ...(mode === undefined ? {} : { mode }) })
  }
  const bytes = encoded(change, before.bytes)
  return bytes.ok ? ok(fileImage(bytes.value, mode)) : bytes
}

function encoded(change: FileChange, current: Uint8Array | undefined): Result<Uint8Array, EditProblem> {
  const text = change.after ?? ''
  const format =
    change.format ?? change.base ?? (current ? decodeText(current)?.base : undefined) ?? newFileFormat(text)
  const bytes = encodeText(text, format)
  if (bytes.ok) return bytes
  const character = JSON.stringify(bytes.error.character)
  const message = `${change.path} is encoded in ${format.encoding}, which has no ${character}. Use other characters.`
  return fail({ kind: 'other', path: change.path, message })
}

/** A new name that differs only in case from one that is there: on other machines the two would be one file. */
async function caseClash(landing: readonly PathState[], files: FileSystem): Promise<EditProblem | undefined> {
  const removed = new Set(landing.filter(state => state.after.kind === 'absent').map(state => state.path))
  const created = landing.filter(state => state.before.kind === 'absent')
  const namesByFolder = new Map<string, string[]>()
  for (const { path, absolute } of created) {
    const folder = dirname(absolute)
    let names = namesByFolder.get(folder)
    if (!names) {
      const listed = await files.list(folder)
      names = listed.ok ? listed.value.map(entry => entry.name) : []
      namesByFolder.set(folder, names)
    }
    const name = basename(path)
    const twin = names.find(each => each !== name && each.toLowerCase() === name.toLowerCase())
    names.push(name)
    if (twin === undefined) continue
    const twinPath = path.slice(0, path.length - name.length) + twin
    if (removed.has(twinPath)) continue
    const message = `${path} differs from ${twinPath} only in upper and lower case; on many machines they are one file. Choose another name.`
    return { kind: 'file-exists', path, message }
  }
  return undefined
}
