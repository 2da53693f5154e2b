import { expect, test } from 'vitest'
import { winningStrategy } from '#shared/audit/winning-strategy'

test.each<[string, (string | undefined)[], object | undefined]>([
  ['nothing was compared', [undefined, undefined], undefined],
  ['a first win is chance', ['minimal'], undefined],
  ['two wins', ['minimal', undefined, 'minimal'], { strategy: 'minimal', wins: 2, runs: 2 }],
  ['most of the wins', ['minimal', 'modular', 'modular'], { strategy: 'modular', wins: 2, runs: 3 }],
  ['as many as all others', ['minimal', 'modular', 'minimal', 'aggressive'], undefined],
])('%s', (_, winners, expected) => {
  const entries = winners.map(winner => ({
    timestamp: '2026-01-01T00:00:00.000Z',
    task_id: 't',
    status: 'PASS' as const,
    rounds_used: 1,
    duration_ms: 1,
    ...(winner && { winning_strategy: winner }),
  }))
  expect(winningStrategy(entries)).toEqual(expected)
})
