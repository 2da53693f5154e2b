import { expect, test } from 'vitest'
import { readPageSteps } from '#shared/config/page-steps'

test.each<[string, object[]]>([
  ['click: #save', [{ kind: 'click', selector: '#save' }]],
  ['CLICK:#save', [{ kind: 'click', selector: '#save' }]],
  ['fill: #name | Ann Lee', [{ kind: 'fill', selector: '#name', text: 'Ann Lee' }]],
  ['type: input[lang|=en] | a|b', [{ kind: 'fill', selector: 'input[lang|=en]', text: 'a|b' }]],
  ['fill: #name |', [{ kind: 'fill', selector: '#name', text: '' }]],
  ['verifytext: Saved', [{ kind: 'text', text: 'Saved' }]],
  ['asserttext: Total: 5', [{ kind: 'text', text: 'Total: 5' }]],
  ['assert: main > h1', [{ kind: 'element', selector: 'main > h1' }]],
  ['assertexists: .a', [{ kind: 'element', selector: '.a' }]],
  ['wait: 250', [{ kind: 'pause', ms: 250 }]],
  ['wait: .ready', [{ kind: 'element', selector: '.ready' }]],
  ['Log in', [{ kind: 'name', text: 'Log in' }]],
  ['Price: 5', [{ kind: 'name', text: 'Price: 5' }]],
  ['Ask\\; then wait', [{ kind: 'name', text: 'Ask; then wait' }]],
  [
    ' ; Log in ;; verifytext: Hi; ',
    [
      { kind: 'name', text: 'Log in' },
      { kind: 'text', text: 'Hi' },
    ],
  ],
  ['javascript: const a = 1; return a === 1', [{ kind: 'code', code: 'const a = 1; return a === 1' }]],
  ['', []],
])('%s', (instruction, steps) => {
  const read = readPageSteps([instruction])
  expect(read.ok && read.value.map(({ source, ...step }) => step)).toEqual(steps)
})

test.each([
  ['click:', '"click:" is no step; write click: SELECTOR'],
  ['fill: #name Ann', '"fill: #name Ann" is no step; write fill: SELECTOR | TEXT'],
  ['type: | Ann', 'write type: SELECTOR | TEXT'],
  ['verifytext: ', 'write verifytext: TEXT'],
  ['assert:', 'write assert: SELECTOR'],
  ['wait:', 'write wait: MILLISECONDS, or wait: SELECTOR'],
  ['javascript:', 'write javascript:CODE'],
])('%s is refused with the form it should have', (instruction, reason) => {
  const read = readPageSteps(['Log in', instruction])
  expect(!read.ok && read.error).toContain(reason)
})
