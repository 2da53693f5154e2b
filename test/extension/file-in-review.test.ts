import { expect, test } from 'vitest'
import type { BinarySides, LandedFile } from '#shared/protocol/landed-file'
import { fileInReview } from '../../extension/file-in-review'
import type { ProposedFile } from '../../extension/proposals'

const image = (fill: string) => ({ sha256: fill, size: 1 })
const text = (before: string | undefined, after: string | undefined): LandedFile => ({
  path: 'x',
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
})
const bytes = (binary: BinarySides): LandedFile => ({ path: 'x', binary })
const review = (before: string, proposed: string, said: Partial<ProposedFile> = {}): ProposedFile => ({
  path: 'x',
  before,
  proposed,
  after: proposed,
  decision: 'open',
  acceptedHunks: new Set(),
  ...said,
})

const LINES = 'a\n1\n2\n3\nb\n1\n2\n3\nc\n'
const THREE = LINES.toUpperCase()
const WITHOUT_B = THREE.replace('B', 'b')
const AND_MORE = THREE.replace('C', 'C!')

test.each([
  ['the first time as it did', undefined, false, text('a\n', 'b\n'), review('a\n', 'b\n')],
  [
    'once more in the same turn, from before its first change',
    review('a\n', 'b\n'),
    true,
    text('b\n', 'c\n'),
    review('a\n', 'c\n'),
  ],
  [
    'in a later turn, together with the earlier one',
    review('a\n', 'b\n'),
    false,
    text('b\n', 'c\n'),
    review('a\n', 'c\n'),
  ],
  ['in a later turn, back to how it was, not any more', review('a\n', 'b\n'), false, text('b\n', 'a\n'), undefined],
  [
    'while a rejection waits, as rejected',
    review('a\n', 'b\n', { decision: 'rejected' }),
    false,
    text('b\n', 'c\n'),
    review('a\n', 'c\n', { decision: 'rejected' }),
  ],
  [
    'while an acceptance waits, as open: it was not seen',
    review('a\n', 'b\n', { decision: 'accepted' }),
    false,
    text('b\n', 'c\n'),
    review('a\n', 'c\n'),
  ],
  [
    'while a hunk waits to be taken back, without that hunk',
    review(LINES, THREE, { after: WITHOUT_B }),
    false,
    text(THREE, AND_MORE),
    review(LINES, AND_MORE, { after: AND_MORE.replace('B', 'b') }),
  ],
])('a file that a turn lands is reviewed %s', (_, earlier, isKnownTurn, landed, expected) =>
  expect(fileInReview(earlier, isKnownTurn, landed, undefined)).toEqual(expected),
)

test('what is no text on one side is reviewed as the sum of its turns', () => {
  const sides = { before: image('first'), after: image('last') }
  const landed = bytes({ before: image('middle'), after: image('last') })
  const reviewed = { before: undefined, proposed: undefined, after: undefined, binary: sides }
  for (const earlier of [undefined, review('a\n', 'b\n')]) {
    expect(fileInReview(earlier, false, landed, bytes(sides))).toEqual({ ...review('', ''), ...reviewed })
    expect(fileInReview(earlier, false, landed, undefined)).toBeUndefined()
  }
})
