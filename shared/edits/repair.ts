import { join } from 'node:path'
import { countOf } from '#shared/base/count-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import type { ChangeJournal, ChangeRecord, RecordEntry, RecordName } from './change-journal'
import type { EditProblem } from './change-set'
import { isSameImage, lookAt } from './file-image'
import { finishHalfLanded } from './land'
import { problemOfFile } from './project-file'

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
 * Brings the change set of a dead process to an end; whoever does holds the lock.
 *
 * @param preferred where it was cut off half-way
 * @param root absolute, links resolved
 */
export async function repairRecord(
  name: RecordName,
  preferred: 'old' | 'new',
  journal: ChangeJournal,
  root: string,
  allFiles: FileSystem,
): Promise<Result<{ report: Repaired; record?: ChangeRecord }, EditProblem>> {
  const files = allFiles.confinedTo(root)
  const full = await journal.withContents(name)
  const record = full.ok ? full.value : await journal.read(name)
  const standing = await Promise.all((record?.entries ?? []).map(entry => standingOf(entry, root, files)))
  const isNew = standing.every(each => each === 'new')
  const isOld = standing.every(each => each === 'old')
  if (!record || (!full.ok && !isNew && !isOld)) {
    await journal.forget(name)
    return ok({ report: unreadableReport(name) })
  }
  const outcome = isNew ? 'new' : isOld ? 'old' : preferred
  const finished = await finishHalfLanded(record, outcome, standing, root, files)
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
  return settled.ok
    ? ok({ report, record: settled.value })
    : fail(problemOfFile(settled.error, 'the journal of changes'))
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
  const count = countOf(record.entries.length, 'file')
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
