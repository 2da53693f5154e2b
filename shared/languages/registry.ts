import type { AssetLoader, Language } from './language'

/** One line per language; nothing of it is loaded before a file asks for it. */
const LANGUAGES: readonly LanguageEntry[] = [
  {
    id: 'typescript',
    extensions: ['.ts', '.mts', '.cts', '.tsx'],
    load: async () => (await import('./typescript')).typescript,
  },
  {
    id: 'javascript',
    extensions: ['.js', '.mjs', '.cjs', '.jsx'],
    load: async () => (await import('./typescript')).javascript,
  },
  {
    id: 'python',
    extensions: ['.py', '.pyi', '.pyw'],
    load: async loadAsset => (await import('./python')).createPython(loadAsset),
  },
  { id: 'go', extensions: ['.go'], load: async loadAsset => (await import('./go')).createGo(loadAsset) },
  { id: 'rust', extensions: ['.rs'], load: async loadAsset => (await import('./rust')).createRust(loadAsset) },
  { id: 'vue', extensions: ['.vue'], load: async () => (await import('./vue')).vue },
  { id: 'svelte', extensions: ['.svelte'], load: async () => (await import('./svelte')).svelte },
  {
    id: 'json',
    extensions: ['.json', '.jsonc', '.code-workspace', '.webmanifest'],
    fileNames: ['.babelrc', '.swcrc', '.jshintrc'],
    load: async () => (await import('./json')).json,
  },
  { id: 'yaml', extensions: ['.yaml', '.yml'], load: async () => (await import('./yaml')).yaml },
  { id: 'toml', extensions: ['.toml'], load: async () => (await import('./toml')).toml },
  { id: 'css', extensions: ['.css'], load: async () => (await import('./css')).css },
  { id: 'html', extensions: ['.html', '.htm'], load: async () => (await import('./html')).html },
  { id: 'markdown', extensions: ['.md', '.markdown'], load: async () => (await import('./markdown')).markdown },
]

interface LanguageEntry {
  id: string
  /** Lower case, with the dot. */
  extensions: readonly string[]
  /** Whole file names, lower case, for files that are known by name. */
  fileNames?: readonly string[]
  load(loadAsset: AssetLoader): Promise<Language>
}

/** Which language a file is written in. Loads each at most once. */
export class Languages {
  readonly #loadAsset: AssetLoader
  readonly #loaded = new Map<string, Promise<Language>>()

  constructor(loadAsset: AssetLoader) {
    this.#loadAsset = loadAsset
  }

  /** Name of the language, without loading it. */
  idOf(path: string): string | undefined {
    return entryFor(path)?.id
  }

  /** @returns undefined for files of no known language */
  async languageOf(path: string): Promise<Language | undefined> {
    const entry = entryFor(path)
    if (!entry) return undefined
    const loading = this.#loaded.get(entry.id) ?? entry.load(this.#loadAsset)
    this.#loaded.set(entry.id, loading)
    return loading
  }
}

const BY_EXTENSION = new Map(LANGUAGES.flatMap(entry => entry.extensions.map(extension => [extension, entry])))
const BY_FILE_NAME = new Map(LANGUAGES.flatMap(entry => (entry.fileNames ?? []).map(name => [name, entry])))

function entryFor(path: string): LanguageEntry | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  return BY_FILE_NAME.get(name) ?? (dot > 0 ? BY_EXTENSION.get(name.slice(dot)) : undefined)
}
