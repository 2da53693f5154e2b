import { homedir } from 'node:os'
import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import type { NetworkChoice } from './confined-sandbox'
import { findProgram } from './find-program'
import { DEFAULT_LIMITS, type Limits } from './limits'
import type { Sandbox, SandboxError } from './sandbox'
import { Unconfined } from './unconfined'

export interface OpenSandbox {
  /** Absolute, links resolved. */
  root: string
  /** kode's own folder; sessions, keys and tokens in it are hidden. */
  stateFolder: string
  /** Where what a command must not have made is put; default: in `stateFolder`. */
  quarantine?: string
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** Default: `HOME`. */
  home?: string
  /** Names of more variables for commands (`kode.shell.env`). */
  passVariables?: readonly string[]
  limits?: Partial<Limits>
  /** Default: `allow-list`, with the registries and code hosts that the project uses. */
  net?: 'allow-list' | 'none'
  /** More hosts: `host`, `*.domain`, `host:port`, an address. */
  allowNet?: readonly string[]
  /** Hosts that stay closed whatever else says, in the same form. */
  denyNet?: readonly string[]
  /** False: package caches of commands go with the session. */
  keepsCaches?: boolean
  /** Asks the user about another host, once per host and session; absent where nobody can answer: then it is blocked. */
  askNetwork?(host: string, port: number): Promise<boolean>
  /** False: `--no-sandbox`. */
  useSandbox: boolean
}

/**
 * The strongest sandbox that works here, tried by really running something in it. Where none works its level is `none`,
 * and its description says why and what to do.
 */
export async function openSandbox(options: OpenSandbox): Promise<Result<Sandbox, SandboxError>> {
  const { root, processes, env } = options
  const passVariables = options.passVariables ?? []
  const unconfined = (description: string) => new Unconfined({ description, processes, env, passVariables })
  if (!options.useSandbox) return ok(unconfined('switched off with --no-sandbox: commands run unconfined'))
  if (root === '/') return fail({ kind: 'refused', message: 'The root folder is no project. Start kode in a project.' })

  const found = await probe(processes, env, root)
  if (!found.ok) return ok(unconfined(found.error))
  const isMac = process.platform === 'darwin'
  const { ConfinedSandbox } = await import('./confined-sandbox')
  const wall = isMac
    ? (await import('./seatbelt')).seatbeltWall(found.value)
    : (await import('./bubblewrap')).bubblewrapWall(found.value)
  const network = chooseNetwork(options, wall.level, found.value)
  return ok(
    new ConfinedSandbox({
      root,
      stateFolder: options.stateFolder,
      quarantine: options.quarantine ?? join(options.stateFolder, 'quarantine'),
      home: options.home ?? env.HOME ?? homedir(),
      wall,
      processes,
      env,
      passVariables,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      network,
      keepsCaches: options.keepsCaches ?? true,
      description: `${wall.level}: read-only system, writable project, ${network.kind === 'none' ? 'no network' : 'network to allowed hosts'}`,
      outside: unconfined('outside the sandbox'),
    }),
  )
}

/** On Linux a session's network needs nsenter; without it there is none. */
function chooseNetwork(
  { net, env, root, allowNet, denyNet, askNetwork }: OpenSandbox,
  level: 'bubblewrap' | 'seatbelt',
  program: string,
): NetworkChoice {
  if (net === 'none') return { kind: 'none' }
  const choice = { kind: 'allow-list', userHosts: allowNet ?? [], denied: denyNet ?? [], ask: askNetwork } as const
  if (level === 'seatbelt') return { ...choice, namespaceTools: undefined }
  const nsenter = findProgram('nsenter', env.PATH, root)
  return nsenter === undefined ? { kind: 'none' } : { ...choice, namespaceTools: { bubblewrap: program, nsenter } }
}

/** State of the sandbox in a few words, for `kode --version` and `kode doctor`. */
export async function describeSandbox(
  processes: Processes,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const found = await probe(processes, env, '/dev/null')
  return found.ok ? (process.platform === 'darwin' ? 'seatbelt' : 'bubblewrap') : found.error
}

const PROBE_TIMEOUT_MS = 5000

const SEATBELT = '/usr/bin/sandbox-exec'

/** Needs everything the real thing needs: own namespaces, mounts, the filter. */
const PROBE_ARGUMENTS = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--disable-userns'],
  ...['--cap-drop', 'ALL', '--new-session', '--die-with-parent', '--as-pid-1'],
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--', '/bin/true'],
]

let probed: Promise<Result<string, string>> | undefined

/** Where the program that builds the wall is, or why it does not work here. Tried once per process. */
function probe(processes: Processes, env: OpenSandbox['env'], root: string): Promise<Result<string, string>> {
  probed ??= tryHere(processes, env, root)
  return probed
}

function tryHere(processes: Processes, env: OpenSandbox['env'], root: string): Promise<Result<string, string>> {
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
