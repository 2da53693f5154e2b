import type { Processes } from '#shared/host/host'
import { SAFE_GIT } from '#shared/host/safe-git'

const GIT_TIMEOUT_MS = 2_000
const MAX_STATUS_LINES = 30

/** What changes from turn to turn and is put beside the user's words: the date and the state of git. */
export async function environmentNote(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  now: number,
  processes: Processes,
): Promise<string> {
  const date = new Date(now).toISOString().slice(0, 10)
  const git = await gitState(root, env, processes)
  return `<environment>\nDate: ${date}\n${git}\n</environment>`
}

async function gitState(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): Promise<string> {
  const status = await git(['status', '--short', '--branch', '--untracked-files=normal'], root, env, processes)
  if (status === undefined) return 'Git: not a repository'
  const [branch, ...changed] = status.trimEnd().split('\n')
  const shown = changed.slice(0, MAX_STATUS_LINES)
  const more = changed.length > shown.length ? [`… ${changed.length - shown.length} more`] : []
  return [
    `Git: ${branch?.replace(/^## /, '') ?? ''}`,
    ...(changed.length === 0 ? ['clean'] : [...shown, ...more]),
  ].join('\n')
}

/** Which files changed since the last commit, and by how much; undefined where there is no repository. */
export async function uncommittedSummary(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): Promise<string | undefined> {
  const [status, stat] = await Promise.all([
    git(['status', '--short', '--untracked-files=normal'], root, env, processes),
    git(['diff', '--stat', ...SAFE_DIFF, 'HEAD'], root, env, processes),
  ])
  if (status === undefined) return undefined
  return [status.trimEnd(), (stat ?? '').trimEnd()].filter(text => text !== '').join('\n')
}

/** What changed since the last commit, unstaged, then staged; empty where there is nothing or no repository. */
export async function uncommittedDiff(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): Promise<string> {
  const texts = await Promise.all(
    [[], ['--cached']].map(more => git(['diff', ...SAFE_DIFF, ...more], root, env, processes)),
  )
  return texts.join('')
}

/** As `SAFE_GIT`, for diffs. */
const SAFE_DIFF = ['--no-ext-diff', '--no-textconv', '--no-color']

/** What git says; undefined where it fails. */
async function git(
  args: readonly string[],
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): Promise<string | undefined> {
  const ended = await processes.run({
    program: 'git',
    // No optional locks: looking must not get in the way of what the user does meanwhile.
    args: ['--no-optional-locks', ...SAFE_GIT, ...args],
    cwd: root,
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C' },
    timeoutMs: GIT_TIMEOUT_MS,
  })
  return ended.ok && ended.value.exitCode === 0 && !ended.value.timedOut ? ended.value.stdout : undefined
}
