import { expect, test } from 'vitest'
import { runKillLoop } from './kill-loop'
import { temporaryFolder } from './support'

test('four writers that are killed at random moments lose nothing they were told is saved', {
  timeout: 120_000,
}, async () => {
  const counts = await runKillLoop({ folder: temporaryFolder(), kills: 24, writers: 4 })
  expect(counts).toMatchObject({ lost: 0, twice: 0, unopened: 0, damaged: 0 })
  expect(counts.acknowledged).toBeGreaterThan(counts.kills)
})
