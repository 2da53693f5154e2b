import { expect, test } from 'vitest'
import { SseReader } from '#shared/providers/support/sse'

test.each<[string, string, [string, string][]]>([
  ['one event', 'data: a\n\n', [['', 'a']]],
  ['no blank after the colon', 'data:a\n\n', [['', 'a']]],
  ['a blank that belongs to the data', 'data:  a\n\n', [['', ' a']]],
  ['CRLF', 'event: ping\r\ndata: a\r\n\r\n', [['ping', 'a']]],
  ['data over several lines', 'data: a\ndata: b\n\n', [['', 'a\nb']]],
  ['comments and unknown fields', ': hi\nid: 3\nretry: 5\ndata: a\n\n', [['', 'a']]],
  ['an event without data', 'event: ping\n\ndata: a\n\n', [['', 'a']]],
  ['an empty data line', 'data\n\n', [['', '']]],
  [
    'names do not leak into the next event',
    'event: x\ndata: 1\n\ndata: 2\n\n',
    [
      ['x', '1'],
      ['', '2'],
    ],
  ],
  [
    'no blank line at the end',
    'data: a\n\ndata: [DONE]',
    [
      ['', 'a'],
      ['', '[DONE]'],
    ],
  ],
  ['characters of several bytes', 'data: größer 🎉 日本\n\n', [['', 'größer 🎉 日本']]],
])('%s, wherever the packets end', (_, text, expected) => {
  const bytes = new TextEncoder().encode(text)
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new SseReader()
    const events = []
    for (let start = 0; start < bytes.length; start += size)
      events.push(...reader.read(bytes.subarray(start, start + size)))
    events.push(...reader.end())
    expect(events.map(event => [event.name, event.data])).toEqual(expected)
  }
})
