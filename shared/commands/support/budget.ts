import { costOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import { RunBudget } from '#shared/pipelines/support/run-budget'

/** Source: spec/kode.md §3.6. */
const DEFAULT_BUDGET_USD = 1.5

/** What one run of a pipeline may cost: the user's limit, the project's, or the built-in one. */
export function budgetOf({ maxCostUsd, project }: Settings): RunBudget {
  return new RunBudget(maxCostUsd ?? project.engine?.token_budget_usd ?? DEFAULT_BUDGET_USD, costOf)
}
