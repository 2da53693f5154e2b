import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import { alreadyThere, type BenchFile, binary, missing, sameName, textOf, toChange, unwritable } from './bench-file'
import type { EditProblem, FileBase, FileChange, TextFormat } from './change-set'
import { applyTextHunk, type Hunk } from './hunks'
import { keepLineEnds } from './line-ends'
import { applyLineHunks } from './line-hunks'
import { patchText } from './patched-text'
import { MOST_TEXT_BYTES, type ProjectSource, problemOfFile, readProjectFile } from './project-file'
import { resolveInProject } from './project-path'
import type { EditStep } from './proposal'
import { applyReplacements } from './replace'
import { hashOf, newFileFormat } from './text-file'
import type { FilePatch } from './unified-diff'

/** Files in memory while the steps of a proposal are applied to them, one after the other. */
export class Workbench {
  readonly #source: ProjectSource
  /** By the path at which a file is now; a file that was moved away leaves a deleted one behind. */
  readonly #files = new Map<string, BenchFile>()
  /** Files whose name another one took before the step came that moves or deletes them; by that name. */
  readonly #displaced = new Map<string, BenchFile>()
  readonly #steps: readonly EditStep[]
  #stepIndex = -1

  constructor(source: ProjectSource, steps: readonly EditStep[]) {
    this.#source = source
    this.#steps = steps
  }

  /** Applies the next of the steps. */
  async apply(step: EditStep): Promise<EditProblem | undefined> {
    this.#stepIndex++
    const found = await this.#open(step)
    if (!found.ok) return found.error
    const file = found.value
    const problem = await this.#applyTo(file, step)
    if (problem) return problem
    file.hunkIds.push(step.id)
    return undefined
  }

  /** What the steps came to. */
  changes(): FileChange[] {
    return [...this.#displaced.values(), ...this.#files.values()].flatMap(file => {
      const change = toChange(file)
      return change ? [change] : []
    })
  }

  #applyTo(file: BenchFile, step: EditStep): Promise<EditProblem | undefined> | EditProblem | undefined {
    switch (step.kind) {
      case 'hunk':
        return this.#applyHunk(file, step.hunk)
      case 'patch':
        return this.#applyPatch(file, step.patch)
      case 'replace':
        return this.#edit(file, step.path, text => {
          const replaced = applyReplacements(text, step.replacements, step.path)
          if (!replaced.ok) return replaced
          const inexact = replaced.value.edits.filter(edit => edit.match !== 'exact')
          const notes = inexact.map(edit => `${file.path}: line ${edit.lines[0]} was found but for white space.`)
          return ok({ text: replaced.value.text, notes })
        })
      case 'append':
        return this.#append(file, step.text)
      case 'write':
        return this.#write(file, step.text)
      case 'remove':
        return this.#remove(file, step.path)
    }
  }

  #applyHunk(file: BenchFile, hunk: Hunk): Promise<EditProblem | undefined> | EditProblem | undefined {
    switch (hunk.action) {
      case 'CREATE':
        // An empty text may be the pre-image of a file that is not there.
        if (file.exists && file.text !== '') return alreadyThere(hunk.file_path)
        return this.#write(file, hunk.new_text ?? '')
      case 'DELETE_FILE':
        return this.#remove(file, hunk.file_path)
      case 'RENAME':
        return this.#move(file, hunk.new_path ?? '')
      case 'INSERT':
        if (!hunk.anchor_text && !file.exists) return this.#write(file, hunk.new_text ?? '')
        return this.#edit(file, hunk.file_path, text => applyTextHunk(text, { ...hunk, action: 'INSERT' }))
      case 'MODIFY':
      case 'DELETE':
        return this.#editOrEmpty(file, hunk, hunk.action)
    }
  }

  /** Deleting all text of a file deletes it; spec/kode.md §6.1. */
  #editOrEmpty(file: BenchFile, hunk: Hunk, action: 'MODIFY' | 'DELETE'): EditProblem | undefined {
    const problem = this.#edit(file, hunk.file_path, text => applyTextHunk(text, { ...hunk, action }))
    if (!problem && file.text === '') {
      file.exists = false
      delete file.text
    }
    return problem
  }

  async #applyPatch(file: BenchFile, patch: FilePatch): Promise<EditProblem | undefined> {
    if (patch.oldPath === undefined) return this.#createByPatch(file, patch)
    if (patch.newPath === undefined) return this.#deleteByPatch(file, patch)
    if (!file.exists && !(patch.isCopy && file.before !== undefined)) return missing(patch.oldPath)
    // All that can fail comes before the file is moved.
    const patched = patch.hunks.length > 0 ? this.#patchedText(file, patch) : undefined
    if (patched && !patched.ok) return patched.error
    const target = patch.oldPath === patch.newPath ? ok(file) : await this.#moved(file, patch)
    if (!target.ok) return target.error
    if (patched) {
      Object.assign(
        target.value,
        { text: patched.value.text },
        patched.value.format && { format: patched.value.format },
      )
      target.value.notes.push(...patched.value.notes)
    }
    if (patch.mode !== undefined) target.value.mode = patch.mode
    if (target.value !== file && patch.isCopy) target.value.hunkIds.push(...file.hunkIds)
    return undefined
  }

  #createByPatch(file: BenchFile, patch: FilePatch): EditProblem | undefined {
    const path = patch.newPath ?? ''
    if (file.exists && file.text !== '' && !this.#isFreedLater(file.path)) return alreadyThere(path)
    const created = applyLineHunks('', patch.hunks, path)
    if (!created.ok) return created.error
    const place = file.exists && file.text !== '' ? this.#displace(file) : file
    return this.#write(place, created.value.text, patch.mode)
  }

  #patchedText(file: BenchFile, patch: FilePatch) {
    const text = patch.isCopy && file.before !== undefined ? ok(file.before) : textOf(file, patch.oldPath ?? '')
    if (!text.ok) return text
    const format = (patch.isCopy ? undefined : file.format) ?? file.base ?? newFileFormat(text.value)
    return patchText(text.value, format, patch.hunks, patch.oldPath ?? '')
  }

  #deleteByPatch(file: BenchFile, patch: FilePatch): EditProblem | undefined {
    if (patch.hunks.length > 0) {
      const rest = this.#patchedText(file, patch)
      if (!rest.ok) return rest.error
      if (rest.value.text !== '') {
        return {
          kind: 'anchor-missing',
          path: file.path,
          message: `${file.path} holds more than the patch deletes. Read it, then make the patch again.`,
        }
      }
    }
    return this.#remove(file, patch.oldPath ?? '')
  }

  #edit(
    file: BenchFile,
    path: string,
    change: (text: string) => Result<{ text: string; notes: string[] }, EditProblem>,
  ): EditProblem | undefined {
    const text = textOf(file, path)
    if (!text.ok) return text.error
    const changed = change(text.value)
    if (!changed.ok) return changed.error
    return this.#setText(file, changed.value.text, changed.value.notes)
  }

  #append(file: BenchFile, text: string): EditProblem | undefined {
    if (!file.exists) return this.#write(file, text)
    const hunk: Hunk = { id: '', file_path: file.path, action: 'INSERT', new_text: text }
    return this.#edit(file, file.path, old => applyTextHunk(old, { ...hunk, action: 'INSERT' }))
  }

  #write(file: BenchFile, text: string, mode?: number): EditProblem | undefined {
    if (file.exists && file.text === undefined) return binary(file.path)
    const problem = this.#setText(file, file.text === undefined ? text : keepLineEnds(file.text, text), [])
    if (problem) return problem
    file.exists = true
    if (mode !== undefined) file.mode = mode
    return undefined
  }

  /** The one place where text is taken over: what the file's encoding cannot hold never gets that far. */
  #setText(file: BenchFile, text: string, notes: readonly string[]): EditProblem | undefined {
    const problem = unwritable(text, file)
    if (problem) return problem
    file.text = text
    file.notes.push(...notes)
    return undefined
  }

  #remove(file: BenchFile, path: string): EditProblem | undefined {
    if (!file.exists) return missing(path)
    file.exists = false
    delete file.text
    return undefined
  }

  async #move(file: BenchFile, newPath: string): Promise<EditProblem | undefined> {
    const moved = await this.#moved(file, { newPath, hunks: [] })
    return moved.ok ? undefined : moved.error
  }

  async #moved(file: BenchFile, patch: FilePatch): Promise<Result<BenchFile, EditProblem>> {
    const newPath = patch.newPath ?? ''
    if (!file.exists && !patch.isCopy) return fail(missing(file.path))
    const target = await this.#load(newPath)
    if (!target.ok) return target
    if (target.value === file) return fail(sameName(newPath))
    if (target.value.exists && !this.#isFreedLater(target.value.path)) return fail(alreadyThere(newPath))
    const place = target.value.exists ? this.#displace(target.value) : target.value
    if (patch.isCopy) return this.#copied(file, place)
    const oldPath = file.path
    if (this.#displaced.get(oldPath) === file) {
      this.#displaced.delete(oldPath)
    } else {
      // Whatever comes to the old path later is another file.
      this.#files.set(oldPath, { path: oldPath, exists: false, hunkIds: [], notes: [] })
    }
    this.#files.set(place.path, file)
    file.path = place.path
    return ok(file)
  }

  async #copied(file: BenchFile, target: BenchFile): Promise<Result<BenchFile, EditProblem>> {
    if (file.text === undefined && file.before === undefined) return fail(binary(file.path))
    // A diff copies what was there before any of its changes.
    Object.assign(
      target,
      { text: file.before ?? file.text, exists: true },
      file.base && { format: formatOf(file.base) },
    )
    const stat = await this.#source.files.stat(join(this.#source.root, file.oldPath ?? file.path))
    if (stat.ok && (stat.value.mode & 0o111) !== 0) target.mode = stat.value.mode & 0o777
    return ok(target)
  }

  /** A diff tells of all its files at once: one may take the name of another that a later part moves or deletes. */
  #isFreedLater(path: string): boolean {
    return this.#steps.slice(this.#stepIndex + 1).some(step => step.kind === 'patch' && frees(step.patch, path))
  }

  /** Makes room for a file at the path of another; @returns the room */
  #displace(file: BenchFile): BenchFile {
    const room: BenchFile = { path: file.path, exists: false, hunkIds: [], notes: [] }
    this.#displaced.set(file.path, file)
    this.#files.set(file.path, room)
    return room
  }

  #open(step: EditStep): Promise<Result<BenchFile, EditProblem>> {
    if (step.kind === 'patch') return this.#openForPatch(step.patch)
    const removes = step.kind === 'remove' || (step.kind === 'hunk' && step.hunk.action === 'DELETE_FILE')
    return this.#load(step.path, removes)
  }

  async #openForPatch(patch: FilePatch): Promise<Result<BenchFile, EditProblem>> {
    const loaded = await this.#load(patch.oldPath ?? patch.newPath ?? '')
    if (!loaded.ok || patch.oldPath === undefined) return loaded
    const { path } = loaded.value
    const displaced = this.#displaced.get(path)
    if (displaced?.exists && frees(patch, path)) return ok(displaced)
    if (!patch.isCopy) return loaded
    const original = [...this.#displaced.values(), ...this.#files.values()].find(file => file.oldPath === path)
    return ok(original ?? loaded.value)
  }

  /** @param toRemove a folder will do too, and a link means itself */
  async #load(path: string, toRemove = false): Promise<Result<BenchFile, EditProblem>> {
    const lastLink = toRemove ? 'keep' : 'follow'
    const place = await resolveInProject(this.#source.root, path, this.#source.files, lastLink)
    if (!place.ok) return place
    const known = this.#files.get(place.value.path)
    if (known) return ok(known)
    const file: BenchFile = { path: place.value.path, exists: false, hunkIds: [], notes: [] }
    const problem = await this.#read(file, path, place.value.absolute, toRemove)
    if (problem) return fail(problem)
    this.#files.set(file.path, file)
    return ok(file)
  }

  async #read(file: BenchFile, path: string, absolute: string, toRemove: boolean): Promise<EditProblem | undefined> {
    const special = toRemove ? await this.#readToRemove(absolute) : undefined
    if (special) {
      Object.assign(file, { oldPath: file.path, exists: true, ...special })
      return undefined
    }
    const read = await readProjectFile(path, this.#source)
    if (read.ok) {
      Object.assign(file, { oldPath: file.path, before: read.value.text, text: read.value.text, base: read.value.base })
      file.exists = true
      return undefined
    }
    if (read.error.kind === 'file-missing') return undefined
    if (read.error.kind !== 'binary-file') return read.error
    const bytes = await this.#source.files.read(absolute, MOST_TEXT_BYTES)
    if (!bytes.ok) return problemOfFile(bytes.error, path)
    Object.assign(file, { oldPath: file.path, exists: true, base: opaqueBase(bytes.value, 'binary') })
    return undefined
  }

  /** A folder, which has no base, or a link, whose base is its target; `undefined` for a file. */
  async #readToRemove(absolute: string): Promise<{ base?: FileBase } | undefined> {
    const stat = await this.#source.files.lstat(absolute)
    if (!stat.ok || stat.value.type === 'file') return undefined
    if (stat.value.type === 'directory') return {}
    const target = await this.#source.files.readLink(absolute)
    return target.ok ? { base: opaqueBase(Buffer.from(target.value), 'link') } : undefined
  }
}

/** Of something that can only be deleted or moved. */
function opaqueBase(content: Uint8Array, encoding: 'binary' | 'link'): FileBase {
  return { hash: hashOf(content), encoding, hasBom: false }
}

/** Whether a patch moves or deletes the file that was at a path before. */
function frees(patch: FilePatch, path: string): boolean {
  return patch.oldPath === path && patch.newPath !== path && !patch.isCopy
}

function formatOf({ encoding, hasBom }: FileBase): TextFormat {
  return { encoding, hasBom }
}
