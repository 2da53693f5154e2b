import { expect, test } from 'vitest'
import { killLoops, seededRandom } from '../kill/loop'

test('a loop that is killed or interrupted at any moment leaves the old files or the new ones', async () => {
  const report = await killLoops(8, seededRandom(20))
  expect(report.others).toEqual([])
  expect(report.old + report.new).toBe(8)
}, 300_000)
