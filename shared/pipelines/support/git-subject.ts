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

/** One line of `git diff --name-status`. */
interface NameStatus {
  status: string
  path: string
  oldPath?: string
}

/**
 * What changed in the project's git repository, as a change to judge.
 *
 * @param base everything since this commit, uncommitted and untracked files included; undefined: what is staged
 */
export async function gitSubject(base: string | undefined, source: GitSource): Promise<VerifyRequest> {
  if (base?.startsWith('-')) throw new CommandInputError(`"${base}" is not a revision`)
  const range = base === undefined ? ['--cached', 'HEAD'] : [await mergeBase(base, source)]
  const listed = await git(['diff', '--name-status', '-z', '--find-renames', '--relative', ...range, '--'], source)
  const untracked = base === undefined ? [] : await untrackedFiles(source)
  const entries = [...parseNameStatus(listed), ...untracked.map(path => ({ status: 'A', path }))]
  const from = base === undefined ? 'HEAD' : range[0]!
  const files: FileChange[] = []
  for (const entry of entries) {
    const file = await fileChange(entry, from, base === undefined, source)
    if (file) files.push(file)
  }
  const changes = { id: newId(), files }
  return {
    changes,
    problems: [],
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

async function untrackedFiles(source: GitSource): Promise<string[]> {
  const listed = await git(['ls-files', '--others', '--exclude-standard', '-z'], source)
  return listed.split('\0').filter(path => path !== '')
}

function parseNameStatus(output: string): NameStatus[] {
  const fields = output.split('\0')
  const entries: NameStatus[] = []
  for (let at = 0; at + 1 < fields.length; ) {
    const status = fields[at++] ?? ''
    if (/^[RC]/.test(status)) {
      const oldPath = fields[at++] ?? ''
      entries.push({ status: status[0]!, oldPath, path: fields[at++] ?? '' })
    } else {
      entries.push({ status: status[0] ?? '', path: fields[at++] ?? '' })
    }
  }
  return entries
}

async function fileChange(
  entry: NameStatus,
  from: string,
  isStaged: boolean,
  source: GitSource,
): Promise<FileChange | undefined> {
  const { status, path } = entry
  const oldPath = entry.oldPath ?? path
  const before = status === 'A' || status === 'C' ? undefined : await blobText(`${from}:./${oldPath}`, source)
  const after =
    status === 'D' ? undefined : isStaged ? await blobText(`:./${path}`, source) : await diskText(path, source)
  // Binary files, links and submodules have no text to judge.
  if (before === undefined && after === undefined) return undefined
  const kind = before === undefined ? 'create' : after === undefined ? 'delete' : status === 'R' ? 'rename' : 'modify'
  return {
    path: kind === 'delete' ? oldPath : path,
    kind,
    ...(kind === 'rename' && { oldPath }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hunkIds: [path],
  }
}

async function blobText(object: string, source: GitSource): Promise<string | undefined> {
  const bytes = await run(['cat-file', 'blob', object], source)
  return bytes.exitCode === 0 ? decodeText(Buffer.from(bytes.stdout, 'utf8'))?.text : undefined
}

async function diskText(path: string, source: GitSource): Promise<string | undefined> {
  const bytes = await source.files.read(join(source.root, path))
  return bytes.ok ? decodeText(bytes.value)?.text : undefined
}

async function git(args: readonly string[], source: GitSource): Promise<string> {
  const ended = await run(args, source)
  if (ended.exitCode === 0) return ended.stdout
  const reason = ended.stderr.trim().split('\n')[0] ?? ''
  throw new CommandInputError(
    /not a git repository/.test(reason) ? `${source.root} is not a git repository` : `git: ${reason}`,
  )
}

async function run(args: readonly string[], { root, processes, env, signal }: GitSource) {
  const ended = await processes.run({
    program: 'git',
    args: [...SAFE_GIT, '-c', 'core.quotePath=false', ...args],
    cwd: root,
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal,
  })
  if (!ended.ok) throw new CommandInputError('git is not installed; --staged and --base need it')
  return ended.value
}
