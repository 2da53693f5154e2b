import type { EffectClass, TrustMode } from '#shared/protocol/approvals'
import type { Effect } from './effects'

export type DecisionKind = 'allow' | 'ask' | 'deny'

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

type Table = Record<Row, Record<TrustMode, DecisionKind>>

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

/** Which row of the matrix an effect belongs to. Floors come before the class; what only reads has none. */
export function rowOf(effect: Effect): Row {
  if (effect.agent_files.length > 0) return 'agent_files'
  if (!effect.isKnown) return 'unknown'
  if (effect.class === 'read_only') return 'read_only'
  if (effect.outside_project.length > 0) return 'outside_project'
  if (effect.class === 'destructive') return 'destructive'
  return effect.control_files.length > 0 ? 'control_files' : effect.class
}
