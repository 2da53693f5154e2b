import { afterAll, expect, test } from 'vitest'
import { killLoop } from '../../kill/changes'

const loop = killLoop()
afterAll(() => loop.close())

test('a change set is whole or absent after kill -9 before any call that reaches the disk', async () => {
  const repairs = new Set<string>()
  let calls = 1
  for (let isThrough = false; !isThrough; calls += 1) {
    const round = await loop.round({ atCall: calls })
    repairs.add(round.repair)
    isThrough = !round.died
  }
  expect(calls).toBeGreaterThan(60)
  expect([...repairs].sort()).toEqual(['complete', 'half-way', 'nothing', 'untouched'])
}, 120_000)
