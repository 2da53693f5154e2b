import type { EffectClass, TrustMode } from '#shared/protocol/approvals'
import type { Effect } from './effects'

export type Decision = { kind: 'allow' | 'ask' | 'deny'; reason: string }

/** Who acts: the user's own conversation with or without somebody to answer, or a sub-agent. */
export type Actor = 'interactive' | 'headless' | 'sub_agent'

/**
 * The one table of what may happen, from spec/koda.md §4.3 and §4.4.
 *
 * | effect                    | plan | safe | auto |
 * |---------------------------|------|------|------|
 * | read_only                 | allow| allow| allow|
 * | local_mutation            | deny | ask  | allow|
 * | remote_action             | deny | ask  | allow|
 * | destructive               | deny | ask  | ask  |
 * | writes outside the project| deny | ask  | ask  |
 *
 * A sub-agent has nobody to ask: mutations and remote actions in `safe` run, destructive and outside writes do not.
 * Headless `safe` runs what only reads; headless `auto` denies whatever would ask.
 */
const MATRIX: Record<EffectClass | 'outside_project', Record<TrustMode, Decision['kind']>> = {
  read_only: { plan: 'allow', safe: 'allow', auto: 'allow' },
  local_mutation: { plan: 'deny', safe: 'ask', auto: 'allow' },
  remote_action: { plan: 'deny', safe: 'ask', auto: 'allow' },
  destructive: { plan: 'deny', safe: 'ask', auto: 'ask' },
  outside_project: { plan: 'deny', safe: 'ask', auto: 'ask' },
}

/** Decides whether an effect may happen. Pure; the reason is fit for the user and the model. */
export function decideTrust(effect: Effect, mode: TrustMode, actor: Actor): Decision {
  const row = effect.class !== 'read_only' && effect.outside_project.length > 0 ? 'outside_project' : effect.class
  const masterDecision = effect.isKnown || effect.class === 'destructive' ? MATRIX[row][mode] : unknownDecision(mode)
  const kind = withoutHuman(masterDecision, row, actor)
  return { kind, reason: reasonFor(kind, effect, mode, row) }
}

function unknownDecision(mode: TrustMode): Decision['kind'] {
  return mode === 'plan' ? 'deny' : 'ask'
}

function withoutHuman(
  decision: Decision['kind'],
  row: EffectClass | 'outside_project',
  actor: Actor,
): Decision['kind'] {
  if (decision !== 'ask' || actor === 'interactive') return decision
  const isMutation = row === 'local_mutation' || row === 'remote_action'
  return actor === 'sub_agent' && isMutation ? 'allow' : 'deny'
}

function reasonFor(kind: Decision['kind'], effect: Effect, mode: TrustMode, row: string): string {
  const what =
    row === 'outside_project' ? `writes outside the project (${effect.outside_project.join(', ')})` : effect.reason
  if (kind === 'allow') return what
  if (kind === 'ask') return `${what}; ${mode} mode asks first`
  return mode === 'plan' ? `${what}; plan mode only investigates` : `${what}; nobody can approve it here`
}
