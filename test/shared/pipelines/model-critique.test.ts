import { expect, test } from 'vitest'
import { readReview } from '#shared/pipelines/support/model-critique'

const finding = (more: object) => ({ lens: 'model', severity: 'warning', file_path: '', line: 1, ...more })

test.each<[string, string, object[] | undefined]>([
  ['an object', '{"findings": [{"message": "no"}]}', [finding({ message: 'no' })]],
  ['an array', '[{"message": "no"}]', [finding({ message: 'no' })]],
  ['one finding alone', '{"message": "no", "severity": "info"}', [finding({ message: 'no', severity: 'info' })]],
  [
    'in a fence, in prose',
    'Here:\n```json\n{"findings": [{"message": "no"}]}\n```\nGood luck!',
    [finding({ message: 'no' })],
  ],
  ['nothing to say', '{"findings": []}', []],
  ['nothing to say, as an array', '[]', []],
  [
    'wrong types are mended, what says nothing is left out',
    '{"findings": [{"message": "no", "severity": "fatal", "line": "x", "file_path": 7}, {"message": " "}, {"note": "x"}]}',
    [finding({ message: 'no' })],
  ],
  ['a message over several lines is one line', '[{"message": "a\\n\\n- b"}]', [finding({ message: 'a - b' })]],
  ['a model alone is no reason to stop', '[{"message": "no", "severity": "error"}]', [finding({ message: 'no' })]],
  ['prose', 'Looks good to me.', undefined],
  ['something else', '{"hunks": []}', undefined],
  ['cut off', '{"findings": [{"message": "no', undefined],
])('%s', (_, text, expected) => {
  const findings = readReview(text, 'warning')
  if (expected) expect(findings).toEqual(expected)
  else expect(findings).toBeUndefined()
})

test('at most five findings count, the first ones', () => {
  const many = Array.from({ length: 9 }, (_, at) => ({ message: `m${at}` }))
  expect(readReview(JSON.stringify(many), 'warning')?.map(each => each.message)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
})

test.each([
  ['error', 'error', 'error'],
  ['error', 'info', 'info'],
  ['info', 'error', 'info'],
] as const)('%s, where a finding may weigh %s: %s', (given, most, weighed) => {
  expect(readReview(JSON.stringify([{ message: 'no', severity: given }]), most)).toMatchObject([{ severity: weighed }])
})
