import type { Processes } from '#shared/host/host'

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
  const status = await processes.run({
    program: 'git',
    // No optional locks: a status must not get in the way of what the user does meanwhile.
    args: ['--no-optional-locks', 'status', '--short', '--branch', '--untracked-files=normal'],
    cwd: root,
    env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C' },
    timeoutMs: GIT_TIMEOUT_MS,
  })
  if (!status.ok || status.value.exitCode !== 0 || status.value.timedOut) return 'Git: not a repository'
  const [branch, ...changed] = status.value.stdout.trimEnd().split('\n')
  const shown = changed.slice(0, MAX_STATUS_LINES)
  const more = changed.length > shown.length ? [`… ${changed.length - shown.length} more`] : []
  return [
    `Git: ${branch?.replace(/^## /, '') ?? ''}`,
    ...(changed.length === 0 ? ['clean'] : [...shown, ...more]),
  ].join('\n')
}

/** What changed since the last commit, unstaged, then staged; empty where there is nothing or no repository. */
export async function uncommittedDiff(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  processes: Processes,
): Promise<string> {
  const texts = await Promise.all(
    [[], ['--cached']].map(async more => {
      const diff = await processes.run({
        program: 'git',
        // A project must not choose programs that run outside the sandbox.
        args: ['--no-optional-locks', 'diff', '--no-ext-diff', '--no-textconv', '--no-color', ...more],
        cwd: root,
        env: { PATH: env.PATH ?? '', HOME: env.HOME ?? '', LC_ALL: 'C' },
        timeoutMs: GIT_TIMEOUT_MS,
      })
      return diff.ok && diff.value.exitCode === 0 && !diff.value.timedOut ? diff.value.stdout : ''
    }),
  )
  return texts.join('')
}
