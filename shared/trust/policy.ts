import type { TrustMode } from '#shared/protocol/approvals'
import type { Effect } from './effects'
import { type Actor, type DecisionKind, MATRIX, type Row, rowOf } from './matrix'
import { ruleAllowing, ruleTightening, type TrustRule } from './rules'

/** What may happen, and why, fit for the user and the model. */
export interface Decision {
  kind: DecisionKind
  reason: string
}

/** What bears on one decision beside the effect itself. */
export interface Circumstances {
  /** False: commands run unconfined, so `auto` asks before anything that changes something. Default true. */
  hasSandbox?: boolean
  /** Files this session itself created, as in `Effect.writes`; deleting them loses nothing of the user's. */
  ownedFiles?: ReadonlySet<string>
  /** What the user asked to remember, and what the machine and the workspace demand. */
  rules?: readonly TrustRule[]
  /** What the effect reads of kode's own keys and conversations. */
  ownSecrets?: readonly string[]
  /** The command line, for rules on exact lines. */
  command?: string
}

/** Decides whether an effect may happen: the matrix, then rules, which may always tighten it; first what nobody may. Pure. */
export function decideTrust(
  effect: Effect,
  mode: TrustMode,
  actor: Actor,
  circumstances: Circumstances = {},
): Decision {
  const { rules = [], command = '', ownSecrets = [] } = circumstances
  if (ownSecrets.length > 0)
    return {
      kind: 'deny',
      reason: `${effect.reason}: ${ownSecrets.join(', ')}; keys and conversations are for kode alone`,
    }
  const decided = byMatrix(effect, mode, actor, circumstances)
  const strict = ruleTightening(rules, effect, command)
  if (strict && decided.kind !== 'deny') {
    const kind = strict.decision === 'ask' && actor === 'interactive' ? 'ask' : 'deny'
    if (kind === 'deny' || decided.kind === 'allow') return { kind, reason: `${effect.reason}; ${strict.reason}` }
  }
  if (decided.kind === 'allow' || strict || mode === 'plan' || actor === 'sub_agent') return decided
  const rule = ruleAllowing(rules, effect, command)
  return rule ? { kind: 'allow', reason: `${effect.reason}; allowed by your rule "${rule.text}"` } : decided
}

function byMatrix(effect: Effect, mode: TrustMode, actor: Actor, circumstances: Circumstances): Decision {
  const row = rowOf(effect)
  if (row === 'destructive' && mode !== 'plan' && deletesOnlyOwn(effect, circumstances)) {
    return { kind: 'allow', reason: `${effect.reason}, which this session itself created` }
  }
  const decided = MATRIX[actor][row][mode]
  const needsWall = circumstances.hasSandbox === false && row !== 'read_only' && actor !== 'sub_agent'
  const kind = needsWall && decided === 'allow' ? MATRIX[actor].destructive[mode] : decided
  return { kind, reason: reasonFor(kind, effect, mode, row) }
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
