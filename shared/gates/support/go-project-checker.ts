import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'
import type { GoAnswer, GoCommand, GoError } from '#shared/host/node/go-command'
import { unknown } from '#shared/languages/support/syntax-verdict'
import type { CheckerError, ProjectChecker } from '../project-checker'
import { newAmong, offsetIn, ProjectState, statesOf, textsBelow } from './change-states'

/** Go's own compiler over the packages that a change touches, and those of the files that import them. */
export function goChecker(root: string, go: GoCommand, files: FileSystem): ProjectChecker {
  return {
    name: 'Go',
    appliesTo: path => path.endsWith('.go') && !/(?:^|\/)(?:testdata|vendor|[_.][^/]*)\//.test(path),
    async newErrors(changes, paths, signal) {
      if (!go.isInstalled) return unknown('there is no go command on this machine')
      const { before, after } = statesOf(readByGo(changes))
      const [old, changed] = [new ProjectState(root, before, files), new ProjectState(root, after, files)]
      const errors: CheckerError[] = []
      for (const [module, inside] of await byModule(paths, changed)) {
        if (module === undefined) return unknown(`no go.mod above ${inside[0]}`)
        const ask = (state: ProjectState) => compile(module, inside, root, state, go, signal)
        const now = await ask(changed)
        if (now.kind === 'unknown') return now
        if (now.errors.length === 0) continue
        const then = await ask(old)
        if (then.kind === 'unknown') return then
        for (const error of newAmong(now.errors, then.errors, keyOf))
          errors.push(await placed(error, module, root, changed))
      }
      return { kind: 'judged', errors }
    },
  }
}

function readByGo({ id, files }: ChangeSet): ChangeSet {
  return { id, files: files.filter(({ path }) => /\.go$|(?:^|\/)go\.(?:mod|sum|work)$/.test(path)) }
}

async function compile(
  module: string,
  paths: readonly string[],
  root: string,
  state: ProjectState,
  go: GoCommand,
  signal: AbortSignal,
): Promise<GoAnswer> {
  const packages = await packagesIn(module, paths, state)
  if (packages.length === 0) return { kind: 'judged', errors: [] }
  return go.compile(module === '' ? root : `${root}/${module}`, packages, textsBelow(root, state.texts), signal)
}

/** An error is the same when its file and words are; its line may have moved. */
function keyOf({ path, message }: GoError): string {
  // "redeclared in this block" and the like name the other place.
  return `${path} ${message.replace(/\.go:\d+:\d+/g, '.go')}`
}

async function placed(
  { path, line, column, message }: GoError,
  module: string,
  root: string,
  state: ProjectState,
): Promise<CheckerError> {
  const inProject = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : inFolder(module, path)
  const text = await state.read(inProject)
  // Columns count bytes.
  const start = offsetIn(text, line - 1, whole => {
    const before = Buffer.from(whole).subarray(0, column - 1)
    return before.toString().length
  })
  const word = /^\w+/.exec(text.slice(start))?.[0].length ?? 0
  return { path: inProject, start, end: start + Math.max(1, word), code: 'go', message }
}

async function byModule(paths: readonly string[], state: ProjectState): Promise<Map<string | undefined, string[]>> {
  const groups = new Map<string | undefined, string[]>()
  for (const path of paths) {
    let module: string | undefined
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      if (await state.has(inFolder(folder, 'go.mod'))) {
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
async function packagesIn(module: string, paths: readonly string[], state: ProjectState): Promise<string[]> {
  const packages = new Set<string>()
  for (const path of paths) {
    const folder = parentOf(path)
    if (await state.has(path)) packages.add(`./${module === '' ? folder : folder.slice(module.length + 1)}`)
  }
  return [...packages]
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}
