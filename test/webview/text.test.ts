import MarkdownIt from 'markdown-it'
import { describe, expect, test } from 'vitest'
import { History } from '../../webview/composer/history'
import { pastePart } from '../../webview/composer/pastes'
import { commandsFor, completeToken, tokenAt, withoutMention } from '../../webview/composer/tokens'
import { countLines, diffLines } from '../../webview/transcript/diff-lines'
import { BlockStream } from '../../webview/ui/block-stream'

const parser = new MarkdownIt()
const stream = () => new BlockStream(text => parser.parse(text, {}))

const TEXT = `# Title

A paragraph
of two lines.

- one
- two

  still two

\`\`\`ts
const a = 1

const b = 2
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

The end.`

describe('a growing Markdown text', () => {
  test('drawn piece by piece is what it is drawn at once', () => {
    for (const step of [1, 3, 7, 50]) {
      const growing = stream()
      let blocks = growing.update('', false)
      for (let end = 0; end < TEXT.length; end += step) blocks = growing.update(TEXT.slice(0, end), false)
      blocks = growing.update(TEXT, true)
      expect(blocks.map(block => block.source).join('')).toBe(TEXT)
      expect(blocks.map(block => parser.render(block.source)).join('')).toBe(parser.render(TEXT))
    }
  })

  test('hands out finished blocks as the same objects', () => {
    const growing = stream()
    const early = growing.update('One.\n\nTwo.\n\nThr', false)
    const late = growing.update('One.\n\nTwo.\n\nThree is longer.', false)
    expect(late.slice(0, 2).map((block, index) => block === early[index])).toEqual([true, true])
    expect(late[2]).toMatchObject({ source: 'Three is longer.', isClosed: false })
  })

  test('starts over when the text is another one', () => {
    const growing = stream()
    growing.update('One.\n\nTwo.\n\nThree.', false)
    expect(growing.update('Other.', true).map(block => block.source)).toEqual(['Other.'])
  })
})

describe('the menu of the composer', () => {
  test.each([
    ['/mo', 3, 'slash', 'mo'],
    ['see @src/a', 10, 'mention', 'src/a'],
    ['@', 1, 'mention', ''],
    ['see @"my fi', 11, 'mention', 'my fi'],
    ['a\n@x', 4, 'mention', 'x'],
  ])('opens for %j', (draft, caret, kind, text) => expect(tokenAt(draft, caret)).toMatchObject({ kind, text }))

  test.each([
    ['mail me@home.org', 16],
    ['and /mo', 7],
    ['/model x', 8],
    ['@a b', 4],
  ])('stays closed for %j', (draft, caret) => expect(tokenAt(draft, caret)).toBeUndefined())

  test('lists the command first that is typed to its end', () => {
    const commands = ['memory save', 'memory', 'model'].map(name => ({ name, description: '', needsIdle: false }))
    expect(commandsFor('Memory', commands).map(command => command.name)).toEqual(['memory', 'memory save'])
  })

  test('puts the choice in place of what was typed', () => {
    const token = tokenAt('see @or and more', 7)!
    expect(completeToken('see @or and more', token, 'src/orders.ts')).toEqual({
      text: 'see @src/orders.ts and more',
      caret: 19,
    })
  })
})

describe('the mentions of a draft', () => {
  test.each([
    ['see @a.ts and @"my notes.md" or @a.ts', 'a.ts', 'see and @"my notes.md" or '],
    ['@"my notes.md" @a.ts', 'my notes.md', '@a.ts'],
    ['@a.tsx', 'a.ts', '@a.tsx'],
  ])('go from %j with the name %s', (draft, name, left) => expect(withoutMention(draft, name)).toBe(left))
})

test('a unified diff is counted and drawn without its headers', () => {
  const diff = '--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n\\ No newline at end of file\n'
  expect(countLines(diff)).toEqual({ added: 1, removed: 1 })
  expect(diffLines(diff).map(line => line.kind)).toEqual(['file', 'hunk', 'same', 'removed', 'added'])
})

describe('earlier prompts', () => {
  test('of other windows come before those of this page, each once', async () => {
    const history = new History(async () => ['here', 'old'])
    history.add('here')
    await history.load()
    expect(history.find('', 10)).toEqual(['here', 'old'])
    expect([history.older(), history.older(), history.older()]).toEqual(['here', 'old', undefined])
  })

  test.each([
    ['par fix', ['Fix the parser']],
    ['THE', ['the docs', 'Fix the parser']],
    ['nothing', []],
  ])('are found by the words %j', async (query, found) => {
    const history = new History(async () => ['the docs', 'Fix the parser'])
    await history.load()
    expect(history.find(query, 10)).toEqual(found)
  })
})

test('a paste is sent up to its limit, with its whole length', () => {
  expect(pastePart('x'.repeat(50_000))).toMatchObject({
    text: expect.stringMatching(/^<reference type="pasted" chars="50000">\nx{40000}\n\[cut: 50000 characters in all\]/),
  })
})
