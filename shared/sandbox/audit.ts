import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { ProtectedPath } from './protected-paths'

type Found = ReadonlyMap<string, ProtectedPath>

/**
 * Looks for protected files that a command created: there was nothing yet to make read-only. What would run something
 * outside is moved to quarantine, links that were replaced are put back; each is told.
 *
 * @param quarantine a folder that commands cannot reach; created when needed
 */
export function auditProtected(root: string, before: Found, after: Found, quarantine: string): string[] {
  const told: string[] = []
  for (const entry of before.values()) {
    if (entry.kind === 'symlink' && !isSameLink(entry)) told.push(restoreLink(entry, root, quarantine))
  }
  for (const entry of after.values()) {
    if (before.has(entry.path) || !isDangerous(entry)) continue
    moveTo(quarantine, entry.path, root)
    told.push(
      `${relative(root, entry.path)} was created by the command and moved to ${quarantine}: it decides what runs outside the sandbox. Create it with Write, or ask the user to put it back.`,
    )
  }
  return told
}

/** What `git init`, `git clone` and `git worktree add` leave behind is fine; everything else that is new is not. */
function isDangerous({ path, kind }: ProtectedPath): boolean {
  if (!lstatSync(path, { throwIfNoEntry: false })) return false
  const name = basename(path)
  // A way to a git folder: what it leads to is judged by itself.
  if (name === '.git') return false
  if (kind === 'symlink' || !path.includes('/.git/')) return true
  if (name === 'hooks') return readdirSync(path).some(each => !each.endsWith('.sample'))
  if (name === 'config') return !isPlainGitConfig(readFileSync(path, 'utf8'))
  const isOfWorktree = basename(dirname(dirname(path))) === 'worktrees'
  if (name === 'commondir') return !isOfWorktree || readFileSync(path, 'utf8').trim() !== '../..'
  return name !== 'gitdir'
}

const PLAIN_SECTIONS: Record<string, readonly string[]> = {
  core: [
    'repositoryformatversion',
    'filemode',
    'bare',
    'logallrefupdates',
    'ignorecase',
    'precomposeunicode',
    'symlinks',
  ],
  remote: ['url', 'fetch', 'tagopt'],
  branch: ['remote', 'merge', 'rebase'],
  submodule: ['url', 'active', 'branch'],
  init: ['defaultbranch'],
  user: ['name', 'email'],
  extensions: ['objectformat', 'refstorage', 'partialclone'],
}

/** Whether a git configuration holds only what git itself writes, and nothing that names a program. */
export function isPlainGitConfig(text: string): boolean {
  let section = ''
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const header = /^\[([a-z]+)(?: "[^"\\]*")?\]$/i.exec(line)
    if (header) {
      section = header[1]!.toLowerCase()
      continue
    }
    const setting = /^([a-z][a-z0-9-]*)\s*=\s*(.*)$/i.exec(line)
    if (!setting || setting[2]!.endsWith('\\')) return false
    if (!PLAIN_SECTIONS[section]?.includes(setting[1]!.toLowerCase())) return false
    // ext:: and other helpers are programs.
    if (setting[1]!.toLowerCase() === 'url' && setting[2]!.includes('::')) return false
  }
  return true
}

function isSameLink({ path, target }: ProtectedPath): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === target
}

function restoreLink({ path, target = '' }: ProtectedPath, root: string, quarantine: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })) moveTo(quarantine, path, root)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
  return `${relative(root, path)} is a protected link; it was put back. What the command made of it is in ${quarantine}.`
}

function moveTo(quarantine: string, path: string, root: string): void {
  const target = join(quarantine, relative(root, path))
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  rmSync(target, { recursive: true, force: true })
  try {
    renameSync(path, target)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    cpSync(path, target, { recursive: true, verbatimSymlinks: true })
    rmSync(path, { recursive: true, force: true })
  }
}
