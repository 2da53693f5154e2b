import { expect, test } from 'vitest'
import { seededRandom } from '../kill/loop'
import { killRuns } from '../kill/run'

test('kode run that is killed while it writes leaves all old files or all new ones; npm run kill:changes tries more', async () => {
  const report = await killRuns(8, seededRandom(7))
  expect(report.mixed).toEqual([])
  expect(report.old + report.new).toBe(8)
}, 120_000)
