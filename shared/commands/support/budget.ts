import { Spending } from '#shared/agent/limits'
import { costOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'

/** Source: spec/kode.md §3.6. */
const DEFAULT_BUDGET_USD = 1.5

/** What one run of a pipeline may cost: the user's limit, the project's, or the built-in one. */
export function budgetOf({ maxCostUsd, project }: Settings): Spending {
  if (maxCostUsd !== undefined) return new Spending(costOf, { maxCostUsd })
  const budgetUsd = project.engine?.token_budget_usd ?? DEFAULT_BUDGET_USD
  return new Spending(costOf, { maxCostUsd: budgetUsd, costSetting: 'engine.token_budget_usd' })
}
