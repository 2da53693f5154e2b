import { expect, test } from 'vitest'
import { Spending } from '#shared/agent/limits'
import type { ModelReply } from '#shared/agent/model-call'
import type { Usage } from '#shared/protocol/messages'

const REQUEST = { model: 'm', system: 'x'.repeat(3500), messages: [], tools: [] }
/** Of the request without a list of tools, of that list, and of an empty reply. */
const ESTIMATE = 1_000 + 1 + 10
const tokens = (input: number): Usage => ({ input, output: 0, cache_read: 0, cache_write: 0, thinking: 0 })
/** A cent for a token, but of one model nobody knows the price. */
const costOf = ({ input, output }: Usage, model: string) => (model === 'unknown' ? undefined : (input + output) / 100)
const BUDGET = { maxCostUsd: 1, costSetting: 'engine.token_budget_usd' }

const reply = (usage?: Usage, model = 'm'): ModelReply => {
  const message = { role: 'assistant' as const, id: 'r', parts: [], model, stop: 'end' as const }
  return { kind: 'reply', message, model, usage }
}
const broken = (usage?: Usage): ModelReply => ({ kind: 'cancelled', partial: undefined, model: 'm', usage })

test('what was counted is in usage and costs, and ends at the limit', () => {
  const spending = new Spending(costOf, BUDGET)
  spending.count(REQUEST, reply(tokens(60)))
  expect(spending).toMatchObject({ total: { input: 60 }, costUsd: 0.6 })
  expect(spending.overspent()).toBeUndefined()
  spending.countBeside(REQUEST, reply(tokens(40)))
  expect(spending.overspent()?.message).toBe('stopped after $1.0000 (engine.token_budget_usd 1)')
})

test('a reply that was not counted makes the cost unknown, and the limits hold by an estimate', () => {
  const spending = new Spending(costOf, { maxCostUsd: ESTIMATE / 100 })
  spending.countBeside(REQUEST, reply())
  expect(spending).toMatchObject({ total: { input: 0 }, costUsd: undefined })
  expect(spending.overspent()?.message).toBe('stopped after about $10.1100 (--max-cost 10.11)')
  const inTokens = new Spending(costOf, { maxTotalTokens: ESTIMATE })
  inTokens.countBeside(REQUEST, reply())
  expect(inTokens.overspent()).toMatchObject({ limit: 'tokens' })
})

test('of a broken reply counts what the provider counted, and nothing else', () => {
  const spending = new Spending(costOf)
  spending.count(REQUEST, broken())
  expect(spending.costUsd).toBe(0)
  spending.count(REQUEST, broken(tokens(7)))
  expect(spending).toMatchObject({ total: { input: 7 }, costUsd: 0.07 })
})

test('an unknown price makes the cost unknown for good; what has a price still counts towards the limit', () => {
  const spending = new Spending(costOf, BUDGET)
  spending.count(REQUEST, reply(tokens(500), 'unknown'))
  expect(spending.overspent()).toBeUndefined()
  spending.count(REQUEST, reply(tokens(100)))
  expect(spending).toMatchObject({ total: { input: 600 }, costUsd: undefined })
  expect(spending.overspent()?.message).toMatch(/about/)
})

test('a part counts for itself and in the whole, and ends where the whole does', () => {
  const whole = new Spending(costOf, BUDGET)
  const [one, other] = [whole.part(), whole.part()]
  one.count(REQUEST, reply(tokens(60)))
  expect(other.exceeded({ maxTurns: 1 })).toBeUndefined()
  other.part().count(REQUEST, reply(tokens(50)))
  expect([one.costUsd, other.costUsd]).toEqual([0.6, 0.5])
  expect(whole.total.input).toBe(110)
  expect(one.overspent()).toMatchObject({ limit: 'cost' })
  one.count(REQUEST, reply())
  expect([one.costUsd, other.costUsd, whole.costUsd]).toEqual([undefined, 0.5, undefined])
})

test('requests of a turn are counted for each prompt, those beside it never', () => {
  const whole = new Spending(costOf)
  const spending = whole.part()
  spending.count(REQUEST, reply(tokens(1)))
  spending.countBeside(REQUEST, reply(tokens(1)))
  expect(spending.exceeded({ maxTurns: 2 })).toBeUndefined()
  spending.count(REQUEST, broken())
  expect(spending.exceeded({ maxTurns: 2 })).toMatchObject({ limit: 'turns' })
  expect(whole.exceeded({ maxTurns: 1 })).toBeUndefined()
  spending.beginPrompt()
  expect(spending.exceeded({ maxTurns: 2 })).toBeUndefined()
})
