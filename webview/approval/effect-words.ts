import type { ApprovalRequest, EffectPreview } from '#shared/protocol/approvals'
import { t } from '../l10n'

/** What an action would do, line by line; empty parts are left out. */
export function effectLines(effect: EffectPreview): { label: string; text: string; isGrave: boolean }[] {
  const lines = [
    { label: t('Runs'), items: effect.programs, isGrave: false },
    { label: t('Writes'), items: effect.writes, isGrave: false },
    { label: t('Network'), items: effect.network, isGrave: false },
    { label: t('Outside the project'), items: effect.outside_project, isGrave: true },
  ]
  return lines
    .filter(line => line.items.length > 0)
    .map(({ label, items, isGrave }) => ({ label, text: items.join(', '), isGrave }))
}

/** The question of a card, named after what would happen. */
export function questionFor(request: ApprovalRequest): string {
  const count = request.files?.length ?? 0
  if (count > 0) return count === 1 ? t('Write this change?') : t('Write these {0} files?', count)
  if (request.effect.class === 'destructive') return t('Do this? It cannot be undone.')
  return request.effect.class === 'remote_action' ? t('Reach outside?') : t('Run this?')
}

/** What a rule would have let pass besides the question it is offered with. */
export function alsoAllowed(titles: readonly string[]): string {
  if (titles.length === 0) return t('nothing else so far')
  const named = titles.slice(0, TITLES_NAMED).join(', ')
  const more = titles.length - TITLES_NAMED
  return more > 0 ? t('would also have allowed {0} and {1} more', named, more) : t('would also have allowed {0}', named)
}

const TITLES_NAMED = 4
