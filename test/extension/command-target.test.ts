import { expect, test } from 'vitest'
import { targetOf } from '../../extension/command-target'

const row = { path: 'row.ts' }

test.each([
  ['of a row means its file', [row, [row]], 'row.ts'],
  ['of a row that the tree has just thrown away means no file', [undefined, [undefined]], undefined],
  ['of the palette or a key means the active editor', [], 'active.ts'],
])('a command %s', (_, given, path) => {
  const placeOf = (handed: unknown) => (handed === row ? row.path : undefined)
  expect(targetOf(given, placeOf, () => 'active.ts')).toBe(path)
})
