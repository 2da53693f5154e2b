import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import { findProgram } from './find-program'

type Environment = Readonly<Record<string, string | undefined>>

const PROBE_TIMEOUT_MS = 5000

const SEATBELT = '/usr/bin/sandbox-exec'

/** Needs everything the real thing needs: own namespaces, mounts, the filter. */
const PROBE_ARGUMENTS = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--disable-userns'],
  ...['--cap-drop', 'ALL', '--new-session', '--die-with-parent', '--as-pid-1'],
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--', '/bin/true'],
]

let probed: Promise<Result<string, string>> | undefined

/**
 * Where the program that builds the wall is, or why it does not work here. Tried once per process, by really running something
 * in it: some ten milliseconds, so whoever will ask may ask early.
 *
 * @param root a program of the project itself is none
 */
export function workingWall(processes: Processes, env: Environment, root: string): Promise<Result<string, string>> {
  probed ??= tryHere(processes, env, root)
  return probed
}

/** State of the sandbox in a few words, for `kode --version` and `kode doctor`. */
export async function describeSandbox(processes: Processes, env: Environment): Promise<string> {
  const found = await workingWall(processes, env, '/dev/null')
  return found.ok ? (process.platform === 'darwin' ? 'seatbelt' : 'bubblewrap') : found.error
}

function tryHere(processes: Processes, env: Environment, root: string): Promise<Result<string, string>> {
  if (process.platform === 'linux') return tryBubblewrap(processes, findProgram('bwrap', env.PATH, root))
  if (process.platform === 'darwin') return trySeatbelt(processes)
  return Promise.resolve(fail(noBackEnd()))
}

async function trySeatbelt(processes: Processes): Promise<Result<string, string>> {
  const { seatbeltProfile } = await import('./seatbelt')
  const profile = seatbeltProfile({ writable: [], protected: [], hidden: [], proxyPort: undefined })
  const args = ['-p', profile, '/usr/bin/true']
  const ended = await processes.run({ program: SEATBELT, args, cwd: '/', env: {}, timeoutMs: PROBE_TIMEOUT_MS })
  if (!ended.ok) return fail(`sandbox-exec does not start: ${ended.error.message}`)
  if (ended.value.exitCode === 0) return ok(SEATBELT)
  return fail(`sandbox-exec does not work here: ${ended.value.stderr.trim().split('\n')[0]}`)
}

async function tryBubblewrap(processes: Processes, program: string | undefined): Promise<Result<string, string>> {
  if (program === undefined) return fail(`bubblewrap is not installed. ${INSTALL_HINT}`)
  const ended = await processes.run({
    program,
    args: PROBE_ARGUMENTS,
    cwd: '/',
    env: {},
    timeoutMs: PROBE_TIMEOUT_MS,
  })
  if (!ended.ok) return fail(`bubblewrap does not start: ${ended.error.message}`)
  if (ended.value.exitCode === 0) return ok(program)
  const reason = ended.value.stderr.trim().split('\n')[0] || `exit code ${ended.value.exitCode}`
  return fail(`bubblewrap does not work here: ${reason}. ${hintFor(reason)}`)
}

const INSTALL_HINT =
  'Install it with: apt install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora), pacman -S bubblewrap (Arch), apk add bubblewrap (Alpine).'

function hintFor(reason: string): string {
  if (/disable-userns|as-pid-1|Unknown option/.test(reason)) return 'kode needs bubblewrap 0.8 or newer.'
  return 'The system must allow user namespaces (kernel.unprivileged_userns_clone=1, an AppArmor profile for bwrap; in a container: --security-opt seccomp=unconfined, or --privileged).'
}

function noBackEnd(): string {
  if (process.platform === 'win32') return 'none on Windows: run kode in WSL 2 for a sandbox, or stay in safe mode'
  return `none for ${process.platform} yet: stay in safe mode`
}
