import { expect, test } from 'vitest'
import { RunBudget } from '#shared/pipelines/support/run-budget'
import type { Usage } from '#shared/protocol/messages'

const tokens = (input: number): Usage => ({ input, output: 0, cache_read: 0, cache_write: 0, thinking: 0 })
/** A cent for a token, but of one model nobody knows the price. */
const costOf = ({ input }: Usage, model: string) => (model === 'unknown' ? undefined : input / 100)

test('what was counted is in usage and costs, and ends at the limit', () => {
  const budget = new RunBudget(1, costOf)
  budget.take({ usage: tokens(60) }, 'm')
  expect(budget).toMatchObject({ usage: { input: 60 }, costUsd: 0.6 })
  expect(budget.exhausted()).toBeUndefined()
  budget.take({ usage: tokens(40) }, 'm')
  expect(budget.exhausted()).toBe('the budget is used up: $1.0000 of $1.00 (engine.token_budget_usd)')
})

test('a reply that was not counted makes the cost unknown, and the limit holds by an estimate', () => {
  const budget = new RunBudget(1, costOf)
  budget.take({ estimate: tokens(100) }, 'm')
  expect(budget).toMatchObject({ usage: { input: 0 }, costUsd: null })
  expect(budget.exhausted()).toMatch(/^the budget is used up: about \$1\.0000/)
})

test('an unknown price makes the cost unknown for good; what has a price still counts towards the limit', () => {
  const budget = new RunBudget(1, costOf)
  budget.take({ usage: tokens(500) }, 'unknown')
  expect(budget.exhausted()).toBeUndefined()
  budget.take({ usage: tokens(100) }, 'm')
  expect(budget).toMatchObject({ usage: { input: 600 }, costUsd: null })
  expect(budget.exhausted()).toMatch(/about/)
})

test('a part counts for itself and in the whole', () => {
  const whole = new RunBudget(1, costOf)
  const [one, other] = [whole.part(), whole.part()]
  one.add(tokens(60), 'm', true)
  other.add(tokens(50), 'm', true)
  expect([one.costUsd, other.costUsd]).toEqual([0.6, 0.5])
  expect(whole.usage.input).toBe(110)
  expect(whole.exhausted()).toBeDefined()
  one.add(tokens(1), 'm', false)
  expect([one.costUsd, other.costUsd, whole.costUsd]).toEqual([null, 0.5, null])
})
