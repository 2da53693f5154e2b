import { IgnoreRules } from '#shared/edits/ignore-rules'
import type { FileSystem } from '#shared/host/host'
import type { Language } from '#shared/languages/language'
import type { Languages } from '#shared/languages/registry'
import { decodeIndex, encodeIndex } from './index-cache'
import type { IndexedFile } from './indexed-file'
import { hashOfName, hasName, scanNames } from './name-scan'

/** One import of a file, as its language's `resolveToFiles` takes it. */
export interface KnownImport {
  readonly path: string
  readonly imported: string
}

/** Where imports lead, by a key of the graph's; a promise only until it is known: most are asked for many times. */
export type ImportTargets = Map<string, readonly string[] | Promise<readonly string[]>>

export interface CodeIndexParts {
  /** Absolute. */
  root: string
  files: FileSystem
  languages: Languages
  /** A folder of the user's cache; undefined = nothing is kept between runs. */
  cacheFolder?: string
}

/** A folder with more is no project, such as a whole home folder. */
const MAX_FILES = 200_000

/** How names of others come in without being said, by language. */
const PASSES_ALL_ON: Readonly<Record<string, RegExp>> = {
  go: /\bimport\s+\.\s|^\s*\.\s+"/m,
  python: /\bimport\s*\*/,
  rust: /::\*/,
}
const PASSES_ALL_ON_IN_SCRIPTS = /\b(?:im|ex)port\s*(?:type\s*)?\*/

/** A file to be looked at, as the walk saw it. */
interface StaleFile {
  path: string
  version: string
}

const utf8 = new TextDecoder()
const utf8Bytes = new TextEncoder()

/** Larger files are made by programs: nobody's edit depends on them. */
const MAX_BYTES = 2_000_000

/**
 * Which files of a project use a name, and which import what. The first of two levels: found without parsing, so it may say too much
 * and never too little; the precise facts of the few files it names come from their language.
 */
export class CodeIndex {
  readonly #parts: CodeIndexParts
  #files = new Map<string, IndexedFile>()
  #importTable: ImportTable | undefined
  #imported = new Map<string, string>()
  #refreshing: Promise<void> | undefined
  #isLoaded = false
  /** Where imports lead, as the disk is: by what is imported and from which folder. Holds until a file comes, goes, or configures. */
  targets: ImportTargets = new Map()

  constructor(parts: CodeIndexParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#files.size
  }

  get paths(): Iterable<string> {
    return this.#files.keys()
  }

  file(path: string): IndexedFile | undefined {
    return this.#files.get(path)
  }

  /** Files that hold the identifier somewhere; perhaps a few that do not. */
  filesWith(name: string): string[] {
    const hash = hashOfName(name)
    return [...this.#files.values()].filter(file => hasName(file.names, hash)).map(file => file.path)
  }

  /** Whether a file holds the identifier or may use it unsaid; true when the index does not know the file. */
  mayUse(path: string, name: string): boolean {
    const file = this.#files.get(path)
    return !file || file.passesAllOn || hasName(file.names, hashOfName(name))
  }

  /** Imports that mention one of the words, and among them all of what is called so. */
  importsNaming(words: Iterable<string>): KnownImport[] {
    this.#importTable ??= importTable(this.#files.values())
    const { byWord, byName } = this.#importTable
    const names = new Set<string>()
    for (const word of words) for (const name of byWord.get(word.toLowerCase()) ?? []) names.add(name)
    return [...names].flatMap(name => byName.get(name) ?? [])
  }

  /** Brings the index up to date with the disk; reads only what changed. Calls that come meanwhile share one run. */
  refresh(signal?: AbortSignal): Promise<void> {
    this.#refreshing ??= this.#refresh(signal).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Looks at single files again, after a write or a notice from the editor. */
  async update(paths: readonly string[]): Promise<void> {
    if (!this.#isLoaded) return
    const { files, root, languages } = this.#parts
    for (const path of paths) {
      if (languages.idOf(path) === undefined) continue
      const read = await files.read(`${root}/${path}`, MAX_BYTES)
      const wasThere = this.#files.has(path)
      if (wasThere !== read.ok || !isCode(path)) this.targets = new Map()
      // Without a version, the next walk looks at it once more.
      if (read.ok)
        this.#files.set(path, this.#scan({ path, version: '' }, await languages.languageOf(path), read.value))
      else this.#files.delete(path)
    }
    this.#importTable = undefined
  }

  async #refresh(signal?: AbortSignal): Promise<void> {
    const { files, root, languages } = this.#parts
    if (!this.#isLoaded) await this.#load()
    this.#isLoaded = true
    const rules = await IgnoreRules.above(root, files)
    let count = 0
    const walked = await files.walk(root, {
      enters: (path, names) => count < MAX_FILES && rules.enters(path, names),
      includes: path => {
        const isWanted = (languages.idOf(path) !== undefined || !isCode(path)) && rules.includes(path)
        if (isWanted) count++
        return isWanted && count <= MAX_FILES
      },
      ...(signal ? { signal } : {}),
    })
    // A folder that cannot be walked, or a walk that was stopped, says nothing about what is gone.
    if (!walked.ok || signal?.aborted) return

    const next = new Map<string, IndexedFile>()
    const stale = new Map<string, StaleFile>()
    for (const { path, type, size, version } of walked.value) {
      if (type !== 'file' || size > MAX_BYTES) continue
      const known = this.#files.get(path)
      if (known?.version === version) next.set(path, known)
      else stale.set(`${root}/${path}`, { path, version })
    }
    const loaded = await this.#languagesOf(stale.values())
    await files.readMany([...stale.keys()], MAX_BYTES, (fullPath, read) => {
      const file = stale.get(fullPath)
      if (read.ok && file) next.set(file.path, this.#scan(file, loaded.get(languages.idOf(file.path)), read.value))
    })
    const isSame = stale.size === 0 && next.size === this.#files.size
    if (isSame) return
    const cameOrWent = next.size !== this.#files.size || [...next.keys()].some(path => !this.#files.has(path))
    if (cameOrWent || [...stale.values()].some(({ path }) => !isCode(path))) this.targets = new Map()
    this.#files = next
    this.#importTable = undefined
    this.#imported = new Map()
    await this.#store()
  }

  async #languagesOf(stale: Iterable<StaleFile>): Promise<Map<string | undefined, Language | undefined>> {
    const { languages } = this.#parts
    const loaded = new Map<string | undefined, Language | undefined>()
    for (const { path } of stale) {
      const id = languages.idOf(path)
      if (!loaded.has(id)) loaded.set(id, await languages.languageOf(path))
    }
    return loaded
  }

  #scan({ path, version }: StaleFile, language: Language | undefined, bytes: Uint8Array): IndexedFile {
    const text = utf8.decode(bytes)
    const imports = language?.code?.scanImports({ path, text }) ?? []
    return {
      path,
      version,
      imports: [...new Set(imports)].map(imported => this.#own(imported)),
      names: scanNames(bytes),
      passesAllOn: (PASSES_ALL_ON[language?.id ?? ''] ?? PASSES_ALL_ON_IN_SCRIPTS).test(text),
    }
  }

  /**
   * The same few modules are imported everywhere. And a piece of a text keeps all of the text in memory, as long as it is not
   * copied.
   */
  #own(imported: string): string {
    const known = this.#imported.get(imported)
    if (known !== undefined) return known
    const copy = utf8.decode(utf8Bytes.encode(imported))
    this.#imported.set(copy, copy)
    return copy
  }

  async #load(): Promise<void> {
    const path = this.#cachePath()
    const stored = path === undefined ? undefined : await this.#parts.files.read(path)
    const files = stored?.ok ? decodeIndex(stored.value) : undefined
    if (files) this.#files = new Map(files.map(file => [file.path, file]))
  }

  async #store(): Promise<void> {
    const path = this.#cachePath()
    if (path === undefined) return
    const { files } = this.#parts
    await files.makeFolder(path.slice(0, path.lastIndexOf('/')))
    const staged = await files.stage(path, encodeIndex([...this.#files.values()]), { isDurable: false })
    // A cache that cannot be written costs time at the next start, nothing else.
    if (staged.ok && !(await staged.value.commit()).ok) await staged.value.discard()
  }

  #cachePath(): string | undefined {
    const { cacheFolder, root } = this.#parts
    return cacheFolder === undefined
      ? undefined
      : `${cacheFolder}/code-index/${hashOfName(root).toString(16)}-${nameIn(root)}.bin`
  }
}

interface ImportTable {
  byName: ReadonlyMap<string, KnownImport[]>
  /** What is imported, by each word of it, lower case: `./lib/math.js` is under lib, math and js. */
  byWord: ReadonlyMap<string, string[]>
}

function importTable(files: Iterable<IndexedFile>): ImportTable {
  const byName = new Map<string, KnownImport[]>()
  for (const { path, imports } of files) {
    for (const imported of imports) {
      const known = byName.get(imported)
      if (known) known.push({ path, imported })
      else byName.set(imported, [{ path, imported }])
    }
  }
  const byWord = new Map<string, string[]>()
  for (const name of byName.keys()) {
    for (const word of new Set(wordsOf(name))) {
      const names = byWord.get(word)
      if (names) names.push(name)
      else byWord.set(word, [name])
    }
  }
  return { byName, byWord }
}

/**
 * The words of what is imported: its path's parts, each also without its ending. `.` and `..` alone mean a folder's own file and
 * are kept under the word `.`.
 */
export function wordsOf(imported: string): string[] {
  const words = imported
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$-]+/u)
    .filter(word => word !== '')
  return words.length === 0 || /(?:^|\/)\.{1,2}\/?$/.test(imported) ? [...words, '.'] : words
}

/** Data files configure: manifests, compiler options, workspaces. */
export function isCode(path: string): boolean {
  return !/\.(?:jsonc?|ya?ml|toml|mod|work|lock|cfg)$/.test(path)
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replaceAll(/[^\w.-]/g, '_')
}
