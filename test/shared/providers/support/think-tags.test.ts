import { expect, test } from 'vitest'
import { TagSplitter, type TextPiece } from '#shared/providers/support/think-tags'

/** What comes out, as `text|[thinking]|{call}`. */
const CASES: [string, string][] = [
  ['plain text', 'plain text'],
  ['<think>hm</think>yes', '[hm]yes'],
  ['<think>hm</think>\n\nyes', '[hm]yes'],
  ['before <thinking>deep</thinking> after', 'before [deep] after'],
  ['<reasoning>a</reasoning><reflection>b</reflection>c', '[ab]c'],
  ['<thought>gemini</thought>done', '[gemini]done'],
  ['<think>never closed', '[never closed]'],
  ['stray </think> end', 'stray  end'],
  ['1 < 2 and <b>bold</b> and <thin', '1 < 2 and <b>bold</b> and <thin'],
  ['hello<|im_end|>', 'hello'],
  ['<|im_start|>assistant', 'assistant'],
  ['use `<think>` to think', 'use `<think>` to think'],
  ['```\n<think>x</think>\n```\n<think>y</think>z', '```\n<think>x</think>\n```\n[y]z'],
  ["it's a lone ` tick\n<think>a</think>b", "it's a lone ` tick\n[a]b"],
  ['<think>größer 🎉</think>日本', '[größer 🎉]日本'],
  ['<tool_call>{"name":"Read"}</tool_call>', '{<tool_call>|{"name":"Read"}|</tool_call>}'],
  ['<function=Read><parameter=p>x</parameter></function>', '{<function=Read>|<parameter=p>x</parameter>|</function>}'],
  ['<tool_call>cut off', '<tool_call>cut off'],
  ['<think>a</thinking>b</think>c', '[a</thinking>b]c'],
]

test.each(CASES)('%j becomes %j, wherever it is cut', (input, expected) => {
  for (let size = 1; size <= input.length; size++) {
    const splitter = new TagSplitter()
    const pieces: TextPiece[] = []
    for (let start = 0; start < input.length; start += size)
      pieces.push(...splitter.take(input.slice(start, start + size)))
    pieces.push(...splitter.end())
    expect(spell(pieces)).toBe(expected)
  }
})

function spell(pieces: TextPiece[]): string {
  const text = pieces.map(piece => {
    if (piece.type === 'thinking') return `[${piece.text}]`
    return piece.type === 'call' ? `{${piece.open}|${piece.text}|${piece.close}}` : piece.text
  })
  return text.join('').replaceAll('][', '')
}
