import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import {
  ChangeJournal,
  type ChangeRecord,
  type NewRecord,
  type RecordEntry,
  type RecordName,
  type TurnOfRecord,
  turnKeyOf,
} from './change-journal'
import type { ChangeSet, EditProblem, FileChange } from './change-set'
import { ABSENT, type FileImage, fileImage, isSameImage, lookAt } from './file-image'
import { finishHalfLanded, type Landing, landEntries } from './land'
import { problemOfFile } from './project-file'
import { resolveInProject } from './project-path'
import { decodeText, encodeText, hashOf, newFileFormat } from './text-file'

/** The way into the workspace. */
export interface Door {
  /** Absolute, links resolved: the project. */
  root: string
  files: FileSystem
  /** Where before-images are kept, of this project only; see `journalFolderFor`. */
  journalFolder: string
  /** Milliseconds since 1970. */
  now(): number
}

/** Whose doing a change is; all changes with one `turnId` are undone together. */
export interface Cause {
  turnId: string
  sessionId?: string
  /** For people, such as the prompt's first line. */
  title: string
}

/** What was written. */
export interface WrittenFiles {
  /** Of the record in the journal. */
  id: string
  /** The number that `undo` knows the turn by. */
  turn: number
  files: WrittenFile[]
  /** Change sets of a crashed process that were repaired first. */
  repaired: Repaired[]
}

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

/** Where the journal of a project is, below the folder in which kode keeps its state. */
export function journalFolderFor(stateFolder: string, root: string): string {
  const name = basename(root)
    .replace(/[^\w.-]/g, '_')
    .slice(0, 40)
  return join(stateFolder, 'changes', `${name}-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`)
}

/**
 * THE ONE DOOR to workspace files. Writes a change set as a whole: every file is as it was read, every path leads into
 * the project, the before-images are on the disk; then all files change, or none.
 */
export async function writeChanges(
  changes: ChangeSet,
  door: Door,
  cause: Cause = { turnId: changes.id, title: '' },
): Promise<Result<WrittenFiles, EditProblem>> {
  return withJournal(door, async (journal, records, repaired) => {
    const planned = await planEntries(changes.files, door)
    if (!planned.ok) return planned
    const record = {
      kind: 'change' as const,
      turn: turnFor(cause, records),
      at: door.now(),
      entries: planned.value.landing.map(({ path, before, after }) => ({ path, before, after })),
      targets: [],
    }
    const landed = await landRecord(record, planned.value.landing, door, journal, records)
    if (!landed.ok) return landed
    return ok({ id: landed.value.id, turn: record.turn.number, files: planned.value.written, repaired })
  })
}

/** How a change set that a crash had interrupted was brought to an end. */
export interface Repaired {
  id: string
  turn: number
  title: string
  /** What the files are now: as before the change, or as after it. */
  outcome: 'old' | 'new'
  /** Some files had changed and others had not. */
  wasMidWay: boolean
  paths: string[]
  /** Files that somebody changed since; they were left alone. */
  kept: string[]
  /** For people. */
  message: string
}

/**
 * Brings change sets of dead processes to an end; to be called at every start, before anything else. Costs one
 * directory listing when there is nothing to do.
 *
 * @param preferred where a set was cut off half-way: back to the `old` files (redo brings the new ones), or on to the `new`
 */
export async function recoverInterrupted(
  door: Door,
  preferred: 'old' | 'new' = 'old',
): Promise<Result<Repaired[], EditProblem>> {
  const journal = new ChangeJournal(door.journalFolder, door.files)
  const records = await journal.names()
  if (!records.ok) return fail(problemOfFile(records.error, door.journalFolder))
  if (!records.value.some(record => record.state === 'pending')) return ok([])
  return withJournal(door, async (_journal, _records, repaired) => ok(repaired), preferred)
}

/** Runs something while no other process writes in this project, and after what others left half-done is repaired. */
export async function withJournal<T>(
  door: Door,
  use: (journal: ChangeJournal, records: RecordName[], repaired: Repaired[]) => Promise<Result<T, EditProblem>>,
  preferred: 'old' | 'new' = 'old',
): Promise<Result<T, EditProblem>> {
  const journal = new ChangeJournal(door.journalFolder, door.files)
  const lock = await journal.lock()
  if (!lock.ok) return fail(problemOfFile(lock.error, door.journalFolder))
  try {
    const records = await journal.tidy()
    if (!records.ok) return fail(problemOfFile(records.error, door.journalFolder))
    const settled: RecordName[] = []
    const repaired: Repaired[] = []
    for (const record of records.value) {
      if (record.state !== 'pending') {
        settled.push(record)
        continue
      }
      // We have the lock, so whoever began it is dead.
      const repair = await repairRecord(record, door, journal, preferred)
      if (!repair.ok) return repair
      if (repair.value.record) settled.push(repair.value.record)
      repaired.push(repair.value.report)
    }
    return await use(journal, settled, repaired)
  } finally {
    await lock.value()
  }
}

/**
 * Journals and lands entries; afterwards the record says `done`.
 *
 * @param record its `folderModes`: permissions that folders had which are gone, in case one is made again
 */
export async function landRecord(
  record: Omit<NewRecord, 'madeFolders' | 'folderModes'> & Partial<Pick<NewRecord, 'folderModes'>>,
  landing: readonly Landing[],
  door: Door,
  journal: ChangeJournal,
  earlier: readonly RecordName[],
): Promise<Result<ChangeRecord, EditProblem>> {
  const files = door.files.confinedTo(door.root)
  const folders = await foldersAround(landing, door.root, files)
  const folderModes = { ...record.folderModes, ...folders.folderModes }
  const begun = await journal.begin({ ...record, ...folders, folderModes }, earlier)
  if (!begun.ok) return fail(problemOfFile(begun.error, 'the journal of changes'))
  const landed = await landEntries(landing, begun.value, door.root, files)
  if (!landed.ok) {
    await journal.forget(begun.value)
    return landed
  }
  const settled = await journal.settle(begun.value, 'done')
  return settled.ok ? settled : fail(problemOfFile(settled.error, 'the journal of changes'))
}

/** The turn a change belongs to: the one with the same id, or the next. */
export function turnFor(cause: Cause, records: readonly RecordName[]): TurnOfRecord {
  const { turnId, sessionId, title } = cause
  const key = turnKeyOf(turnId)
  const same = records.findLast(record => record.turnKey === key)
  const last = Math.max(0, ...records.map(record => record.turnNumber))
  const number = same?.turnNumber ?? last + 1
  return { number, id: turnId, title, ...(sessionId === undefined ? {} : { sessionId }) }
}

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

async function planEntries(changes: readonly FileChange[], door: Door): Promise<Result<Plan, EditProblem>> {
  const states = new Map<string, PathState>()
  const written: WrittenFile[] = []
  for (const change of changes) {
    const planned = await planOne(change, states, door)
    if (!planned.ok) return planned
    written.push(planned.value)
  }
  const landing = [...states.values()].filter(state => state.before !== state.after)
  const clash = await caseClash(landing, door)
  return clash ? fail(clash) : ok({ landing, written })
}

async function planOne(
  change: FileChange,
  states: Map<string, PathState>,
  door: Door,
): Promise<Result<WrittenFile, EditProblem>> {
  const target = await stateOf(change.path, states, door, change.kind === 'delete' ? 'keep' : 'follow')
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

  const source = change.kind === 'rename' ? await stateOf(change.oldPath ?? '', states, door, 'keep') : target
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
  door: Door,
  lastLink: 'follow' | 'keep',
): Promise<Result<PathState, EditProblem>> {
  const place = await resolveInProject(door.root, path, door.files, lastLink)
  if (!place.ok) return place
  const known = states.get(place.value.path)
  if (known) return ok(known)
  const seen = await lookAt(place.value.absolute, door.files.confinedTo(door.root))
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
async function caseClash(landing: readonly PathState[], door: Door): Promise<EditProblem | undefined> {
  const removed = new Set(landing.filter(state => state.after.kind === 'absent').map(state => state.path))
  const created = landing.filter(state => state.before.kind === 'absent')
  const namesByFolder = new Map<string, string[]>()
  for (const { path, absolute } of created) {
    const folder = dirname(absolute)
    let names = namesByFolder.get(folder)
    if (!names) {
      const listed = await door.files.list(folder)
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

/** What must be known of folders to put everything back: those that will be made, and those that may become empty. */
async function foldersAround(landing: readonly Landing[], root: string, files: FileSystem) {
  const madeFolders = new Set<string>()
  const folderModes: Record<string, number> = {}
  for (const { path, before, after } of landing) {
    for (const folder of parentsOf(path)) {
      if (madeFolders.has(folder) || folderModes[folder] !== undefined) continue
      const stat = await files.lstat(join(root, folder))
      if (stat.ok && before.kind !== 'absent') folderModes[folder] = stat.value.mode
      if (!stat.ok && after.kind !== 'absent') madeFolders.add(folder)
    }
  }
  return { madeFolders: [...madeFolders], folderModes }
}

/** Folders above a path, innermost first, without the project itself. */
function parentsOf(path: string): string[] {
  const steps = path.split('/').slice(0, -1)
  return steps.map((_, index) => steps.slice(0, steps.length - index).join('/'))
}

async function repairRecord(
  name: RecordName,
  door: Door,
  journal: ChangeJournal,
  preferred: 'old' | 'new',
): Promise<Result<{ report: Repaired; record?: ChangeRecord }, EditProblem>> {
  const files = door.files.confinedTo(door.root)
  const full = await journal.withContents(name)
  const record = full.ok ? full.value : await journal.read(name)
  const standing = await Promise.all((record?.entries ?? []).map(entry => standingOf(entry, door.root, files)))
  const isNew = standing.every(each => each === 'new')
  const isOld = standing.every(each => each === 'old')
  if (!record || (!full.ok && !isNew && !isOld)) {
    await journal.forget(name)
    return ok({ report: unreadableReport(name) })
  }
  const outcome = isNew ? 'new' : isOld ? 'old' : preferred
  const finished = await finishHalfLanded(record, outcome, standing, door.root, files)
  if (!finished.ok) return finished
  const report: Repaired = {
    id: record.id,
    turn: record.turn.number,
    title: record.turn.title,
    outcome,
    wasMidWay: !isNew && !isOld,
    paths: record.entries.map(entry => entry.path),
    kept: [
      ...record.entries.filter((_, index) => standing[index] === 'other').map(entry => entry.path),
      ...finished.value,
    ],
    message: repairMessage(record, outcome, !isNew && !isOld),
  }
  if (!full.ok) {
    await journal.forget(record)
    return ok({ report })
  }
  const settled = await journal.settle(record, outcome === 'new' ? 'done' : 'undone')
  return settled.ok ? ok({ report, record: settled.value }) : fail(problemOfFile(settled.error, door.journalFolder))
}

/** A record is whole before the first file changes; one that is not was damaged later, or never used. */
function unreadableReport(name: RecordName): Repaired {
  const message = `The record of an interrupted change (turn ${name.turnNumber}) cannot be read. Look through your files with git diff.`
  return {
    id: name.id,
    turn: name.turnNumber,
    title: '',
    outcome: 'old',
    wasMidWay: false,
    paths: [],
    kept: [],
    message,
  }
}

async function standingOf(entry: RecordEntry, root: string, files: FileSystem): Promise<'old' | 'new' | 'other'> {
  const seen = await lookAt(join(root, entry.path), files)
  if (!seen.ok) return 'other'
  if (isSameImage(seen.value.image, entry.after)) return 'new'
  return isSameImage(seen.value.image, entry.before) ? 'old' : 'other'
}

function repairMessage(record: ChangeRecord, outcome: 'old' | 'new', wasMidWay: boolean): string {
  const count = `${record.entries.length} file${record.entries.length === 1 ? '' : 's'}`
  const title = record.turn.title === '' ? '' : ` of "${record.turn.title}"`
  if (!wasMidWay) {
    return outcome === 'new'
      ? `A change${title} to ${count} was interrupted after its last file: it is complete.`
      : `A change${title} to ${count} was interrupted before its first file: nothing was changed.`
  }
  return outcome === 'new'
    ? `A change${title} to ${count} was interrupted half-way: it was completed. "kode undo" takes it back.`
    : `A change${title} to ${count} was interrupted half-way: it was taken back. "kode undo --redo" brings it again.`
}
