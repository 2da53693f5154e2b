import { expect, test } from 'vitest'
import { Headers as SdkHeaders } from '#shared/providers/support/sdk-headers'

const CHANGES: readonly (readonly [string, (headers: Headers | SdkHeaders) => void])[] = [
  ['as given', () => undefined],
  ['one appended', headers => headers.append('Accept', 'text/plain')],
  ['one in place of another', headers => headers.set('ACCEPT', 'a')],
  ['one removed', headers => headers.delete('Accept')],
  ['blanks around a value', headers => headers.set('x', '  a b ')],
]

test.each(CHANGES)('the Headers of the SDKs behave as the built-in ones: %s', (_, change) => {
  const given = { Authorization: 'Bearer k', accept: 'text/event-stream' }
  const look = (headers: Headers | SdkHeaders) => {
    change(headers)
    const names = ['AUTHORIZATION', 'accept', 'x', 'x-none']
    return [
      [...headers].sort(),
      [...headers.entries()].sort(),
      names.map(name => [headers.get(name), headers.has(name)]),
    ]
  }
  expect(look(new SdkHeaders(given))).toEqual(look(new Headers(given)))
  expect(look(new SdkHeaders(Object.entries(given)))).toEqual(look(new Headers(Object.entries(given))))
})
