import {
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { WalkedFile } from '../host'
import { withFolderHeld } from './confined-path'
import { fileError } from './file-error'
import { walkFiles } from './walk'

/** Texts by path in the project; null: the file is not there. */
export type CopiedTexts = Readonly<Record<string, string | null>>

/**
 * A copy of a project, for programs that cannot be handed a text in another way: it follows the files of the project and has some of them
 * as a change would make them. What did not change is not touched, so that builds in it stay warm. What ran in it may have left
 * anything there, such as links to elsewhere: none is ever followed.
 */
export class ProjectCopy {
  /** Absolute; whoever shows something in it has it alone until the next time. */
  readonly folder: string
  readonly #root: string
  readonly #isWanted: (path: string) => boolean
  /** What each file was made from, by path. */
  readonly #madeFrom = new Map<string, string>()
  /** Made, or found, while this is shown. */
  readonly #folders = new Set<string>()
  #isKnown = false

  /**
   * @param folder the folder above it is nobody else's to replace
   * @param isWanted which files are copied, by path in the project
   */
  constructor(root: string, folder: string, isWanted: (path: string) => boolean) {
    this.#root = root
    this.folder = folder
    this.#isWanted = isWanted
  }

  /** @returns why it could not be done, if so */
  async show(texts: CopiedTexts): Promise<string | undefined> {
    const wasKnown = this.#isKnown
    try {
      return await this.#show(texts)
    } catch (error) {
      this.#isKnown = false
      this.#madeFrom.clear()
      // What ran in the copy may have put something in the way.
      if (wasKnown) return this.show(texts)
      // A file that went away meanwhile, a full disk: what is there now is found out the next time.
      return `the project could not be copied: ${fileError(this.folder, error).message}`
    }
  }

  async #show(texts: CopiedTexts): Promise<string | undefined> {
    // In a worktree the packages may be a link.
    const includes = (path: string) => !/(?:^|\/)node_modules$/.test(path) && this.#isWanted(path)
    const files = await walkFiles(this.#root, { enters: (path, names) => !isMachineMade(path, names), includes })
    if (files.length > MAX_FILES) return `the project has more than ${MAX_FILES} files`
    if (files.reduce((sum, { size }) => sum + size, 0) > MAX_BYTES) return 'the project is too large to be copied'
    this.#folders.clear()
    if (!this.#isKnown) await this.#recognise(files)
    this.#isKnown = true
    const wanted = new Map(files.map(file => [file.path, file]))
    for (const path of this.#madeFrom.keys())
      if (typeof texts[path] !== 'string' && (texts[path] === null || !wanted.has(path))) await this.#remove(path)
    for (const file of files) if (texts[file.path] === undefined) await this.#copy(file)
    for (const [path, text] of Object.entries(texts)) if (text !== null && includes(path)) await this.#write(path, text)
    return undefined
  }

  /** What an earlier process left: equal files stay, others go, and so do folders that the project lacks. */
  async #recognise(files: readonly WalkedFile[]): Promise<void> {
    mkdirSync(dirname(this.folder), { recursive: true })
    const isFolder = await this.#held('', held => lstatSync(held, { throwIfNoEntry: false })?.isDirectory())
    if (!isFolder) await this.#remove('')
    await this.#makeFolder('')
    const originals = new Map(files.map(file => [file.path, file]))
    const folders = new Set(files.flatMap(({ path }) => foldersOf(path)))
    const strays: string[] = []
    const enters = (path: string) => {
      const isKnown = path === '' || folders.has(path)
      if (!isKnown) strays.push(path)
      return isKnown
    }
    const found = await this.#held('.', held => walkFiles(held, { enters, includes: () => true }))
    for (const { path, type, size } of found) {
      const original = originals.get(path)
      const isAlike = type === 'file' && original?.type === 'file' && size === original.size
      if (isAlike && (await this.#isCopied(path))) this.#madeFrom.set(path, original.version)
      else strays.push(path)
    }
    for (const path of strays) await this.#remove(path)
  }

  #isCopied(path: string): Promise<boolean> {
    return this.#held(path, held => readFileSync(held).equals(readFileSync(join(this.#root, path))))
  }

  async #copy({ path, type, version }: WalkedFile): Promise<void> {
    if (this.#madeFrom.get(path) === version || type === 'other') return
    const from = join(this.#root, path)
    await this.#make(path, to => {
      if (type === 'symlink') symlinkSync(readlinkSync(from), to)
      else copyFileSync(from, to, constants.COPYFILE_FICLONE)
    })
    this.#madeFrom.set(path, version)
  }

  async #write(path: string, text: string): Promise<void> {
    const source = `text:${text}`
    if (this.#madeFrom.get(path) === source) return
    await this.#make(path, to => writeFileSync(to, text))
    this.#madeFrom.set(path, source)
  }

  async #make(path: string, write: (to: string) => void): Promise<void> {
    for (const folder of foldersOf(path)) await this.#makeFolder(folder)
    await this.#held(path, to => {
      removeAny(to)
      write(to)
    })
  }

  /** One step: a recursive mkdir of several would walk through links. */
  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return
    await this.#held(path, held => mkdirSync(held, { recursive: true }))
    this.#folders.add(path)
  }

  async #remove(path: string): Promise<void> {
    await this.#held(path, removeAny)
    this.#madeFrom.delete(path)
  }

  /** @param path in the copy; empty: the copy itself, as it lies in the folder above it */
  #held<T>(path: string, use: (held: string) => T | Promise<T>): Promise<T> {
    const names = path === '' ? [] : path.split('/')
    return withFolderHeld(dirname(this.folder), [basename(this.folder), ...names], use)
  }
}

/** The folders on the way to a file, outermost first. */
function foldersOf(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}

function removeAny(path: string): void {
  // Without `recursive` a link to a folder is taken for one.
  rmSync(path, { recursive: true, force: true })
}

const MAX_FILES = 20_000
const MAX_BYTES = 400_000_000

/** Folders that tools fill: they are large, and made anew where they are needed. */
function isMachineMade(path: string, names: readonly string[]): boolean {
  if (/(?:^|\/)(?:\.git|\.kode|node_modules|__pycache__)$/.test(path)) return true
  return names.includes('CACHEDIR.TAG') || names.includes('pyvenv.cfg')
}
