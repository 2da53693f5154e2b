import { expect, test } from 'vitest'
import { seededRandom } from '../kill/loop'
import { killSessions } from '../kill/sessions'

test('runs that are killed at random moments lose nothing they had announced, and who resumes finds every call answered', async () => {
  const counts = await killSessions({ kills: 12, writers: 4, random: seededRandom(3) })
  expect(counts).toMatchObject({ lost: 0, twice: 0, damaged: 0, unrepaired: 0, garbled: 0, failed: [] })
  expect(counts.acknowledged).toBeGreaterThan(counts.kills)
}, 300_000)
