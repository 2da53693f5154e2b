import { fail, ok, type Result } from '#shared/base/result'
import { looksLikeApplyPatch, readApplyPatch } from './apply-patch-text'
import type { EditProblem } from './change-set'
import { type Hunk, hunkIdFor, readHunks } from './hunks'
import { findJson } from './json-in-text'
import type { Replacement } from './replace'
import { looksLikeSearchReplace, readSearchReplace, type SearchReplaceBlock } from './search-replace'
import { decodePatch } from './text-file'
import { type FilePatch, looksLikeUnifiedDiff, readUnifiedDiff } from './unified-diff'
import { readWholeFiles, type WholeFile } from './whole-files'

/** What somebody wants changed, in whatever format it came, as steps that apply in order. */
export interface Proposal {
  format: 'hunks' | 'unified-diff' | 'search-replace' | 'apply-patch' | 'whole-files' | 'edit'
  steps: readonly EditStep[]
}

/** One change to one file; `id` is what failures and gates name. */
export type EditStep =
  | { kind: 'hunk'; id: string; path: string; hunk: Hunk }
  | { kind: 'patch'; id: string; path: string; patch: FilePatch }
  /** Text replaced by text. */
  | { kind: 'replace'; id: string; path: string; replacements: readonly Replacement[] }
  /** New text on a line of its own at the end. */
  | { kind: 'append'; id: string; path: string; text: string }
  /** The whole file, new or not. */
  | { kind: 'write'; id: string; path: string; text: string }
  /** A file, also a binary one, or an empty folder. */
  | { kind: 'remove'; id: string; path: string }

/** Reads a proposal in any format kode knows: hunk JSON, unified diff, search/replace blocks, apply_patch text, whole files. */
export function readProposal(text: string): Result<Proposal, EditProblem[]> {
  if (text.trim() === '')
    return fail([{ kind: 'invalid-hunk', path: '', message: 'It is empty: there is nothing to change.' }])
  if (looksLikeApplyPatch(text)) return mapped(readApplyPatch(text), patches => proposePatch(patches, 'apply-patch'))
  if (looksLikeSearchReplace(text)) return mapped(readSearchReplace(text), proposeBlocks)
  if (looksLikeUnifiedDiff(text) && !/^\s*(```\w*\s*)?[[{]/.test(text)) {
    return mapped(readUnifiedDiff(withoutFences(text)), patches => proposePatch(patches, 'unified-diff'))
  }
  const hunks = readHunks(text)
  if (hunks.ok) return ok(proposeHunks(hunks.value))
  const filesInJson = findJson(text)
    .values.map(filesOf)
    .find(files => files !== undefined)
  if (filesInJson) return ok(proposeFiles(filesInJson))
  // Hunks with mistakes are still hunks: their own messages help most.
  if (hunks.error.some(problem => problem.hunkId !== undefined)) return hunks
  const files = readWholeFiles(text)
  if (!files.ok) return files
  return files.value.length > 0 ? ok(proposeFiles(files.value)) : hunks
}

/** Reads a proposal from the bytes of a file, such as a diff over files in several encodings. */
export function readProposalBytes(bytes: Uint8Array): Result<Proposal, EditProblem[]> {
  return readProposal(decodePatch(bytes))
}

/** Hunks as a proposal. */
export function proposeHunks(hunks: readonly Hunk[]): Proposal {
  return { format: 'hunks', steps: hunks.map(hunk => ({ kind: 'hunk', id: hunk.id, path: hunk.file_path, hunk })) }
}

/** A read patch as a proposal. */
export function proposePatch(patches: readonly FilePatch[], format: 'unified-diff' | 'apply-patch'): Proposal {
  const steps = patches.map((patch, index): EditStep => {
    const path = patch.newPath ?? patch.oldPath ?? ''
    return { kind: 'patch', id: hunkIdFor(index), path, patch }
  })
  return { format, steps }
}

/** Whole files as a proposal. */
export function proposeFiles(files: readonly WholeFile[]): Proposal {
  return {
    format: 'whole-files',
    steps: files.map(({ path, text }, index) => ({ kind: 'write', id: hunkIdFor(index), path, text })),
  }
}

/** Replacements in one file as a proposal. */
export function proposeReplacements(path: string, replacements: readonly Replacement[]): Proposal {
  return { format: 'edit', steps: [{ kind: 'replace', id: hunkIdFor(0), path, replacements }] }
}

/** Files, or empty folders, to delete as a proposal; binary ones too. */
export function proposeRemoval(paths: readonly string[]): Proposal {
  return { format: 'edit', steps: paths.map((path, index) => ({ kind: 'remove', id: hunkIdFor(index), path })) }
}

function proposeBlocks(blocks: readonly SearchReplaceBlock[]): Proposal {
  const steps = blocks.map(({ path, search, replace }, index): EditStep => {
    const id = hunkIdFor(index)
    if (search === '') return { kind: 'append', id, path, text: replace }
    return { kind: 'replace', id, path, replacements: [{ old_str: search, new_str: replace }] }
  })
  return { format: 'search-replace', steps }
}

/** `{"files": {"path": "text"}}` or `{"files": [{"path", "content"}]}` */
function filesOf(value: unknown): WholeFile[] | undefined {
  if (typeof value !== 'object' || value === null || !('files' in value)) return undefined
  const { files } = value
  if (typeof files !== 'object' || files === null) return undefined
  const entries = Array.isArray(files) ? files.map(fileEntry) : Object.entries(files).map(wholeFile)
  return entries.length > 0 && entries.every(entry => entry !== undefined) ? entries : undefined
}

function fileEntry(entry: unknown): WholeFile | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const fields = new Map(Object.entries(entry))
  return wholeFile([fields.get('path') ?? fields.get('file_path'), fields.get('content') ?? fields.get('text')])
}

function wholeFile([path, text]: [unknown, unknown]): WholeFile | undefined {
  return typeof path === 'string' && typeof text === 'string' ? { path, text } : undefined
}

/** A diff inside a code fence; its own lines never begin with a fence. */
function withoutFences(text: string): string {
  return text.replace(/^```.*\r?\n?/gm, '')
}

function mapped<T>(
  read: Result<T, EditProblem[]>,
  toProposal: (value: T) => Proposal,
): Result<Proposal, EditProblem[]> {
  return read.ok ? ok(toProposal(read.value)) : read
}
