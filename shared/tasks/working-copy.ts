import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { type FilePair, unifiedDiff } from '#shared/base/diff'
import { fail, ok, type Result } from '#shared/base/result'
import { IgnoreRules } from '#shared/edits/ignore-rules'
import { decodeText } from '#shared/edits/text-file'
import type { FileError, FileSystem, WalkedFile } from '#shared/host/host'

/** Where a copy is and what it works with. */
export interface CopyPlace {
  files: FileSystem
  /** Absolute: the copied files. */
  root: string
  /** Where its work is kept when it does not come home. */
  patchFolder: string
  run(program: string, args: readonly string[], cwd: string, input?: string): Promise<Result<string, string>>
}

/** A file that was changed in a copy. */
export interface CopiedChange {
  path: string
  /** As the copy began; absent for a new file. */
  before?: FileState
  /** As it is; absent for a deleted one. */
  after?: FileState
}

export interface FileState {
  /** Permission bits. */
  mode: number
  bytes: Uint8Array
  /** Target of a symbolic link. */
  link?: string
  /** Absent for what is no text. */
  text?: string
}

const manifestSchema = v.object({
  title: v.string(),
  source: v.string(),
  archive: v.string(),
  gitFolder: v.optional(v.string()),
  links: v.array(v.object({ name: v.string(), target: v.string() })),
})
type Manifest = v.InferOutput<typeof manifestSchema>

/** A copy of a project that one agent works in. */
export class WorkingCopy {
  readonly root: string
  readonly #folder: string
  readonly #place: CopyPlace
  readonly #manifest: Manifest
  /** The files that it began with; undefined in one that a dead process left. */
  #pathsInBase: ReadonlySet<string> | undefined
  #onRemoved: () => Promise<void> = async () => undefined
  #mustStay = false
  #removing: Promise<void> | undefined

  private constructor(folder: string, place: CopyPlace, manifest: Manifest) {
    this.root = place.root
    this.#folder = folder
    this.#place = place
    this.#manifest = manifest
  }

  /** @param folder what is known about it; made here, the files themselves are not */
  static async begin(folder: string, place: CopyPlace, manifest: Manifest): Promise<Result<WorkingCopy, string>> {
    const made = await place.files.makeFolder(folder)
    const bytes = Buffer.from(JSON.stringify(manifest))
    const written = made.ok ? await place.files.append(join(folder, MANIFEST), bytes) : made
    return written.ok ? ok(new WorkingCopy(folder, place, manifest)) : fail(written.error.message)
  }

  /** One that a dead process left; undefined when nothing can be known of it. */
  static async leftBehind(folder: string, place: CopyPlace): Promise<WorkingCopy | undefined> {
    const bytes = await place.files.read(join(folder, MANIFEST))
    const manifest = bytes.ok ? parseManifest(bytes.value) : undefined
    return manifest && new WorkingCopy(folder, place, manifest)
  }

  /** Of the worktree that it is, if it is one: what git knows about it. */
  get gitFolder(): string | undefined {
    return this.#manifest.gitFolder
  }

  get title(): string {
    return this.#manifest.title
  }

  /** Of its own journals and caches. */
  get stateFolder(): string {
    return join(this.#folder, 'state')
  }

  /** The work in it is nowhere else: it could not be kept. Nothing removes it; the next start tries again. */
  get mustStay(): boolean {
    return this.#mustStay
  }

  onRemoved(tell: () => Promise<void>): void {
    this.#onRemoved = tell
  }

  /** Links what is shared, and notes that all files are there, before anybody works on them. */
  async noteStart(paths: ReadonlySet<string>): Promise<Result<void, string>> {
    const { files } = this.#place
    for (const { name, target } of this.#manifest.links) {
      if (!paths.has(name)) await files.symlink(target, join(this.root, name))
    }
    this.#pathsInBase = paths
    const noted = await files.append(join(this.#folder, READY), new Uint8Array())
    return noted.ok ? ok(undefined) : fail(noted.error.message)
  }

  /** What was changed in it, by path. Caches and what git ignores are nobody's work. */
  async changes(): Promise<Result<CopiedChange[], string>> {
    const before = await this.#pathsAtStart()
    if (!before.ok) return before
    const found = await this.#look(before.value)
    if (!found.ok) return found
    const now = new Map(found.value.map(file => [file.path, file]))
    const ready = await this.#place.files.lstat(join(this.#folder, READY))
    // What was written when it was ready was written before; a clock that ticks slowly cannot tell, the contents can.
    const isUntouched = (path: string) => {
      const file = now.get(path)
      return ready.ok && file !== undefined && before.value.has(path) && file.changedNs < ready.value.changedNs
    }
    const suspects = new Set([...now.keys(), ...before.value].filter(path => !isUntouched(path)))
    const was = await this.#statesAtStart([...suspects].filter(path => before.value.has(path)))
    if (!was.ok) return was
    const changes: CopiedChange[] = []
    for (const path of [...suspects].sort()) {
      const [old, current] = [
        was.value.get(path),
        now.has(path) ? await this.#stateOf(join(this.root, path)) : undefined,
      ]
      if (isSame(old, current)) continue
      changes.push({ path, ...(old && { before: old }), ...(current && { after: current }) })
    }
    return ok(changes)
  }

  /**
   * Puts what was changed where the user finds it: `change.patch`, and each file as it became.
   *
   * @returns undefined when nothing was changed; an error is one line for people, and the copy then stays where it is
   */
  async keep(why: string): Promise<Result<{ kept: string; paths: string[] } | undefined, string>> {
    if (!(await this.#place.files.lstat(join(this.#folder, READY))).ok) return ok(undefined)
    const changes = await this.changes()
    const kept = changes.ok ? await this.#keepFiles(changes.value, why) : changes
    this.#mustStay = !kept.ok
    if (!kept.ok) return fail(`what it changed could not be kept (${kept.error}); it stays in ${this.root}`)
    return ok(kept.value)
  }

  async #keepFiles(
    changes: readonly CopiedChange[],
    why: string,
  ): Promise<Result<{ kept: string; paths: string[] } | undefined, string>> {
    if (changes.length === 0) return ok(undefined)
    const { files, patchFolder } = this.#place
    const pairs = changes.flatMap(({ path, before, after }): FilePair[] => {
      const isText = (!before || before.text !== undefined) && (!after || after.text !== undefined)
      if (!isText) return []
      return [
        {
          path,
          ...(before?.text !== undefined && { before: before.text }),
          ...(after?.text !== undefined && { after: after.text }),
        },
      ]
    })
    const head = `${this.title}\nNot landed: ${why}.\nApply with: git apply --3way change.patch; files/ holds each file as it became.\n\n`
    const patched = await files.replace(join(patchFolder, 'change.patch'), Buffer.from(head + unifiedDiff(pairs)))
    if (!patched.ok) return fail(patched.error.message)
    for (const { path, after } of changes) {
      const kept = after ? await this.#keepFile(join(patchFolder, 'files', path), after) : ok(undefined)
      if (!kept.ok) return fail(kept.error.message)
    }
    return ok({ kept: patchFolder, paths: changes.map(change => change.path) })
  }

  async #keepFile(target: string, { bytes, mode, link }: FileState): Promise<Result<void, FileError>> {
    const { files } = this.#place
    if (link === undefined) return files.replace(target, bytes, mode)
    const folder = await files.makeFolder(dirname(target))
    if (!folder.ok) return folder
    // Kept before, by a try that failed later on.
    await files.remove(target)
    return files.symlink(link, target)
  }

  /** Safe to call again; does nothing to a copy that must stay. */
  async remove(): Promise<void> {
    if (this.#mustStay) return
    this.#removing ??= this.#remove()
    await this.#removing
  }

  async #remove(): Promise<void> {
    const { files } = this.#place
    // First of all: to whoever finds it half removed, missing files would look like work.
    await files.remove(join(this.#folder, READY))
    await files.remove(this.root, true)
    // What `git worktree prune` would do, without touching anybody else's.
    if (this.gitFolder !== undefined) {
      await files.remove(this.gitFolder, true)
      await files.remove(dirname(this.gitFolder))
    }
    await files.remove(this.#folder, true)
    await this.#onRemoved()
  }

  async #pathsAtStart(): Promise<Result<ReadonlySet<string>, string>> {
    if (this.#pathsInBase) return ok(this.#pathsInBase)
    const unpacked = await this.#unpackBase(undefined)
    if (!unpacked.ok) return unpacked
    const walked = await this.#place.files.walk(unpacked.value, { enters: () => true, includes: () => true })
    return walked.ok ? ok(new Set(walked.value.map(file => file.path))) : fail(walked.error.message)
  }

  async #look(before: ReadonlySet<string>): Promise<Result<WalkedFile[], string>> {
    const { files } = this.#place
    const rules = await IgnoreRules.above(this.root, files)
    const folders = new Set([...before].flatMap(foldersOf))
    const linked = new Set(this.#manifest.links.map(link => link.name))
    const walked = await files.walk(this.root, {
      enters: async (path, names) => (await rules.enters(path, names)) || folders.has(path),
      includes: path => before.has(path) || (path !== '.git' && !linked.has(path) && rules.includes(path)),
    })
    return walked.ok ? ok(walked.value.filter(file => file.type !== 'other')) : fail(walked.error.message)
  }

  async #statesAtStart(paths: readonly string[]): Promise<Result<Map<string, FileState>, string>> {
    if (paths.length === 0) return ok(new Map())
    const unpacked = await this.#unpackBase(paths)
    if (!unpacked.ok) return unpacked
    const states = new Map<string, FileState>()
    for (const path of paths) {
      const state = await this.#stateOf(join(unpacked.value, path))
      if (state) states.set(path, state)
    }
    return ok(states)
  }

  /** Some files as the copy began, or all of them. @returns the folder they are in */
  async #unpackBase(paths: readonly string[] | undefined): Promise<Result<string, string>> {
    const folder = join(this.#folder, 'base')
    await this.#place.files.makeFolder(folder)
    const some = paths === undefined ? [] : ['--null', '-T', '-']
    const args = ['-x', '-p', '--no-same-owner', '-f', this.#manifest.archive, '-C', folder, ...some]
    const unpacked = await this.#place.run('tar', args, folder, paths?.map(path => `./${path}`).join('\0'))
    return unpacked.ok ? ok(folder) : unpacked
  }

  async #stateOf(path: string): Promise<FileState | undefined> {
    const { files } = this.#place
    const stat = await files.lstat(path)
    if (!stat.ok) return undefined
    if (stat.value.type === 'symlink') {
      const link = await files.readLink(path)
      return { mode: 0o777, bytes: new Uint8Array(), ...(link.ok && { link: link.value }) }
    }
    const bytes = await files.read(path)
    if (!bytes.ok) return undefined
    const text = decodeText(bytes.value)?.text
    return { mode: stat.value.mode, bytes: bytes.value, ...(text !== undefined && { text }) }
  }
}

const MANIFEST = 'copy.json'
/** Its files are all there; before, nobody works in it. */
const READY = 'ready'

function parseManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    const parsed = v.safeParse(manifestSchema, JSON.parse(Buffer.from(bytes).toString('utf8')))
    return parsed.success ? parsed.output : undefined
  } catch (error) {
    // Cut off while it was written: nothing was copied yet.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether two states are the same; of the permissions only whether it can be run. */
export function isSame(a: FileState | undefined, b: FileState | undefined): boolean {
  if (!a || !b) return a === b
  const canRun = (state: FileState) => (state.mode & 0o111) !== 0
  return a.link === b.link && canRun(a) === canRun(b) && Buffer.compare(a.bytes, b.bytes) === 0
}

function foldersOf(path: string): string[] {
  const steps = path.split('/').slice(0, -1)
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'))
}
