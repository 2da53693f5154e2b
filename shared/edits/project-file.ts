import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import type { EditProblem, FileBase, FileChange } from './change-set'
import { resolveInProject } from './project-path'
import { decodeText, hashOf, NEW_FILE_FORMAT } from './text-file'

/** Where the files of a project are read. */
export interface ProjectSource {
  /** Absolute. */
  root: string
  files: FileSystem
  /** Texts to take for files instead of those on the disk, by relative path; `original_files` of `kode verify`. */
  originals?: Readonly<Record<string, string>>
}

/** A text file of the project as it is now. */
export interface ProjectFile {
  /** Relative to the project, with forward slashes, links resolved. */
  path: string
  absolute: string
  text: string
  base: FileBase
}

/** Larger files are not edited: no model has read them. */
export const MOST_TEXT_BYTES = 32 * 1024 * 1024

/** Reads a text file that may be written; `file-missing` where there is none. */
export async function readProjectFile(path: string, source: ProjectSource): Promise<Result<ProjectFile, EditProblem>> {
  const place = await resolveInProject(source.root, path, source.files)
  if (!place.ok) return place
  const given = source.originals?.[place.value.path] ?? source.originals?.[path]
  if (given !== undefined) {
    const base = { hash: hashOf(Buffer.from(given, 'utf8')), ...NEW_FILE_FORMAT }
    return ok({ ...place.value, text: given, base })
  }
  const bytes = await source.files.read(place.value.absolute, MOST_TEXT_BYTES)
  if (!bytes.ok) return fail(problemOfFile(bytes.error, path))
  const decoded = decodeText(bytes.value)
  if (decoded) return ok({ ...place.value, ...decoded })
  return fail({ kind: 'binary-file', path, message: `${path} is a binary file; only text files can be edited.` })
}

/** What the file system refused, as advice about a path of the project. */
export function problemOfFile(error: FileError, path: string): EditProblem {
  const [kind, message] = adviceFor(error, path)
  return { kind, path, message }
}

function adviceFor(error: FileError, path: string): [EditProblem['kind'], string] {
  switch (error.kind) {
    case 'not-found':
      return ['file-missing', `${path} does not exist. Check the path, or create the file.`]
    case 'exists':
      return ['file-exists', `${path} exists already. Edit it, or choose another path.`]
    case 'denied':
      return ['denied', `${path}: permission denied.`]
    case 'read-only':
      return ['denied', `${path} is on a read-only file system.`]
    case 'no-space':
      return [
        'no-space',
        `There is no space left on the disk for ${path}. Nothing was changed; free some space and repeat.`,
      ]
    case 'is-directory':
      return ['other', `${path} is a folder, not a file.`]
    case 'not-directory':
      return ['other', `${path} lies below something that is no folder.`]
    case 'not-empty':
      return ['other', `${path} is a folder with files in it.`]
    case 'name-too-long':
      return ['other', `${path} is too long for a file name.`]
    case 'loop':
      return ['outside-project', `${path} leads through a link that was not there before, or that leads to itself.`]
    case 'too-large':
      return ['too-large', `${path} is too large to edit (${error.message}).`]
    case 'special-file':
      return ['other', `${path} is a device, pipe or socket, not a file.`]
    case 'changed':
      return ['stale', `${path} changed since it was read. Read it again, then repeat the edit.`]
    case 'busy':
      return ['busy', `${path}: ${error.message}. Try again in a moment.`]
    case 'other':
      return ['other', `${path}: ${error.message}`]
  }
}

/** The change of a file to a new text. */
export function modifyFile(file: ProjectFile, after: string, hunkIds: readonly string[] = []): FileChange {
  return { path: file.path, kind: 'modify', before: file.text, after, base: file.base, hunkIds }
}
