import { expect, test } from 'vitest'
import { mentionsIn, mentionText } from '#shared/protocol/mentions'

test.each([
  ['see @a.ts and @b.ts', ['a.ts', 'b.ts']],
  [`@"my notes.md" @'your "notes".md'`, ['my notes.md', 'your "notes".md']],
  ['@a.ts\n@a.ts', ['a.ts']],
  ['mail me@home.org, or @', []],
])('%j mentions %j', (text, names) => expect(mentionsIn(text).map(mention => mention.name)).toEqual(names))

test.each([
  ['@src/or', 7, []],
  ['@a.ts @src/or', 13, ['a.ts']],
  ['see @a.ts and @a.ts', 9, ['a.ts']],
])('in %j, typed up to %d, %j are finished', (text, caret, names) =>
  expect(mentionsIn(text, caret).map(mention => mention.name)).toEqual(names),
)

test('a mention tells where it stands', () => {
  const text = `see @'my notes.md' now`
  const [mention] = mentionsIn(text)
  expect(text.slice(mention?.start, mention?.end)).toBe(`@'my notes.md'`)
})

test.each(['a.ts', 'my notes.md', "it's.md", 'a "quoted" name.md'])('%s is found again as it is written', name =>
  expect(mentionsIn(`see ${mentionText(name)} now`).map(mention => mention.name)).toEqual([name]),
)
