import { describe, expect, test } from 'vitest'
import { circularIds, MAX_SUBTASKS, readSubtasks, type Subtask } from '#shared/pipelines/support/subtasks'

const subtask = (id: string, more: Partial<Subtask> = {}): Subtask => ({
  id,
  agent: 'researcher',
  title: 'look',
  depends: [],
  prompt: 'look',
  ...more,
})
const written = (id: string, prompt = 'look', agent = 'researcher', depends = 'none') =>
  `## Subtask ${id}\nAgent: ${agent}\nDepends: ${depends}\nPrompt: ${prompt}\n`

describe('what a model writes is read', () => {
  test.each<[string, string, Subtask[]]>([
    [
      'as asked for',
      `${written('1')}\n${written('2', 'look', 'main', '1')}`,
      [subtask('1'), subtask('2', { agent: 'main', depends: ['1'] })],
    ],
    ['lines of Windows', written('1').replaceAll('\n', '\r\n'), [subtask('1')]],
    [
      'a prompt of several lines, with lists, fields and a blank line in it',
      '## Subtask a\nAgent: main\nDepends: none\nPrompt:\nlook at\n\n- this\nAgent: not this one\n## No subtask\nend',
      [
        subtask('a', {
          agent: 'main',
          title: 'look at',
          prompt: 'look at\n\n- this\nAgent: not this one\n## No subtask\nend',
        }),
      ],
    ],
    [
      'a fence around everything',
      `Sure:\n\`\`\`markdown\n${written('1')}${written('2')}\`\`\`\n`,
      [subtask('1'), subtask('2')],
    ],
    [
      'a fence around each',
      `\`\`\`\n${written('1')}\`\`\`\n\n\`\`\`\n${written('2')}\`\`\`\n`,
      [subtask('1'), subtask('2')],
    ],
    [
      'a heading inside the code block of a prompt',
      written('1', 'write\n```\n## Subtask 9\nAgent: main\n```\nand stop'),
      [subtask('1', { title: 'write', prompt: 'write\n```\n## Subtask 9\nAgent: main\n```\nand stop' })],
    ],
    [
      'Markdown everywhere',
      '### **Subtask 1: Find it**\n- **Agent:** `researcher`\n- **Depends on:** None\n- **Prompt:** look\n',
      [subtask('1', { title: 'Find it' })],
    ],
    ['a heading without an id', '## Subtask\nAgent: researcher\nPrompt: look', [subtask('1')]],
    ['an id in words', written('find-parser.v2'), [subtask('find-parser.v2')]],
    ['fields in another order', '## Subtask 1\nPrompt: look', [subtask('1', { agent: 'main' })]],
    ['words without Prompt:', '## Subtask 1\nAgent: researcher\nlook', [subtask('1')]],
  ])('%s', (_, text, expected) => {
    expect(readSubtasks(text).subtasks).toEqual(expected)
  })

  test.each([
    ['none', []],
    ['None.', []],
    ['', []],
    ['-', []],
    ['[]', []],
    ['1', ['1']],
    ['1, 2', ['1', '2']],
    ['[1, 2, 2]', ['1', '2']],
    ['#1 and #2', ['1', '2']],
    ['Subtask 1; subtask b-2', ['1', 'b-2']],
    ['`a`, **b**', ['a', 'b']],
    ['find_parser', ['find_parser']],
  ])('Depends: %s', (depends, expected) => {
    expect(readSubtasks(written('x', 'look', 'main', depends)).subtasks[0]?.depends).toEqual(expected)
  })

  test.each([
    ['main', 'main'],
    ['Researcher', 'researcher'],
    ['test-oracle', 'test-oracle'],
    ['Test Oracle', 'test-oracle'],
    ['test_oracle', 'test-oracle'],
    ['**tester**', 'test-oracle'],
  ])('Agent: %s', (name, agent) => {
    expect(readSubtasks(written('1', 'look', name))).toMatchObject({ subtasks: [{ agent }], problems: [] })
  })
})

describe('what is wrong is mended or left out, and told', () => {
  test.each<[string, string, string[], RegExp]>([
    [
      'an agent that there is not',
      written('1', 'look', 'coder'),
      ['1'],
      /names the agent "coder", which there is not; main does it/,
    ],
    ['an id twice', `${written('1', 'first')}${written('1', 'second')}`, ['1'], /a second subtask 1 was left out/],
    ['no prompt', `${written('1', '')}${written('2')}`, ['2'], /subtask 1 was left out: it has no prompt/],
    [
      'too many',
      Array.from({ length: MAX_SUBTASKS + 1 }, (_, at) => written(`${at + 1}`)).join('\n'),
      Array.from({ length: MAX_SUBTASKS }, (_, at) => `${at + 1}`),
      /subtask 9 was left out: 8 are the most/,
    ],
  ])('%s', (_, text, ids, problem) => {
    const { subtasks, problems } = readSubtasks(text)
    expect(subtasks.map(each => each.id)).toEqual(ids)
    expect(problems).toEqual([expect.stringMatching(problem)])
  })

  test.each(['', 'I would just change line 1.', '[{"id": "hunk-1"}]', '# Plan\n\n1. look\n2. write', '```\n```'])(
    'no subtasks in %j',
    text => expect(readSubtasks(text)).toEqual({ subtasks: [], problems: [] }),
  )
})

test.each<[string, [id: string, depends: string[]][], string[]]>([
  [
    'none',
    [
      ['1', []],
      ['2', ['1']],
    ],
    [],
  ],
  ['one that is not there is no circle', [['1', ['9']]], []],
  [
    'itself',
    [
      ['1', ['1']],
      ['2', []],
    ],
    ['1'],
  ],
  [
    'two, and who waits for them',
    [
      ['1', ['2']],
      ['2', ['1']],
      ['3', ['2']],
      ['4', []],
    ],
    ['1', '2', '3'],
  ],
])('circles: %s', (_, given, expected) => {
  const subtasks = given.map(([id, depends]) => subtask(id, { depends }))
  expect([...circularIds(subtasks)]).toEqual(expected)
})
