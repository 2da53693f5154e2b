import { describe, expect, test } from 'vitest'
import { parsePush, parseRequest } from '#shared/protocol/requests'

describe('a request of the page', () => {
  test.each([
    [{ id: 1, name: 'stop', input: {} }],
    [{ id: 2, name: 'prompt', input: { parts: [{ type: 'text', text: 'x' }], lane: 'next' } }],
    [{ id: 3, name: 'answer', input: { id: 'a', answer: { kind: 'reject', feedback: 'no' } } }],
  ])('is understood: %j', message => expect(parseRequest(message)).toEqual(message))

  test.each([
    ['an unknown name', { id: 1, name: 'eval', input: {} }],
    ['a missing id', { name: 'stop', input: {} }],
    ['a lane that is none', { id: 1, name: 'prompt', input: { parts: [], lane: 'now' } }],
    [
      'an answer the page may not give',
      { id: 1, name: 'answer', input: { id: 'a', answer: { kind: 'edited', files: [] } } },
    ],
    [
      'an image of another kind',
      {
        id: 1,
        name: 'prompt',
        input: { parts: [{ type: 'image', media_type: 'image/svg+xml', data: '' }], lane: 'next' },
      },
    ],
    ['no object', 'stop'],
  ])('is refused for %s', (_, message) => expect(parseRequest(message)).toBeUndefined())
})

describe('a push of the host', () => {
  test('is understood', () => {
    const push = { kind: 'events', epoch: 'e', seq: 3, events: [] }
    expect(parsePush(push)).toEqual(push)
  })

  test.each([[{ kind: 'events', seq: 3, events: [] }], [{ type: 'from another script' }], [undefined]])(
    'is refused: %j',
    message => expect(parsePush(message)).toBeUndefined(),
  )
})
