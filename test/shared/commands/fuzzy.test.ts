import { expect, test } from 'vitest'
import { bestMatches, fuzzyScore } from '#shared/commands/support/fuzzy'

test.each([
  ['abc', 'abcdef', 123], // start 100, three letters, two in a row
  ['b', 'a/b.ts', 6], // start of a word
  ['tsa', 'a.ts', undefined], // not in this order
  ['AB', 'xab', 12],
])('%s in %s scores %s', (query, path, score) => expect(fuzzyScore(query, path)).toBe(score))

test("a file's own name counts as much as its path", () => {
  expect(bestMatches('orders', ['other/reorder-status.ts', 'src/deep/orders.ts', 'orders/readme.md'], 2)).toEqual([
    'orders/readme.md',
    'src/deep/orders.ts',
  ])
})
