import type { Limits } from './limits'

/** What commands may do, as data. Derived from project, user settings and machine; shown by `kode sandbox check`. */
export interface SandboxPolicy {
  level: 'bubblewrap' | 'seatbelt' | 'none'
  files: {
    /** Writable, with everything below that is not listed further down. */
    write: string[]
    /** Readable, not writable. */
    protect: string[]
    /** Not even visible. */
    hide: string[]
  }
  network: NetworkPolicy
  /** Names of the variables that commands get. */
  environment: string[]
  limits: Limits
  /** What the wall does not hold back here. */
  notCovered: string[]
}

export interface NetworkPolicy {
  /** `open`: not confined, because nothing is. */
  mode: 'none' | 'allow-list' | 'open'
  /** Hosts, `*.domain` for all below one, `host:port` for another port than 80 and 443. */
  allow: string[]
}

/** What a child may do: never more than its parent, never more than was asked for. */
export function composePolicies(parent: SandboxPolicy, child: SandboxPolicy): SandboxPolicy {
  const limits = { ...parent.limits }
  for (const name of LIMIT_NAMES) limits[name] = Math.min(parent.limits[name], child.limits[name])
  return {
    level: parent.level === 'none' ? child.level : parent.level,
    files: {
      write: child.files.write.filter(path => parent.files.write.some(zone => isInside(path, zone))),
      protect: union(parent.files.protect, child.files.protect),
      hide: union(parent.files.hide, child.files.hide),
    },
    network: composeNetworks(parent.network, child.network),
    environment: child.environment.filter(name => parent.environment.includes(name)),
    limits,
    notCovered: union(parent.notCovered, child.notCovered),
  }
}

function composeNetworks(parent: NetworkPolicy, child: NetworkPolicy): NetworkPolicy {
  if (parent.mode === 'open') return child
  if (child.mode === 'open') return parent
  if (parent.mode === 'none' || child.mode === 'none') return { mode: 'none', allow: [] }
  return { mode: 'allow-list', allow: child.allow.filter(host => parent.allow.includes(host)) }
}

const LIMIT_NAMES = ['processes', 'memoryBytes', 'fileBytes', 'diskBytes', 'outputBytes'] as const

/** Whether a path is a folder or something below it; both absolute and normal. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`)
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])]
}
