import { fail, ok, type Result } from '#shared/base/result'
import type { BinaryFile, LandedFile } from '#shared/protocol/landed-file'
import { ChangeJournal, type RecordEntry, turnKeyOf } from './change-journal'
import type { EditProblem } from './change-set'
import { standingChanges } from './checkpoint'
import { type FileImage, netImages } from './file-image'
import { problemOfFile } from './project-file'
import { decodeText } from './text-file'
import type { Door } from './write'

/** What still stands of turns' changes, all together, one per file; links, folders and mere permissions are left out. */
export async function landedFiles(
  turnIds: readonly string[],
  door: Pick<Door, 'files' | 'journalFolder'>,
): Promise<Result<LandedFile[], EditProblem>> {
  const images = await landedImages(turnIds, door)
  if (!images.ok) return images
  return ok([...images.value].flatMap(([path, { before, after }]) => landedFile(path, before, after)))
}

/** The bytes of a file before turns and as they left it; absent where there was no file, or one too large to keep. */
export async function landedBytes(
  turnIds: readonly string[],
  path: string,
  door: Pick<Door, 'files' | 'journalFolder'>,
): Promise<Result<{ before?: Uint8Array; after?: Uint8Array }, EditProblem>> {
  const images = await landedImages(turnIds, door, each => each === path)
  if (!images.ok) return images
  const found = images.value.get(path)
  const [before, after] = [found?.before, found?.after].map(image => (image?.kind === 'file' ? image.bytes : undefined))
  return ok({ ...(before && { before }), ...(after && { after }) })
}

/** Of each file that is meant, what was there before turns and what still stands of them. */
export async function landedImages(
  turnIds: readonly string[],
  door: Pick<Door, 'files' | 'journalFolder'>,
  isMeant: (path: string) => boolean = () => true,
): Promise<Result<ReturnType<typeof netImages>, EditProblem>> {
  const journal = new ChangeJournal(door.journalFolder, door.files)
  const names = await journal.names()
  if (!names.ok) return fail(problemOfFile(names.error, door.journalFolder))
  const keys = new Set(turnIds.map(turnKeyOf))
  const first = names.value.findIndex(name => keys.has(name.turnKey))
  // What takes a change back comes after it, perhaps as part of another turn's undo.
  const since = first < 0 ? [] : names.value.slice(first)
  const records = await Promise.all(since.map(name => journal.read(name)))
  const standing = standingChanges(records.filter(record => record !== undefined))
  const entries: RecordEntry[] = []
  for (const { record, standingPaths } of standing.filter(each => turnIds.includes(each.record.turn.id))) {
    const paths = standingPaths.filter(isMeant)
    if (paths.length === 0) continue
    const full = await journal.withContents(record)
    if (!full.ok) return fail(problemOfFile(full.error, `the record of turn ${record.turn.number}`))
    entries.push(...full.value.entries.filter(entry => paths.includes(entry.path)))
  }
  return ok(netImages(entries))
}

function landedFile(path: string, before: FileImage, after: FileImage): LandedFile[] {
  const [old, now] = [textIn(before), textIn(after)]
  if (old === 'no-text' || now === 'no-text') return binaryFile(path, before, after)
  if (old.text === now.text) return []
  return [
    { path, ...(old.text !== undefined && { before: old.text }), ...(now.text !== undefined && { after: now.text }) },
  ]
}

function binaryFile(path: string, before: FileImage, after: FileImage): LandedFile[] {
  const [old, now] = [sideOf(before), sideOf(after)]
  if (old === 'no-file' || now === 'no-file' || old.file?.sha256 === now.file?.sha256) return []
  return [{ path, binary: { ...(old.file && { before: old.file }), ...(now.file && { after: now.file }) } }]
}

function textIn(image: FileImage): { text: string | undefined } | 'no-text' {
  if (image.kind === 'absent') return { text: undefined }
  const decoded = image.kind === 'file' && image.bytes ? decodeText(image.bytes) : undefined
  return decoded ? { text: decoded.text } : 'no-text'
}

function sideOf(image: FileImage): { file: BinaryFile | undefined } | 'no-file' {
  if (image.kind === 'absent') return { file: undefined }
  return image.kind === 'file' ? { file: { sha256: image.hash, size: image.size } } : 'no-file'
}
