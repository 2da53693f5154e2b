import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mergeTexts } from '#shared/edits/three-way-merge'
import { seeded } from '../../support/seeded'
import { tempProject } from '../../support/temp-project'

describe('two changes of one text', () => {
  test.each([
    ['nothing on one side', 'a b c', 'a b c', 'a B c', 'a B c'],
    ['nothing on the other', 'a b c', 'A b c', 'a b c', 'A b c'],
    ['far apart', 'a b c d e', 'A b c d e', 'a b c d E', 'A b c d E'],
    ['the same on both', 'a b c', 'a B c', 'a B c', 'a B c'],
    ['the same, and more on one', 'a b c d e', 'A b c d e', 'A b c d E', 'A b c d E'],
    ['lines added at both ends', 'a b c', '0 a b c', 'a b c d', '0 a b c d'],
    ['lines removed', 'a b c d e', 'b c d e', 'a b c d', 'b c d'],
    ['the same added to nothing', '', 'a', 'a', 'a'],
  ])('%s: both stay', (_, base, ours, theirs, merged) => {
    expect(mergeTexts(text(base), text(ours), text(theirs))).toEqual({ kind: 'merged', text: text(merged) })
  })

  test.each([
    ['the same line', 'a b c', 'a X c', 'a Y c', [{ firstLine: 2, lastLine: 2 }]],
    ['neighbouring lines', 'a b c', 'A b c', 'a B c', [{ firstLine: 1, lastLine: 2 }]],
    ['lines added at one place', 'a b', 'a x b', 'a y b', [{ firstLine: 2, lastLine: 2 }]],
    ['changed and removed', 'a b c', 'a X c', 'a c', [{ firstLine: 2, lastLine: 2 }]],
    [
      'two places',
      'a b c d e',
      'X b c d X',
      'Y b c d Y',
      [
        { firstLine: 1, lastLine: 1 },
        { firstLine: 5, lastLine: 5 },
      ],
    ],
  ])('%s: a conflict', (_, base, ours, theirs, places) => {
    expect(mergeTexts(text(base), text(ours), text(theirs))).toEqual({ kind: 'conflict', places })
  })

  test('line ends and a missing last one are kept', () => {
    expect(mergeTexts('a\r\nb\r\nc\r\nd', 'A\r\nb\r\nc\r\nd', 'a\r\nb\r\nc\r\nD')).toEqual({
      kind: 'merged',
      text: 'A\r\nb\r\nc\r\nD',
    })
  })

  test('what merges here, git merges to the same bytes', () => {
    const root = tempProject()
    const random = seeded(7)
    let merged = 0
    for (let round = 0; round < 60; round++) {
      const base = Array.from({ length: 12 }, (_, line) => `line ${line}`)
      const [ours, theirs] = [changed(base, random), changed(base, random)]
      const result = mergeTexts(lines(base), lines(ours), lines(theirs))
      if (result.kind === 'conflict') continue
      merged++
      const write = (name: string, content: string[]) => writeFileSync(join(root, name), lines(content))
      write('base', base)
      write('ours', ours)
      write('theirs', theirs)
      const git = execFileSync('git', ['merge-file', '-p', 'ours', 'base', 'theirs'], { cwd: root, encoding: 'utf8' })
      expect(result.text).toBe(git)
    }
    expect(merged).toBeGreaterThan(15)
  })
})

function text(words: string): string {
  return words === '' ? '' : lines(words.split(' '))
}

function lines(each: readonly string[]): string {
  return each.map(line => `${line}\n`).join('')
}

function changed(base: readonly string[], random: () => number): string[] {
  const at = Math.floor(random() * base.length)
  const count = Math.floor(random() * 3)
  const added = Array.from({ length: Math.floor(random() * 3) }, (_, n) => `new ${Math.floor(random() * 9)} ${n}`)
  return base.toSpliced(at, count, ...added)
}
