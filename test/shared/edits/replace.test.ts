import { describe, expect, test } from 'vitest'
import { applyReplacements } from '#shared/edits/replace'

describe('replacements', () => {
  test.each<[string, string, object[], string, number[]]>([
    ['one', 'a\nb\n', [{ old_str: 'b', new_str: 'c' }], 'a\nc\n', [2]],
    [
      'each on what the earlier ones left',
      'a\n',
      [
        { old_str: 'a', new_str: 'b' },
        { old_str: 'b', new_str: 'c' },
      ],
      'c\n',
      [1, 1],
    ],
    ['everywhere', 'x y\nx\n', [{ old_str: 'x', new_str: 'xx', replace_all: true }], 'xx y\nxx\n', [1, 2]],
    ['dollar signs as they are', 'a\n', [{ old_str: 'a', new_str: '$& $1' }], '$& $1\n', [1]],
    ['at the very end without newline', 'a\nb', [{ old_str: 'b', new_str: 'c' }], 'a\nc', [2]],
    ['a quote with a newline that the last line lacks', 'a\nb', [{ old_str: 'b\n', new_str: 'c\n' }], 'a\nc', [2]],
    ['in CRLF text', 'a\r\nb\r\nc\r\n', [{ old_str: 'a\nb', new_str: 'x\ny\nz' }], 'x\r\ny\r\nz\r\nc\r\n', [1]],
    ['in old Mac text', 'a\rb\r', [{ old_str: 'b', new_str: 'x\ny' }], 'a\rx\ry\r', [1]],
  ])('%s', (_, before, replacements, after, lines) => {
    const replaced = applyReplacements(before, replacements as never, 'f')
    expect(replaced).toMatchObject({ ok: true, value: { text: after } })
    expect(replaced.ok && replaced.value.edits.flatMap(edit => edit.lines)).toEqual(lines)
  })

  test.each<[string, string, object[], string]>([
    ['nothing to find', 'a\n', [{ old_str: '', new_str: 'b' }], 'old_str is empty'],
    ['several places', 'a\nb\na\n', [{ old_str: 'a', new_str: 'c' }], 'old_str is 2 times in f (lines 1, 3)'],
    [
      'the second of two, which names its index',
      'a\nb\n',
      [
        { old_str: 'a', new_str: 'c' },
        { old_str: 'x', new_str: '' },
      ],
      'replacements[1].old_str was not found',
    ],
    [
      'no place',
      'const value = 1\n',
      [{ old_str: 'const values = 1', new_str: '' }],
      'Closest: line 1 "const value = 1"',
    ],
    ['many places', 'a\n'.repeat(30), [{ old_str: 'a', new_str: 'b' }], 'lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …'],
    ['the same text', 'a\n', [{ old_str: 'a', new_str: 'a' }], 'are the same'],
  ])('of %s are refused', (_, before, replacements, message) => {
    const replaced = applyReplacements(before, replacements as never, 'f')
    expect(replaced.ok ? '' : replaced.error.message).toContain(message)
  })

  test.each<[string, string, string, string, string, string]>([
    ['trailing-space', 'a  \nb\t\n', 'a\nb\n', 'c\n', 'c\n', 'a line of its own'],
    ['indentation', '  a\n  b\n', 'a\nb', 'a\nc', '  a\n  c\n', 'two lines'],
    ['typography', 'say “hi” – now\n', 'say "hi" - now', 'no', 'no\n', 'a quote'],
  ])('are marked as found but for %s', (match, before, old_str, new_str, after) => {
    const replaced = applyReplacements(before, [{ old_str, new_str }], 'f')
    expect(replaced).toMatchObject({ ok: true, value: { text: after, edits: [{ match }] } })
  })

  test('in a large file take no time worth mentioning, also when nothing is found', () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `  const value${index} = compute(${index})\n`).join('')
    const start = performance.now()
    applyReplacements(text, [{ old_str: 'const value39999 = compute(39999)', new_str: 'x' }], 'f')
    applyReplacements(text, [{ old_str: 'const valeu77 = compute(\n  77)', new_str: 'x' }], 'f')
    expect(performance.now() - start).toBeLessThan(3000)
  })
})
