import type { EffectClass, TrustMode } from '#shared/protocol/approvals'
import type { Effect } from './effects'

export type Decision = { kind: 'allow' | 'ask' | 'deny'; reason: string }

/** Who acts: the user's own conversation with or without somebody to answer, or a sub-agent. */
export type Actor = 'interactive' | 'headless' | 'sub_agent'

/** What is looked up: the effect's class, unless a floor comes first. */
export type Row = EffectClass | 'outside_project' | 'control_files' | 'agent_files' | 'unknown'

/** The rows as people read them, floors last. */
export const ROWS: Record<Row, string> = {
  read_only: 'only reads',
  local_mutation: 'changes the project',
  remote_action: 'acts on another machine',
  destructive: 'can destroy what cannot be brought back',
  unknown: 'cannot be known beforehand',
  outside_project: 'writes outside the project',
  control_files: 'writes files that steer git, editors or shells',
  agent_files: 'writes agent or skill definitions',
}

type Table = Record<Row, Record<TrustMode, Decision['kind']>>

const ONLY_READ = { plan: 'allow', safe: 'allow', auto: 'allow' } as const
const ASK = { plan: 'deny', safe: 'ask', auto: 'ask' } as const
const NEVER = { plan: 'deny', safe: 'deny', auto: 'deny' } as const

/**
 * What may happen, from spec/koda.md §4.3 and §4.4: the one source for code, documents and tests.
 * The first table is for the user's own conversation, the others for when nobody can be asked.
 */
export const MATRIX: Record<Actor, Table> = {
  interactive: {
    read_only: ONLY_READ,
    local_mutation: { plan: 'deny', safe: 'ask', auto: 'allow' },
    remote_action: { plan: 'deny', safe: 'ask', auto: 'allow' },
    destructive: ASK,
    unknown: ASK,
    outside_project: ASK,
    control_files: ASK,
    agent_files: NEVER,
  },
  headless: {
    read_only: ONLY_READ,
    local_mutation: { plan: 'deny', safe: 'deny', auto: 'allow' },
    remote_action: { plan: 'deny', safe: 'deny', auto: 'allow' },
    destructive: NEVER,
    unknown: NEVER,
    outside_project: NEVER,
    control_files: NEVER,
    agent_files: NEVER,
  },
  sub_agent: {
    read_only: ONLY_READ,
    local_mutation: { plan: 'deny', safe: 'allow', auto: 'allow' },
    remote_action: { plan: 'deny', safe: 'allow', auto: 'allow' },
    destructive: NEVER,
    unknown: NEVER,
    outside_project: NEVER,
    control_files: NEVER,
    agent_files: NEVER,
  },
}

/** What bears on one decision beside the effect itself. */
export interface Circumstances {
  /** False: commands run unconfined, so `auto` asks before anything that changes something. Default true. */
  hasSandbox?: boolean
  /** Files this session itself created, as in `Effect.writes`; deleting them loses nothing of the user's. */
  ownedFiles?: ReadonlySet<string>
}

/** Decides whether an effect may happen. Pure; the reason is fit for the user and the model. */
export function decideTrust(
  effect: Effect,
  mode: TrustMode,
  actor: Actor,
  circumstances: Circumstances = {},
): Decision {
  const row = rowOf(effect)
  if (row === 'destructive' && mode !== 'plan' && deletesOnlyOwn(effect, circumstances)) {
    return { kind: 'allow', reason: `${effect.reason}, which this session itself created` }
  }
  const decided = MATRIX[actor][row][mode]
  const needsWall = circumstances.hasSandbox === false && row !== 'read_only' && actor !== 'sub_agent'
  const kind = needsWall && decided === 'allow' ? MATRIX[actor].destructive[mode] : decided
  return { kind, reason: reasonFor(kind, effect, mode, row) }
}

/** Which row of the matrix an effect belongs to. Floors come before the class; what only reads has none. */
export function rowOf(effect: Effect): Row {
  if (effect.agent_files.length > 0) return 'agent_files'
  if (!effect.isKnown) return 'unknown'
  if (effect.class === 'read_only') return 'read_only'
  if (effect.outside_project.length > 0) return 'outside_project'
  if (effect.class === 'destructive') return 'destructive'
  return effect.control_files.length > 0 ? 'control_files' : effect.class
}

/** The Delete tool on files of this session: it names files and starts no program. */
function deletesOnlyOwn(effect: Effect, { ownedFiles }: Circumstances): boolean {
  if (!ownedFiles || effect.programs.length > 0 || effect.control_files.length > 0) return false
  return effect.writes.length > 0 && effect.writes.every(path => ownedFiles.has(path))
}

/** The order of trust: each mode may do what those before it may. */
export const TRUST_MODES: readonly TrustMode[] = ['plan', 'safe', 'auto']

/** A child's mode: what it asks for, and never more than its parent has. */
export function clampMode(wanted: TrustMode | undefined, parent: TrustMode): TrustMode {
  const asked = TRUST_MODES.indexOf(wanted ?? parent)
  return TRUST_MODES[Math.min(asked, TRUST_MODES.indexOf(parent))] ?? 'plan'
}

/** A stored mode; what is not known counts as `safe`. */
export function modeFrom(stored: string | undefined): TrustMode {
  return TRUST_MODES.find(mode => mode === stored) ?? 'safe'
}

function reasonFor(kind: Decision['kind'], effect: Effect, mode: TrustMode, row: Row): string {
  const what = {
    outside_project: `writes outside the project (${effect.outside_project.join(', ')})`,
    control_files: `writes ${effect.control_files.join(', ')}, which steers other programs`,
    agent_files: `writes ${effect.agent_files.join(', ')}; only the user may change agents and skills`,
  }
  const text = row === 'outside_project' || row === 'control_files' || row === 'agent_files' ? what[row] : effect.reason
  if (kind === 'allow' || row === 'agent_files') return text
  if (kind === 'ask') return `${text}; ${mode} mode asks first`
  return mode === 'plan' ? `${text}; plan mode only investigates` : `${text}; nobody can approve it here`
}
