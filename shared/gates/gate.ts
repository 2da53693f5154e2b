import type { ChangeSet } from '#shared/edits/change-set'
import type { Finding, GateName } from '#shared/protocol/gate-report'

/** May this change land? Pure: change and project in, verdict out. Never throws on input; what it cannot judge is `skip`. */
export interface Gate {
  name: GateName
  judge(input: GateInput): Promise<Verdict>
}

export interface GateInput {
  changes: ChangeSet
  project: ProjectView
  settings: GateSettings
  signal: AbortSignal
}

/** The project as the gates may see it: read only, paths relative with forward slashes, before the change. */
export interface ProjectView {
  /** Absolute; for messages only. */
  root: string
  /** Decoded text; undefined when there is no such text file. */
  read(path: string): Promise<string | undefined>
  /** `undefined` when nothing is there. */
  kindOf(path: string): Promise<'file' | 'directory' | undefined>
  /** Names in a folder; empty when there is none. */
  list(path: string): Promise<string[]>
}

export interface GateSettings {
  /** Downstream files allowed; undefined = no limit. */
  maxBlastRadius?: number
  maxFilesTouched?: number
  blockArchitecture: boolean
  architectureRules: readonly ArchitectureRule[]
  /** Go on after the first FAIL. */
  runAll: boolean
  /** Only these gates; undefined = all. */
  only?: readonly GateName[]
}

/** `from` and `to` are globs over project paths (or, in `to`, package names). */
export interface ArchitectureRule {
  from: string
  to: string
  kind: 'forbid' | 'allow'
  severity: 'error' | 'warning'
  message: string
}

export type Verdict =
  | { kind: 'pass' }
  | { kind: 'warn'; message: string; findings: readonly Finding[] }
  | { kind: 'fail'; message: string; findings: readonly Finding[] }
  /** Could not judge; never shown as a pass. */
  | { kind: 'skip'; reason: string }
