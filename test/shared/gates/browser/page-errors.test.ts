import { expect, test } from 'vitest'
import { PageErrors } from '#shared/gates/browser/page-errors'

const ORIGIN = 'http://localhost:5080'

test.each([
  ['/a%20b.js', '/a b.js'],
  ['/%FF.js', '/%FF.js'], // no character
  ['/100%.js', '/100%.js'],
])('a script at %s that does not come is told as %s', (served, path) => {
  const errors = opened()
  const response = { url: `${ORIGIN}${served}`, status: 404, statusText: '' }
  errors.hear('Network.responseReceived', { requestId: '1', type: 'Script', response })
  expect(errors.found).toEqual([{ kind: 'failed-request', message: `${path} answers 404`, path }])
})

test('an error on a timer counts once, however often it is thrown while somebody looks', () => {
  const errors = opened()
  for (const text of ['Error: late', 'Error: later', 'Error: late', 'Error: late']) errors.hear(...thrown(text))
  expect(errors.found.map(({ message }) => message)).toEqual(['Error: late', 'Error: later'])
})

test('a page that throws ever other things fills no list', () => {
  const errors = opened()
  for (let count = 0; count < 500; count++) errors.hear(...thrown(`Error: ${count}`))
  expect(errors.found).toHaveLength(50)
})

test('what a page throws reaches nobody’s terminal as it is: no control sequence, no secret, no book', () => {
  const errors = opened()
  errors.hear(...thrown(`Error: \u001b]0;title\u0007red \u001b[31mghp_${'a'.repeat(36)} ${'long '.repeat(10_000)}`))
  const [error] = errors.found
  expect(error?.message).toMatch(/^Error: red \[redacted\] long /)
  expect(error?.message.length).toBeLessThan(1_000)
})

function opened(): PageErrors {
  const errors = new PageErrors()
  errors.start(ORIGIN)
  errors.keep()
  return errors
}

function thrown(text: string) {
  const exceptionDetails = { text: '', lineNumber: 0, columnNumber: 0, exception: { description: text } }
  return ['Runtime.exceptionThrown', { exceptionDetails }] as const
}
