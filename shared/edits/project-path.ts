import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'
import { CONTROL_NAMES } from '#shared/sandbox/control-names'
import type { EditProblem } from './change-set'

/** A place in the project where a file may be written. */
export interface ProjectPath {
  /** Relative to the project, with forward slashes, links resolved. */
  path: string
  absolute: string
}

/**
 * Where in the project a path leads, when it is a place that may be written: not outside (by its text or through
 * links), not git's own files, not one that steers editors, agents or package managers.
 *
 * @param path relative to `root` or absolute; as the model wrote it
 * @param lastLink whether a path that is itself a link means what it leads to, or (to delete it) the link
 */
export async function resolveInProject(
  root: string,
  path: string,
  files: FileSystem,
  lastLink: 'follow' | 'keep' = 'follow',
): Promise<Result<ProjectPath, EditProblem>> {
  const place = await locateInProject(root, path, files, lastLink)
  if (!place.ok) return place
  const rule = protectedBy(place.value.path)
  return rule === undefined ? place : fail({ kind: 'protected-path', path, message: protectedMessage(path, rule) })
}

/** Like `resolveInProject`, but protected paths pass: for undoing what a command did to them. */
export async function locateInProject(
  root: string,
  path: string,
  files: FileSystem,
  lastLink: 'follow' | 'keep' = 'follow',
): Promise<Result<ProjectPath, EditProblem>> {
  const outside = fail<EditProblem>({
    kind: 'outside-project',
    path,
    message: `${path} is outside the project. Use a path inside ${root}.`,
  })
  if (path.trim() === '' || path.includes('\0')) {
    return fail({ kind: 'invalid-hunk', path, message: 'The path is empty or holds a NUL character.' })
  }
  if (path === '~' || path.startsWith('~/')) return outside
  const realRoot = await files.realpath(root)
  if (!realRoot.ok) return fail({ kind: 'file-missing', path, message: `The project folder ${root} is not there.` })

  const lexical = isAbsolute(path) && !isBelow(root, path) ? path : join(root, relative(root, resolve(root, path)))
  const inProject = isBelow(root, lexical) ? join(realRoot.value, relative(root, lexical)) : lexical
  if (!isBelow(realRoot.value, inProject)) return outside
  const real = await (lastLink === 'follow' ? followLinks(inProject, files) : followParents(inProject, files))
  if (!real.ok) return fail({ kind: 'other', path, message: `${path} ${real.error}` })
  if (!isBelow(realRoot.value, real.value)) {
    return fail({
      kind: 'outside-project',
      path,
      message: `${path} leads outside the project through a link (to ${real.value}). Use a path inside the project.`,
    })
  }
  const inside = relative(realRoot.value, real.value)
  if (inside === '') return fail({ kind: 'invalid-hunk', path, message: `${path} is the project folder itself.` })
  return ok({ path: inside.split(sep).join('/'), absolute: real.value })
}

function isBelow(folder: string, path: string): boolean {
  const steps = relative(folder, path)
  return steps !== '..' && !steps.startsWith(`..${sep}`) && !isAbsolute(steps)
}

async function followParents(path: string, files: FileSystem): Promise<Result<string, string>> {
  const parent = await followLinks(dirname(path), files)
  return parent.ok ? ok(join(parent.value, basename(path))) : parent
}

/** The path without links; its last steps need not exist. What is wrong is said as the rest of a sentence about it. */
async function followLinks(path: string, files: FileSystem): Promise<Result<string, string>> {
  const real = await files.realpath(path)
  if (real.ok) return real
  if (real.error.kind === 'loop') return fail('is a link that leads to itself.')
  if (real.error.kind === 'name-too-long') return fail('is too long for a file name.')
  if (real.error.kind === 'denied') return fail('cannot be reached: permission denied.')
  if (real.error.kind === 'not-directory') return fail('lies below something that is no folder.')
  if (real.error.kind !== 'not-found') return fail(`cannot be reached: ${real.error.message}`)
  const there = await files.lstat(path)
  if (there.ok && there.value.type === 'symlink')
    return fail('is, or lies below, a link to something that is not there.')
  const parent = await followLinks(dirname(path), files)
  return parent.ok ? ok(join(parent.value, basename(path))) : parent
}

/** The protected name that a relative path lies at or below, if there is one. */
function protectedBy(path: string): string | undefined {
  return path
    .split('/')
    .map(plainName)
    .find(name => name === '.git' || CONTROL_NAMES.has(name))
}

/** As case-blind file systems see a name; those of Windows drop dots and blanks at the end and know `git~1`. */
function plainName(name: string): string {
  const plain = name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[. ]+$/, '')
    .toLowerCase()
  return plain === 'git~1' ? '.git' : plain
}

function protectedMessage(path: string, rule: string): string {
  if (rule === '.git') return `${path} belongs to git. Use git commands for what you want to change there.`
  return `${path} is protected: ${rule} can make programs run. Ask the user to change it.`
}
