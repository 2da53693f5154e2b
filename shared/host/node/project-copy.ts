import {
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { WalkedFile } from '../host'
import { fileError } from './file-error'
import { walkFiles } from './walk'

/** Texts by path in the project; null: the file is not there. */
export type CopiedTexts = Readonly<Record<string, string | null>>

/**
 * A copy of a project, for programs that cannot be handed a text in another way: it follows the files of the project and has some of them
 * as a change would make them. What did not change is not touched, so that builds in it stay warm.
 */
export class ProjectCopy {
  /** Absolute; whoever shows something in it has it alone until the next time. */
  readonly folder: string
  readonly #root: string
  readonly #isWanted: (path: string) => boolean
  /** What each file was made from, by path. */
  readonly #madeFrom = new Map<string, string>()
  #isKnown = false

  /** @param isWanted which files are copied, by path in the project */
  constructor(root: string, folder: string, isWanted: (path: string) => boolean) {
    this.#root = root
    this.folder = folder
    this.#isWanted = isWanted
  }

  /** @returns why it could not be done, if so */
  async show(texts: CopiedTexts): Promise<string | undefined> {
    try {
      return await this.#show(texts)
    } catch (error) {
      // A file that went away meanwhile, a full disk: what is there now is found out the next time.
      this.#isKnown = false
      this.#madeFrom.clear()
      return `the project could not be copied: ${fileError(this.folder, error).message}`
    }
  }

  async #show(texts: CopiedTexts): Promise<string | undefined> {
    // In a worktree the packages may be a link.
    const includes = (path: string) => !/(?:^|\/)node_modules$/.test(path) && this.#isWanted(path)
    const files = await walkFiles(this.#root, { enters: (path, names) => !isMachineMade(path, names), includes })
    if (files.length > MAX_FILES) return `the project has more than ${MAX_FILES} files`
    if (files.reduce((sum, { size }) => sum + size, 0) > MAX_BYTES) return 'the project is too large to be copied'
    mkdirSync(this.folder, { recursive: true })
    if (!this.#isKnown) await this.#recognise(files)
    this.#isKnown = true
    const wanted = new Map(files.map(file => [file.path, file]))
    for (const path of this.#madeFrom.keys())
      if (typeof texts[path] !== 'string' && (texts[path] === null || !wanted.has(path))) this.#remove(path)
    for (const file of files) if (texts[file.path] === undefined) this.#copy(file)
    for (const [path, text] of Object.entries(texts)) if (text !== null && includes(path)) this.#write(path, text)
    return undefined
  }

  /** What an earlier process left: equal files stay, others go. */
  async #recognise(files: readonly WalkedFile[]): Promise<void> {
    const versions = new Map(files.map(file => [file.path, file]))
    for (const { path } of await walkFiles(this.folder, { enters: () => true, includes: () => true })) {
      const original = versions.get(path)
      const isEqual =
        original?.type === 'file' && readFileSync(join(this.folder, path)).equals(readFileSync(join(this.#root, path)))
      if (isEqual) this.#madeFrom.set(path, original.version)
      // Without `recursive` a link to a folder is taken for one.
      else rmSync(join(this.folder, path), { recursive: true, force: true })
    }
  }

  #copy({ path, type, version }: WalkedFile): void {
    if (this.#madeFrom.get(path) === version || type === 'other') return
    const [from, to] = [join(this.#root, path), this.#prepare(path)]
    if (type === 'symlink') symlinkSync(readlinkSync(from), to)
    else copyFileSync(from, to, constants.COPYFILE_FICLONE)
    this.#madeFrom.set(path, version)
  }

  #write(path: string, text: string): void {
    const source = `text:${text}`
    if (this.#madeFrom.get(path) === source) return
    writeFileSync(this.#prepare(path), text)
    this.#madeFrom.set(path, source)
  }

  #prepare(path: string): string {
    const to = join(this.folder, path)
    mkdirSync(dirname(to), { recursive: true })
    rmSync(to, { recursive: true, force: true })
    return to
  }

  #remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true })
    this.#madeFrom.delete(path)
  }
}

const MAX_FILES = 20_000
const MAX_BYTES = 400_000_000

/** Folders that tools fill: they are large, and made anew where they are needed. */
function isMachineMade(path: string, names: readonly string[]): boolean {
  if (/(?:^|\/)(?:\.git|\.kode|node_modules|__pycache__)$/.test(path)) return true
  return names.includes('CACHEDIR.TAG') || names.includes('pyvenv.cfg')
}
