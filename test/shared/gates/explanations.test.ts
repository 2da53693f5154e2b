import { expect, test } from 'vitest'
import { GATE_EXPLANATIONS } from '#shared/gates/explanations'
import { GATE_NAMES } from '#shared/protocol/gate-report'

test.each(GATE_NAMES)('%s is explained with causes and ways to mend them', gate => {
  const { title, what, causes, fixes } = GATE_EXPLANATIONS[gate]
  expect(title).not.toBe('')
  expect(what).toMatch(/\.$/)
  expect(causes.length).toBeGreaterThanOrEqual(3)
  expect(fixes.length).toBeGreaterThanOrEqual(3)
})
