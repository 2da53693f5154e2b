import { dirname, join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import type { FileSystem } from '#shared/host/host'

/** What git ignores, and what is never anybody's work; read folder by folder during a walk. */
export class IgnoreRules {
  readonly #files: FileSystem
  readonly #root: string
  /** By folder; each speaks about the paths below its own folder. */
  readonly #rules = new Map<string, Ignore>()
  /** How far the first rules reach up: from the top of the repository to the project. */
  readonly #prefix: string

  private constructor(root: string, files: FileSystem, prefix: string, rules: Ignore | undefined) {
    this.#root = root
    this.#files = files
    this.#prefix = prefix
    if (rules) this.#rules.set('..', rules)
  }

  /** Reads what is said above the project: `.gitignore` files up to the top of the repository; and its `info/exclude`. */
  static async above(root: string, files: FileSystem): Promise<IgnoreRules> {
    const top = await repositoryTop(root, files)
    if (top === undefined) return new IgnoreRules(root, files, '', undefined)
    const rules = ignore()
    const add = async (path: string, folder: string) => {
      const text = await textOf(path, files)
      if (text === undefined) return
      rules.add(folder === '' ? text : text.split('\n').map(line => below(folder, line)))
    }
    await add(join(top, '.git', 'info', 'exclude'), '')
    for (const folder of foldersAbove(top, root)) await add(join(top, folder, '.gitignore'), folder)
    return new IgnoreRules(root, files, relative(top, root).split(sep).filter(Boolean).join('/'), rules)
  }

  /** Whether a walk goes into a folder; reads the folder's own rules. */
  async enters(path: string, names: readonly string[]): Promise<boolean> {
    if (path !== '' && (NEVER_WORK.has(nameOf(path)) || this.#ignores(`${path}/`))) return false
    if (names.includes('.gitignore')) {
      const text = await textOf(join(this.#root, path, '.gitignore'), this.#files)
      if (text !== undefined) {
        this.#rules.set(path, ignore().add(text))
      }
    }
    return true
  }

  /** Whether a file counts; its folder was entered before. */
  includes(path: string): boolean {
    return !NEVER_WORK.has(nameOf(path)) && !this.#ignores(path)
  }

  /** Whether a walk by these rules comes to a file at all. */
  reaches(path: string): boolean {
    const steps = path.split('/')
    const folders = steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('/'))
    return !folders.some(folder => NEVER_WORK.has(nameOf(folder)) || this.#ignores(`${folder}/`)) && this.includes(path)
  }

  /** Deeper rules win over higher ones, as in git. */
  #ignores(path: string): boolean {
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const rules = this.#rules.get(folder)
      const result = rules?.test(folder === '' ? path : path.slice(folder.length + 1))
      if (result?.ignored) return true
      if (result?.unignored) return false
      if (folder === '') break
    }
    const above = this.#rules.get('..')
    return above?.test(this.#prefix === '' ? path : `${this.#prefix}/${path}`).ignored ?? false
  }
}

/** Made by programs, in thousands, also where no `.gitignore` says so. */
const NEVER_WORK = new Set([
  '.git',
  'node_modules',
  '__pycache__',
  '.venv',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.tox',
  '.gradle',
])

export async function repositoryTop(root: string, files: FileSystem): Promise<string | undefined> {
  for (let folder = root; ; folder = dirname(folder)) {
    if ((await files.lstat(join(folder, '.git'))).ok) return folder
    if (dirname(folder) === folder) return undefined
  }
}

async function textOf(path: string, files: FileSystem): Promise<string | undefined> {
  const bytes = await files.read(path, MOST_RULE_BYTES)
  return bytes.ok ? Buffer.from(bytes.value).toString('utf8') : undefined
}

const MOST_RULE_BYTES = 1024 * 1024

/** From the top of the repository (empty) down to the folder before the project. */
function foldersAbove(top: string, root: string): string[] {
  const steps = relative(top, root).split(sep).filter(Boolean)
  return steps.map((_, index) => steps.slice(0, index).join('/'))
}

/** A rule of a folder below, as a rule of the top folder. */
function below(folder: string, line: string): string {
  const rule = line.trim()
  if (rule === '' || rule.startsWith('#')) return rule
  const negation = rule.startsWith('!') ? '!' : ''
  const pattern = negation ? rule.slice(1) : rule
  const isAnchored = pattern.slice(0, -1).includes('/')
  return `${negation}/${folder}/${isAnchored ? '' : '**/'}${pattern.replace(/^\//, '')}`
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function parentOf(path: string): string {
  const end = path.endsWith('/') ? path.length - 2 : path.length - 1
  const slash = path.lastIndexOf('/', end)
  return slash === -1 ? '' : path.slice(0, slash)
}
