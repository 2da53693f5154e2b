import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { GoAnswer, GoCommand, GoError, OverlaidTexts } from '#shared/host/node/go-command'
import type { Unknown } from '#shared/languages/language'
import type { CheckerError, ProjectChecker } from '../project-checker'

/** Go's own compiler over the packages that a change touches, and those of the files that import them. */
export function goChecker(root: string, go: GoCommand, files: FileSystem): ProjectChecker {
  return {
    name: 'Go',
    appliesTo: path => path.endsWith('.go') && !/(?:^|\/)(?:testdata|vendor|[_.][^/]*)\//.test(path),
    async newErrors(changes, paths, signal) {
      if (!go.isInstalled) return unknown('there is no go command on this machine')
      const errors: CheckerError[] = []
      for (const [module, inside] of await byModule(paths, root, files, changes)) {
        if (module === undefined) return unknown(`no go.mod above ${inside[0]}`)
        const found = await newErrorsIn(module, inside, root, changes, go, files, signal)
        if (found.kind === 'unknown') return found
        errors.push(...found.errors)
      }
      return { kind: 'judged', errors }
    },
  }
}

type Found = { kind: 'judged'; errors: CheckerError[] } | Unknown

async function newErrorsIn(
  module: string,
  paths: readonly string[],
  root: string,
  changes: ChangeSet,
  go: GoCommand,
  files: FileSystem,
  signal: AbortSignal,
): Promise<Found> {
  const { before, after } = textsOf(root, changes)
  const folder = module === '' ? root : `${root}/${module}`
  const ask = async (texts: OverlaidTexts): Promise<GoAnswer> => {
    const packages = await packagesIn(module, paths, root, texts, files)
    return packages.length === 0 ? { kind: 'judged', errors: [] } : go.compile(folder, packages, texts, signal)
  }
  const now = await ask(after)
  if (now.kind === 'unknown' || now.errors.length === 0) return now.kind === 'unknown' ? now : NO_ERRORS
  const then = await ask(before)
  if (then.kind === 'unknown') return then
  const errors: CheckerError[] = []
  for (const error of without(now.errors, then.errors)) errors.push(await placed(error, module, root, after, files))
  return { kind: 'judged', errors }
}

const NO_ERRORS: Found = { kind: 'judged', errors: [] }

/** An error is the same when its file and words are; its line may have moved. */
function without(errors: readonly GoError[], known: readonly GoError[]): GoError[] {
  const left = known.map(keyOf)
  return errors.filter(error => {
    const at = left.indexOf(keyOf(error))
    if (at < 0) return true
    left.splice(at, 1)
    return false
  })
}

function keyOf({ path, message }: GoError): string {
  // "redeclared in this block" and the like name the other place.
  return `${path} ${message.replace(/\.go:\d+:\d+/g, '.go')}`
}

async function placed(
  { path, line, column, message }: GoError,
  module: string,
  root: string,
  texts: OverlaidTexts,
  files: FileSystem,
): Promise<CheckerError> {
  const inProject = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : inFolder(module, path)
  const text = await textAt(`${root}/${inProject}`, texts, files)
  const lines = text.split('\n')
  const lineStart = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const whole = lines[line - 1] ?? ''
  const start =
    lineStart +
    Buffer.from(whole)
      .subarray(0, column - 1)
      .toString().length
  const word = /^\w+/.exec(text.slice(start))?.[0].length ?? 0
  return { path: inProject, start, end: start + Math.max(1, word), code: 'go', message }
}

async function textAt(path: string, texts: OverlaidTexts, files: FileSystem): Promise<string> {
  const shown = texts[path]
  if (shown !== undefined) return shown ?? ''
  const bytes = await files.read(path)
  return bytes.ok ? Buffer.from(bytes.value).toString() : ''
}

async function byModule(
  paths: readonly string[],
  root: string,
  files: FileSystem,
  changes: ChangeSet,
): Promise<Map<string | undefined, string[]>> {
  const { after } = textsOf(root, changes)
  const groups = new Map<string | undefined, string[]>()
  for (const path of paths) {
    let module: string | undefined
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const manifest = `${root}/${inFolder(folder, 'go.mod')}`
      if (after[manifest] !== undefined ? after[manifest] !== null : (await files.stat(manifest)).ok) {
        module = folder
        break
      }
      if (folder === '') break
    }
    groups.set(module, [...(groups.get(module) ?? []), path])
  }
  return groups
}

/** The packages of some files that have any file in this state, as the go command takes them. */
async function packagesIn(
  module: string,
  paths: readonly string[],
  root: string,
  texts: OverlaidTexts,
  files: FileSystem,
): Promise<string[]> {
  const packages = new Set<string>()
  for (const path of paths) {
    const shown = texts[`${root}/${path}`]
    const isThere = shown === undefined ? (await files.stat(`${root}/${path}`)).ok : shown !== null
    const folder = parentOf(path)
    if (isThere) packages.add(`./${module === '' ? folder : folder.slice(module.length + 1)}`)
  }
  return [...packages]
}

function textsOf(root: string, changes: ChangeSet): { before: OverlaidTexts; after: OverlaidTexts } {
  const before: Record<string, string | null> = {}
  const after: Record<string, string | null> = {}
  for (const file of changes.files.filter(({ path }) => /\.go$|(?:^|\/)go\.(?:mod|sum|work)$/.test(path))) {
    const [from, to] = [`${root}/${file.oldPath ?? file.path}`, `${root}/${file.path}`]
    before[to] ??= null
    before[from] = file.before ?? null
    if (from !== to) after[from] ??= null
    after[to] = file.after ?? null
  }
  return { before, after }
}

function unknown(reason: string): Unknown {
  return { kind: 'unknown', reason }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}
