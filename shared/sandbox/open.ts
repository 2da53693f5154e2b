import { homedir } from 'node:os'
import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { Processes } from '#shared/host/host'
import type { NetworkChoice } from './confined-sandbox'
import { findProgram } from './find-program'
import { DEFAULT_LIMITS, type Limits } from './limits'
import type { Sandbox, SandboxError } from './sandbox'
import { Unconfined } from './unconfined'
import { workingWall } from './working-wall'

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
  /**
   * Default: `allow-list`, with the registries and code hosts that the project uses. `loopback`: commands reach each other and
   * nobody else; `none`: nor each other.
   */
  net?: 'allow-list' | 'loopback' | 'none'
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

  const found = await workingWall(processes, env, root)
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
      description: `${wall.level}: read-only system, writable project, ${describeNetwork(network, options.net)}`,
      outside: unconfined('outside the sandbox'),
    }),
  )
}

function describeNetwork({ kind }: NetworkChoice, net: OpenSandbox['net']): string {
  if (kind === 'none') return 'no network'
  return net === 'loopback' ? 'a network of its own that leads nowhere' : 'network to allowed hosts'
}

/** On Linux a session's network needs nsenter; without it there is none. */
function chooseNetwork(
  { net, env, root, allowNet, denyNet, askNetwork }: OpenSandbox,
  level: 'bubblewrap' | 'seatbelt',
  program: string,
): NetworkChoice {
  if (net === 'none') return { kind: 'none' }
  const hosts =
    net === 'loopback'
      ? { hasDefaults: false, userHosts: [], denied: [] }
      : { hasDefaults: true, userHosts: allowNet ?? [], denied: denyNet ?? [], ask: askNetwork }
  const choice = { kind: 'allow-list', ...hosts } as const
  if (level === 'seatbelt') return { ...choice, namespaceTools: undefined }
  const nsenter = findProgram('nsenter', env.PATH, root)
  return nsenter === undefined ? { kind: 'none' } : { ...choice, namespaceTools: { bubblewrap: program, nsenter } }
}
