import { fail, ok, type Result } from '#shared/base/result'
import { ChangeJournal, type RecordEntry, turnKeyOf } from './change-journal'
import type { EditProblem } from './change-set'
import { standingChanges } from './checkpoint'
import { type FileImage, netImages } from './file-image'
import { problemOfFile } from './project-file'
import { decodeText } from './text-file'
import type { Door } from './write'

/** A text file before a turn and as the turn left it; a text is absent where there was no file. */
export interface LandedText {
  path: string
  before?: string
  after?: string
}

/** What still stands of a turn's changes, one per text file; what is not text is left out. */
export async function landedTexts(
  turnId: string,
  door: Pick<Door, 'files' | 'journalFolder'>,
): Promise<Result<LandedText[], EditProblem>> {
  const journal = new ChangeJournal(door.journalFolder, door.files)
  const names = await journal.names()
  if (!names.ok) return fail(problemOfFile(names.error, door.journalFolder))
  const first = names.value.findIndex(name => name.turnKey === turnKeyOf(turnId))
  // What takes a change back comes after it, perhaps as part of another turn's undo.
  const since = first < 0 ? [] : names.value.slice(first)
  const records = await Promise.all(since.map(name => journal.read(name)))
  const standing = standingChanges(records.filter(record => record !== undefined))
  const entries: RecordEntry[] = []
  for (const { record, standingPaths } of standing.filter(each => each.record.turn.id === turnId)) {
    const full = await journal.withContents(record)
    if (!full.ok) return fail(problemOfFile(full.error, `the record of turn ${record.turn.number}`))
    entries.push(...full.value.entries.filter(entry => standingPaths.includes(entry.path)))
  }
  return ok([...netImages(entries)].flatMap(([path, image]) => landedText(path, image.before, image.after)))
}

function landedText(path: string, before: FileImage, after: FileImage): LandedText[] {
  const [old, now] = [textIn(before), textIn(after)]
  if (old === 'no-text' || now === 'no-text' || old.text === now.text) return []
  return [
    { path, ...(old.text !== undefined && { before: old.text }), ...(now.text !== undefined && { after: now.text }) },
  ]
}

function textIn(image: FileImage): { text: string | undefined } | 'no-text' {
  if (image.kind === 'absent') return { text: undefined }
  const decoded = image.kind === 'file' && image.bytes ? decodeText(image.bytes) : undefined
  return decoded ? { text: decoded.text } : 'no-text'
}
