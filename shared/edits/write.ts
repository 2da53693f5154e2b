import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import {
  ChangeJournal,
  type ChangeRecord,
  type NewRecord,
  type RecordName,
  type TurnOfRecord,
  turnKeyOf,
} from './change-journal'
import type { ChangeSet, EditProblem } from './change-set'
import { type Landing, landEntries } from './land'
import { planEntries, type WrittenFile } from './plan-landing'
import { problemOfFile } from './project-file'
import { type Repaired, repairRecord } from './repair'

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
    const planned = await planEntries(changes.files, door.root, door.files)
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
      const repair = await repairRecord(record, preferred, journal, door.root, door.files)
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
