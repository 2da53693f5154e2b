import { fail, ok, type Result } from '#shared/base/result'
import type { EditProblem, FileBase, FileChange, TextFormat } from './change-set'
import { problemOfFile } from './project-file'
import { decodeText, encodeText, newFileFormat } from './text-file'

/** One file while steps are applied to it. */
export interface BenchFile {
  path: string
  /** Where it was at first; absent for a file that was not there. */
  oldPath?: string
  before?: string
  base?: FileBase
  /** Of the new text, where it is not that of `base`. */
  format?: TextFormat
  /** Absent once it is deleted, and for a binary file. */
  text?: string
  /** Whether it is there, after the steps so far. */
  exists: boolean
  mode?: number
  hunkIds: string[]
  notes: string[]
}

/** Its text after the steps so far. */
export function textOf(file: BenchFile, path: string): Result<string, EditProblem> {
  if (file.text !== undefined) return ok(file.text)
  return fail(file.exists ? binary(path) : missing(path))
}

/** What the steps made of it; `undefined` when it is as it was. */
export function toChange(file: BenchFile): FileChange | undefined {
  const { path, oldPath, before, base, text, format, mode, hunkIds, notes } = file
  const common = { hunkIds, ...(notes.length > 0 ? { notes } : {}) }
  const withMode = mode === undefined ? {} : { mode }
  if (!file.exists) {
    if (oldPath === undefined) return undefined
    return { path: oldPath, kind: 'delete', ...defined({ before, base }), ...common }
  }
  if (oldPath === undefined)
    return { path, kind: 'create', ...defined({ after: text, format }), ...withMode, ...common }
  const texts = defined({ before, after: text, base, format })
  if (oldPath !== path) return { path, kind: 'rename', oldPath, ...texts, ...withMode, ...common }
  if (before === text && mode === undefined && isSameFormat(format ?? base, base)) return undefined
  return { path, kind: 'modify', ...texts, ...withMode, ...common }
}

function isSameFormat(a: TextFormat | undefined, b: TextFormat | undefined): boolean {
  return a?.encoding === b?.encoding && a?.hasBom === b?.hasBom
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Why a text cannot be the new text of a file: what would be lost or garbled in its encoding. */
export function unwritable(text: string, file: BenchFile): EditProblem | undefined {
  const format: TextFormat = file.format ?? file.base ?? newFileFormat(text)
  const encoded = encodeText(text, format)
  const { path } = file
  if (!encoded.ok) {
    const line = text.slice(0, encoded.error.offset).split('\n').length
    return {
      kind: 'other',
      path,
      line,
      message: `${path} is encoded in ${format.encoding}, which has no ${JSON.stringify(encoded.error.character)} (line ${line}). Use other characters.`,
    }
  }
  if (countOf(text, '\ufffd') > countOf(file.before ?? '', '\ufffd')) {
    return {
      kind: 'other',
      path,
      message: `${path} would get a U+FFFD, the mark of lost text. Write the character meant, or an escape.`,
    }
  }
  const again = decodeText(encoded.value)
  if (again) return undefined
  return {
    kind: 'binary-file',
    path,
    message: `${path} would become a binary file: the new text holds control characters. Use escapes.`,
  }
}

function countOf(text: string, character: string): number {
  return text.split(character).length - 1
}

/** There is no such file. */
export function missing(path: string): EditProblem {
  return problemOfFile({ kind: 'not-found', path, message: '' }, path)
}

/** A move to the name it has. */
export function sameName(path: string): EditProblem {
  return {
    kind: 'no-change',
    path,
    message: `${path} is the name the file has already. Choose another, or leave it out.`,
  }
}

/** Another file has the name. */
export function alreadyThere(path: string): EditProblem {
  return problemOfFile({ kind: 'exists', path, message: '' }, path)
}

/** It can only be moved and deleted. */
export function binary(path: string): EditProblem {
  return { kind: 'binary-file', path, message: `${path} is a binary file; only text files can be edited.` }
}
