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
