import { cpSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isInside } from '#shared/host/inside'
import { withFolderHeld } from '#shared/host/node/confined-path'
import { fileError } from '#shared/host/node/file-error'
import { lookAt } from './look-at'
import { ancestorsWithin, type ProtectedPath, sharedGitFolder } from './protected-paths'
import { readText } from './read-text'

type Found = ReadonlyMap<string, ProtectedPath>

/**
 * Looks for protected files that a command created: there was nothing yet to make read-only. What would run something
 * outside is moved to quarantine, links that were replaced are put back; each is told.
 *
 * Nothing is touched behind a link that a command may have put in the way: it would be a file of somebody else.
 *
 * @param quarantine a folder that commands cannot reach; created when needed
 */
export async function auditProtected(root: string, before: Found, after: Found, quarantine: string): Promise<string[]> {
  const told: string[] = []
  const judge = async (entry: ProtectedPath, work: () => Promise<string | undefined>) => {
    try {
      told.push((await work()) ?? '')
    } catch (error) {
      // One that another command changes meanwhile, or that cannot be moved, must not hide the others.
      const { message } = fileError(entry.path, error)
      told.push(`${relative(root, entry.path)} could not be put right (${message}). Ask the user to look at it.`)
    }
  }
  for (const entry of before.values()) await judge(entry, () => keepLink(entry, root, quarantine))
  const shared = sharedGitFolder(root)
  for (const entry of after.values()) {
    const known = before.get(entry.path)
    const isOther = entry.leadsOut !== known?.leadsOut && !isOfFolder(entry.leadsOut, shared)
    if (!known || isOther) await judge(entry, () => putAway(entry, isOther, root, quarantine))
  }
  return told.filter(line => line !== '')
}

function isOfFolder(path: string | undefined, folder: string | undefined): boolean {
  return path === undefined || (folder !== undefined && isInside(path, folder))
}

/** @param leadsOut to a git folder that nobody looks at, and that a command may be able to write */
async function putAway(
  entry: ProtectedPath,
  leadsOut: boolean,
  root: string,
  quarantine: string,
): Promise<string | undefined> {
  const link = linkOnWay(entry.path, root)
  if (link === undefined && !leadsOut && !isDangerous(entry)) return undefined
  const path = link ?? entry.path
  await moveTo(quarantine, path, root)
  return `${relative(root, path)} was created by the command and moved to ${quarantine}: it decides what runs outside the sandbox. Create it with Write, or ask the user to put it back.`
}

/** What `git init`, `git clone` and `git worktree add` leave behind is fine; everything else that is new is not. */
function isDangerous({ path, kind }: ProtectedPath): boolean {
  if (!lookAt(path)) return false
  const name = basename(path)
  // A way to a git folder: what it leads to is judged by itself.
  if (name === '.git') return false
  if (kind === 'symlink' || !path.includes('/.git/')) return true
  if (name === 'hooks') return kind !== 'directory' || readdirSync(path).some(each => !each.endsWith('.sample'))
  if (name === 'config') return !isPlainGitConfig(readText(path))
  const isOfWorktree = basename(dirname(dirname(path))) === 'worktrees'
  if (name === 'commondir') return !isOfWorktree || readText(path).trim() !== '../..'
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

/** The first folder on the way to a path that is none but a link. */
function linkOnWay(path: string, root: string): string | undefined {
  return ancestorsWithin(path, root).find(folder => lookAt(folder)?.isSymbolicLink())
}

function isSameLink({ path, target }: ProtectedPath, root: string): boolean {
  if (linkOnWay(path, root) !== undefined) return false
  return lookAt(path)?.isSymbolicLink() === true && readlinkSync(path) === target
}

async function keepLink(entry: ProtectedPath, root: string, quarantine: string): Promise<string | undefined> {
  const { path, kind, target = '' } = entry
  if (kind !== 'symlink' || isSameLink(entry, root)) return undefined
  for (const folder of ancestorsWithin(path, root)) {
    const there = lookAt(folder)
    if (there && !there.isDirectory()) await moveTo(quarantine, folder, root)
    if (!there?.isDirectory()) await held(folder, root, place => void mkdirSync(place))
  }
  if (lookAt(path)) await moveTo(quarantine, path, root)
  await held(path, root, place => symlinkSync(target, place))
  return `${relative(root, path)} is a protected link; it was put back. What the command made of it is in ${quarantine}.`
}

async function moveTo(quarantine: string, path: string, root: string): Promise<void> {
  const target = join(quarantine, relative(root, path))
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  rmSync(target, { recursive: true, force: true })
  await held(path, root, place => {
    try {
      renameSync(place, target)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
      cpSync(place, target, { recursive: true, verbatimSymlinks: true })
      rmSync(place, { recursive: true, force: true })
    }
  })
}

/** @param path in the project, without a link on its way; one that comes meanwhile is not followed */
function held(path: string, root: string, use: (place: string) => void): Promise<void> {
  return withFolderHeld(root, relative(root, path).split(sep), use)
}
