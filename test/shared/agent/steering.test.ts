import { expect, test } from 'vitest'
import { Steering } from '#shared/agent/steering'

test.each([
  ['b', -1, 'b a c'],
  ['b', 1, 'a c b'],
  ['a', -1, 'a b c'],
  ['c', 1, 'a b c'],
  ['nobody', 1, 'a b c'],
] as const)('%s moves by %d within its lane', (text, by, expected) => {
  let waiting = ''
  const ids = new Map<string, string>()
  const steering = new Steering(now => {
    for (const entry of now) ids.set(entry.text, entry.id)
    waiting = now
      .filter(entry => entry.lane === 'later')
      .map(entry => entry.text)
      .join(' ')
  })
  // Those of the other lane stand between them.
  for (const each of ['a', 'b', 'c']) {
    steering.add([{ type: 'text', text: each }], 'later')
    steering.add([{ type: 'text', text: `next ${each}` }], 'next')
  }
  steering.move(ids.get(text) ?? 'unknown', by)
  expect(waiting).toBe(expected)
  expect(steering.take('next').flat()).toMatchObject([{ text: 'next a' }, { text: 'next b' }, { text: 'next c' }])
})
