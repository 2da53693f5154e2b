import { join } from 'node:path'
import { newId } from '#shared/base/ids'
import type { FileChange } from '#shared/edits/change-set'
import { decodeText } from '#shared/edits/text-file'
import { projectViewOf } from '#shared/gates/support/project-view'
import type { FileSystem, Processes } from '#shared/host/host'
import { SAFE_GIT } from '#shared/host/safe-git'
import { withoutChanges } from '#shared/languages/project-view'
import { CommandInputError } from './input-error'
import type { VerifyRequest } from './verify-input'

const MAX_OUTPUT_BYTES = 64_000_000
const TIMEOUT_MS = 60_000

export interface GitSource {
  root: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  signal: AbortSignal
}

/** One file of `git diff --raw`. */
interface RawEntry {
  status: string
  path: string
  oldPath?: string
  /** What it is after the change, where that is no file. */
  what?: string
}

/** A file as a change to judge, or why there is nothing to judge. */
type Subject = { file: FileChange } | { unjudged: string } | undefined

/**
 * What changed in the project's git repository, as a change to judge.
 *
 * @param base everything since this commit, uncommitted and untracked files included; undefined: what is staged
 */
export async function gitSubject(base: string | undefined, source: GitSource): Promise<VerifyRequest> {
  if (base?.startsWith('-')) throw new CommandInputError(`"${base}" is not a revision`)
  const range = base === undefined ? ['--cached', 'HEAD'] : [await mergeBase(base, source)]
  const listed = await git(['diff', '--raw', '-z', '--find-renames', '--relative', ...range, '--'], source)
  const untracked = base === undefined ? [] : await untrackedFiles(source)
  const entries = [...parseRaw(listed), ...untracked]
  const from = base === undefined ? 'HEAD' : range[0]!
  const files: FileChange[] = []
  const unjudged: string[] = []
  for (const entry of entries) {
    const subject = await fileChange(entry, from, base === undefined, source)
    if (subject && 'file' in subject) files.push(subject.file)
    else if (subject) unjudged.push(subject.unjudged)
  }
  const changes = { id: newId(), files }
  return {
    changes,
    problems: [],
    unjudged,
    hunkIds: [],
    mode: 'files',
    project: withoutChanges(projectViewOf(source.files, source.root), changes),
    source: base === undefined ? '--staged' : `--base ${base}`,
    blockArchitecture: false,
    architectureRules: [],
  }
}

/** Since the branches parted, so that what others did on the base meanwhile is not judged. */
async function mergeBase(base: string, source: GitSource): Promise<string> {
  const found = await git(['merge-base', base, 'HEAD'], source)
  return found.trim()
}

async function untrackedFiles(source: GitSource): Promise<RawEntry[]> {
  const listed = await git(['ls-files', '--others', '--exclude-standard', '-z'], source)
  const paths = listed.split('\0').filter(path => path !== '')
  return Promise.all(
    paths.map(async path => {
      const stat = await source.files.lstat(join(source.root, path))
      return { status: 'A', path, ...(stat.ok && stat.value.type === 'symlink' && { what: NO_FILES['120000']! }) }
    }),
  )
}

/** Modes of what git keeps beside files. */
const NO_FILES: Readonly<Record<string, string>> = { '120000': 'a symbolic link', '160000': 'a submodule' }

/** Each entry is `:MODE MODE OBJECT OBJECT STATUS`, then one path, of a rename two. */
function parseRaw(output: string): RawEntry[] {
  const fields = output.split('\0')
  const entries: RawEntry[] = []
  for (let at = 0; at + 1 < fields.length; ) {
    const [oldMode = '', mode = '', , , status = ''] = (fields[at++] ?? '').slice(1).split(' ')
    const what = NO_FILES[mode]
    const oldPath = /^[RC]/.test(status) ? fields[at++] : undefined
    const path = fields[at++] ?? ''
    if (status === 'D' && oldMode in NO_FILES) continue
    entries.push({ status: status.charAt(0), path, ...(oldPath !== undefined && { oldPath }), ...(what && { what }) })
  }
  return entries
}

async function fileChange(entry: RawEntry, from: string, isStaged: boolean, source: GitSource): Promise<Subject> {
  const { status, path, what } = entry
  if (what) return { unjudged: `${path} is ${what}: not judged` }
  const oldPath = entry.oldPath ?? path
  const before = /[ACT]/.test(status) ? undefined : await blobText(`${from}:./${oldPath}`, source)
  const after =
    status === 'D' ? undefined : isStaged ? await blobText(`:./${path}`, source) : await diskText(path, source)
  if (after === undefined && status !== 'D') return { unjudged: `${path} is no text: not judged` }
  // What was no text and goes away concerns nobody here.
  if (before === undefined && after === undefined) return undefined
  const kind = before === undefined ? 'create' : after === undefined ? 'delete' : status === 'R' ? 'rename' : 'modify'
  const file = {
    path: kind === 'delete' ? oldPath : path,
    kind,
    ...(kind === 'rename' && { oldPath }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hunkIds: [path],
  } as const
  return { file }
}

async function blobText(object: string, source: GitSource): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  await git(['cat-file', 'blob', object], source, piece => pieces.push(piece))
  return decodeText(Buffer.concat(pieces))?.text
}

async function diskText(path: string, source: GitSource): Promise<string | undefined> {
  const bytes = await source.files.read(join(source.root, path))
  return bytes.ok ? decodeText(bytes.value)?.text : undefined
}

/** @param onOutput gets the bytes as they come, all of them */
async function git(
  args: readonly string[],
  source: GitSource,
  onOutput?: (piece: Uint8Array) => void,
): Promise<string> {
  const ended = await run(args, source, onOutput)
  if (ended.exitCode === 0) return ended.stdout
  const reason = ended.stderr.trim().split('\n')[0] ?? ''
  throw new CommandInputError(
    /not a git repository/.test(reason) ? `${source.root} is not a git repository` : `git: ${reason}`,
  )
}

async function run(
  args: readonly string[],
  { root, processes, env, signal }: GitSource,
  onOutput?: (piece: Uint8Array) => void,
) {
  const ended = await processes.run({
    program: 'git',
    args: [...SAFE_GIT, '-c', 'core.quotePath=false', ...args],
    cwd: root,
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal,
    ...(onOutput && {
      onOutput: (piece: Uint8Array, stream: 'stdout' | 'stderr') => stream === 'stdout' && onOutput(piece),
    }),
  })
  if (!ended.ok) throw new CommandInputError('git is not installed; --staged and --base need it')
  return ended.value
}
