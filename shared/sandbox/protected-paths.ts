import { type Dirent, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { isInside } from '#shared/host/inside'
import { CONTROL_NAMES } from './control-names'
import { lookAt } from './look-at'
import { type OpenableFolder, OpenFolders } from './open-folders'
import { readText } from './read-text'

/** Files and folders of a project that decide what runs later, outside: a command may read them, not change them. */

/** In a git folder: what makes git run something. */
const GIT_CONTROL_FILES = ['hooks', 'config', 'config.worktree', 'info/attributes', 'commondir', 'gitdir']

/** In the home folder: credentials and what shells and tools read at their start. Counts where a project contains them. */
const HOME_NAMES = [
  ...['.ssh', '.aws', '.gnupg', '.kube', '.azure', '.password-store', '.terraform.d', '.claude', '.android'],
  ...[
    'gcloud',
    'gh',
    'op',
    'helm',
    'netlify',
    'vercel',
    'fly',
    'doppler',
    'stripe',
    'heroku',
    'git',
    'kode',
    'koda',
  ].map(name => `.config/${name}`),
  ...['fish', 'autostart', 'systemd', 'Code', 'nvim'].map(name => `.config/${name}`),
  ...['.netrc', '.git-credentials', '.npmrc', '.pypirc', '.docker', '.vault-token', '.env', '.gitconfig'],
  ...[
    '.bashrc',
    '.bash_profile',
    '.bash_login',
    '.bash_logout',
    '.profile',
    '.zshrc',
    '.zshenv',
    '.zprofile',
    '.zlogin',
  ],
  ...[
    '.cargo/config',
    '.cargo/config.toml',
    '.cargo/credentials',
    '.cargo/credentials.toml',
    '.cargo/bin',
    '.cargo/env',
  ],
  ...[
    '.local/bin',
    'bin',
    '.vimrc',
    '.vim',
    '.emacs',
    '.emacs.d',
    '.inputrc',
    '.pam_environment',
    '.xprofile',
    '.tmux.conf',
  ],
]

/** Installed packages bring such files along, and nobody opens an editor or runs git there. */
const NOT_SEARCHED = new Set(['node_modules', '.venv', '.git'])

/** A project of more folders is searched up to here. */
const MAX_FOLDERS = 20_000

/** Folder times tick this coarsely on some file systems: one read so soon after it changed is read again. */
const TIME_TICK_MS = 50

export interface ProtectedPath {
  /** Absolute. */
  path: string
  kind: 'file' | 'directory' | 'symlink'
  /** Of a link: where it points. */
  target?: string
  /** Of a way to a git folder that is none of the project's: where it ends. */
  leadsOut?: string
}

interface SeenFolder extends OpenableFolder {
  /** Which folder it was when it was read, and when that had changed; NaN before. */
  inode: number
  changedMs: number
  readAtMs: number
  folders: SeenFolder[]
  found: ProtectedPath[]
}

/** Finds protected paths at any depth; a folder that did not change since is not read again. */
export class ProtectedPaths {
  readonly #root: string
  readonly #home: string | undefined
  readonly #top: SeenFolder
  readonly #open = new OpenFolders()

  constructor(root: string, home: string | undefined) {
    this.#root = root
    this.#home = home
    this.#top = unread(root)
  }

  /** What is there now, by path. */
  scan(): Map<string, ProtectedPath> {
    const all = new Map<string, ProtectedPath>()
    const waiting = [this.#top]
    this.#open.beginLook()
    for (let count = 0; count < MAX_FOLDERS; count++) {
      const folder = waiting.pop()
      if (!folder) break
      if (!refresh(folder, this.#open)) continue
      // No folder that is looked at here would tell that another one took its name.
      if (folder === this.#top) this.#open.forget(folder)
      for (const each of folder.folders) waiting.push(each)
      for (const entry of folder.found) this.#add(entry, all)
    }
    for (const entry of [...this.#homeEntries(), ...bareRepositoryPaths(this.#root)]) all.set(entry.path, entry)
    return all
  }

  /** Lets go of the folders that were kept open; a later scan opens them again. */
  close(): void {
    this.#open.close()
  }

  #add(entry: ProtectedPath, all: Map<string, ProtectedPath>): void {
    const { path, kind } = entry
    if (basename(path) === '.git' && kind === 'directory') {
      for (const each of gitControlPaths(path)) all.set(each.path, each)
      return
    }
    all.set(path, this.#withEnd(entry))
    for (const each of kind === 'symlink' ? this.#behindLink(path) : this.#behindGitFile(path)) all.set(each.path, each)
  }

  #withEnd(entry: ProtectedPath): ProtectedPath {
    const { path, kind } = entry
    if (basename(path) !== '.git') return entry
    const end = kind === 'symlink' ? endOf(resolve(dirname(path), entry.target ?? '')) : namedGitFolder(path)
    return end === undefined || this.#isOfProject(end) ? entry : { ...entry, leadsOut: end }
  }

  /** A protected name that is a link: what it leads to is protected too, where a command could write to it. */
  #behindLink(path: string): ProtectedPath[] {
    const target = realPath(path)
    if (target === undefined || !this.#isOfProject(target)) return []
    return basename(path) === '.git' ? gitControlPaths(target) : [protectedPath(target)]
  }

  /** A `.git` file, as submodules and worktrees have, names a git folder. */
  #behindGitFile(path: string): ProtectedPath[] {
    const target = basename(path) === '.git' ? namedGitFolder(path) : undefined
    return target !== undefined && this.#isOfProject(target) ? gitControlPaths(target) : []
  }

  #isOfProject(path: string): boolean {
    return path !== this.#root && isInside(path, this.#root)
  }

  #homeEntries(): ProtectedPath[] {
    const home = this.#home
    if (home === undefined || !isInside(home, this.#root)) return []
    return existing(HOME_NAMES.map(name => join(home, name)))
  }
}

function unread(path: string): SeenFolder {
  return { path, inode: Number.NaN, changedMs: Number.NaN, readAtMs: 0, folders: [], found: [] }
}

/** Reads a folder again if it changed; false when it is gone. */
function refresh(folder: SeenFolder, open: OpenFolders): boolean {
  const { path } = folder
  const stat = open.stat(folder)
  if (stat === undefined) return false
  const isSame = stat.ino === folder.inode && stat.ctimeMs === folder.changedMs
  if (isSame && folder.readAtMs - stat.ctimeMs > TIME_TICK_MS) return true

  const old = folder.folders
  const known = new Map(old.map(each => [each.path, each]))
  folder.inode = stat.ino
  folder.changedMs = stat.ctimeMs
  folder.readAtMs = Date.now()
  folder.folders = []
  folder.found = []
  for (const entry of entriesOf(path)) {
    const { name } = entry
    const inner = `${path}/${name}`
    if (name === '.git' || CONTROL_NAMES.has(name)) folder.found.push(protectedPath(inner))
    else if (entry.isDirectory() && !NOT_SEARCHED.has(name)) folder.folders.push(known.get(inner) ?? unread(inner))
  }
  const kept = new Set(folder.folders)
  for (const each of old) {
    // A kept name may stand for another folder by now.
    if (kept.has(each)) open.forget(each)
    else forgetAll(each, open)
  }
  return true
}

function forgetAll(folder: SeenFolder, open: OpenFolders): void {
  open.forget(folder)
  for (const each of folder.folders) forgetAll(each, open)
}

/** Control files of a git folder, of its submodules' and of its worktrees'. */
export function gitControlPaths(gitFolder: string): ProtectedPath[] {
  const own = existing(GIT_CONTROL_FILES.map(name => `${gitFolder}/${name}`))
  const inner = [...submoduleFolders(`${gitFolder}/modules`), ...subfolders(`${gitFolder}/worktrees`)]
  return [...own, ...inner.flatMap(gitControlPaths)]
}

/** A folder that holds these three names is a repository to git, with a configuration that can name programs. */
function bareRepositoryPaths(root: string): ProtectedPath[] {
  const marks = existing(['HEAD', 'objects', 'refs'].map(name => `${root}/${name}`))
  return marks.length === 3 ? [marks[0]!, ...gitControlPaths(root)] : []
}

/** A submodule's name may hold slashes: its folder is the first one down that looks like a git folder. */
function submoduleFolders(folder: string): string[] {
  return subfolders(folder).flatMap(each => (lookAt(`${each}/HEAD`) ? [each] : submoduleFolders(each)))
}

function subfolders(folder: string): string[] {
  return entriesOf(folder)
    .filter(entry => entry.isDirectory())
    .map(entry => `${folder}/${entry.name}`)
}

/**
 * The git folder that a linked worktree shares with its main repository, if the root is one and the repository agrees:
 * commits are written there. A `.git` file alone proves nothing, it could name any folder.
 */
export function sharedGitFolder(root: string): string | undefined {
  const gitFile = `${root}/.git`
  const own = namedGitFolder(gitFile)
  if (!own || basename(dirname(own)) !== 'worktrees') return undefined
  const isKnownThere = realPath(readText(`${own}/gitdir`).trim()) === realPath(gitFile)
  const shared = dirname(dirname(own))
  return isKnownThere && lookAt(`${shared}/HEAD`) ? shared : undefined
}

function namedGitFolder(gitFile: string): string | undefined {
  const pointer = /^gitdir: (.+)$/m.exec(readText(gitFile))?.[1]
  return pointer === undefined ? undefined : endOf(resolve(dirname(gitFile), pointer))
}

/** Where a path really is; as it is named while nothing is there yet. */
function endOf(path: string): string {
  return realPath(path) ?? path
}

/** Of protected files, those with further names: a command can change such a file under another of them. */
export function knownByOtherNames(found: Iterable<ProtectedPath>): string[] {
  return [...found]
    .filter(({ path, kind }) => kind === 'file' && (lookAt(path)?.nlink ?? 1) > 1)
    .map(({ path }) => path)
}

/** Folders between `zone` and a path, outermost first: once they are mount points, none of them can be moved away. */
export function ancestorsWithin(path: string, zone: string): string[] {
  const all: string[] = []
  for (let folder = dirname(path); folder !== zone && isInside(folder, zone); folder = dirname(folder)) {
    all.unshift(folder)
  }
  return all
}

function existing(paths: readonly string[]): ProtectedPath[] {
  return paths.filter(path => lookAt(path)).map(protectedPath)
}

function protectedPath(path: string): ProtectedPath {
  const stat = lookAt(path)
  if (stat?.isSymbolicLink()) return { path, kind: 'symlink', target: readlinkSync(path) }
  return { path, kind: stat?.isDirectory() ? 'directory' : 'file' }
}

/** A folder that cannot be read, or is gone meanwhile, holds nothing a command could change either. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
