import { join } from 'node:path'
import { ok, type Result } from '#shared/base/result'
import type { FileSystem, Processes } from '#shared/host/host'
import { bubblewrap, bubblewrapArgs, existingProtected } from './bubblewrap'
import type { Sandbox, SandboxError } from './sandbox'
import { unconfined } from './unconfined'

export interface OpenSandbox {
  /** Absolute, links resolved. */
  root: string
  /** kode's own folder; its key store is hidden. */
  stateFolder: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** False: `--no-sandbox`. */
  useSandbox: boolean
}

/** Passed on to commands. Source: spec/koda.md §5.6; no name with KEY, SECRET, TOKEN, PASSWORD or CRED may ever be here. */
const PASSED_VARIABLES =
  'HOME USER LOGNAME SHELL LANG LC_ALL LC_CTYPE LC_MESSAGES LC_COLLATE LC_NUMERIC LC_TIME TERM PATH PWD'.split(' ')

const PROBE_TIMEOUT_MS = 5_000

/** The strongest sandbox that works here, tried by really running something in it. */
export async function openSandbox(options: OpenSandbox): Promise<Result<Sandbox, SandboxError>> {
  const { root, processes, files } = options
  const env = passedEnvironment(options.env)
  if (!options.useSandbox) return ok(unconfined('switched off with --no-sandbox', processes, env))
  if (process.platform !== 'linux') return ok(unconfined(`there is none for ${process.platform} yet`, processes, env))

  const exists = async (path: string) => (await files.stat(path)).ok
  const keyStore = join(options.stateFolder, 'db')
  const [protectedPaths, hasKeyStore] = await Promise.all([existingProtected(root, exists), exists(keyStore)])
  const parts = { root, hiddenFolders: hasKeyStore ? [keyStore] : [], protectedPaths, env }
  const refusal = await probe(bubblewrapArgs(parts, root), options)
  return ok(refusal ? unconfined(refusal, processes, env) : bubblewrap({ ...parts, processes }))
}

/** State of the sandbox in a word or two. */
export async function describeSandbox(processes: Processes, env: OpenSandbox['env']): Promise<string> {
  if (process.platform !== 'linux') return `none on ${process.platform}`
  const args = bubblewrapArgs({ root: '/tmp', hiddenFolders: [], protectedPaths: [], env: {} }, '/')
  return (await probe(args, { processes, env })) ?? 'bubblewrap works'
}

/** Why bubblewrap does not work here; undefined when it does. */
async function probe(
  args: readonly string[],
  { processes, env }: Pick<OpenSandbox, 'processes' | 'env'>,
): Promise<string | undefined> {
  const ended = await processes.run({
    program: 'bwrap',
    args: [...args, 'true'],
    cwd: '/',
    env: { PATH: env.PATH ?? '' },
    timeoutMs: PROBE_TIMEOUT_MS,
  })
  if (!ended.ok)
    return 'bubblewrap is not installed; install it with: apt-get install bubblewrap (or dnf install bubblewrap).'
  if (ended.value.exitCode === 0) return undefined
  return `bubblewrap does not work here: ${ended.value.stderr.trim().split('\n')[0] ?? 'no reason given'}.`
}

function passedEnvironment(env: OpenSandbox['env']): Record<string, string> {
  const passed: Record<string, string> = { TMPDIR: '/tmp' }
  for (const name of PASSED_VARIABLES) {
    const value = env[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}
