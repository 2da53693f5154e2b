import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isReadByPyright, pythonChecker } from '#shared/gates/support/python-project-checker'
import { nodeFiles } from '#shared/host/node/files'
import { DeepProject, findingLines } from '../../support/deep-project'

const PROJECT = {
  'shop/__init__.py': '',
  'shop/cart.py':
    'class Cart:\n    def __init__(self) -> None:\n        self.items: list[str] = []\n\n    def size(self) -> int:\n        return len(self.items)\n',
  'shop/desk.py': 'from shop.cart import Cart\n\n\ndef count(cart: Cart) -> int:\n    return cart.size()\n',
  'shop/old.py': 'total = amount\n',
  'shop/loose.py': 'import re\n\n\ndef first(text: str) -> str:\n    return re.match(r"\\w+", text).group()\n',
}
const CART = PROJECT['shop/cart.py']
const DESK = PROJECT['shop/desk.py']

const PYRIGHT = join(import.meta.dirname, '../../../node_modules/pyright')
let project: DeepProject
let configured: DeepProject
beforeAll(() => {
  project = new DeepProject(PROJECT, isReadByPyright)
  configured = new DeepProject({ ...PROJECT, 'pyrightconfig.json': '{}' }, isReadByPyright)
})
afterAll(() => {
  project.remove()
  configured.remove()
})

test.each<[string, Record<string, string | null>, string[]]>([
  [
    'a misspelt method of a parameter with a type',
    { 'shop/desk.py': DESK.replace('cart.size()', 'cart.sise()') },
    ['reportAttributeAccessIssue shop/desk.py:5 Cannot access attribute "sise" for class "Cart"'],
  ],
  [
    'a change that breaks a file it does not touch',
    { 'shop/cart.py': CART.replace('def size(self)', 'def size(self, deep: bool)') },
    ['reportCallIssue shop/desk.py:5 Argument missing for parameter "deep"'],
  ],
  [
    'a new file that uses another of the same change wrongly',
    {
      'shop/till.py': 'class Till:\n    def open(self) -> None: ...\n',
      'shop/day.py': 'from shop.till import Till\n\nTill().close()\n',
    },
    ['reportAttributeAccessIssue shop/day.py:3 Cannot access attribute "close" for class "Till"'],
  ],
  [
    'a second error beside one that was there',
    { 'shop/old.py': '# It moves.\ntotal = amount\nrest = amounts\n' },
    ['reportUndefinedVariable shop/old.py:3 "amounts" is not defined'],
  ],
])('%s fails', { timeout: 60_000 }, async (_, change, expected) => {
  const result = await project.judge(checkerOf(project), change)
  expect(result?.status, JSON.stringify(result)).toBe('FAIL')
  const found = findingLines(result)
  expect(found).toHaveLength(expected.length)
  for (const [index, line] of expected.entries()) expect(found[index]).toContain(line)
})

test.each<[string, Record<string, string | null>]>([
  ['a sound change', { 'shop/desk.py': DESK.replace('cart.size()', 'cart.size() * 2') }],
  ['an error that was there before', { 'shop/old.py': '# It moves.\ntotal = amount\n' }],
  ['what only annotations forbid, in a project without pyright', { 'shop/desk.py': `${DESK}\nx: int = "text"\n` }],
  ['a package that is not installed here', { 'shop/desk.py': `import numpy\n${DESK}` }],
])('%s passes', { timeout: 60_000 }, async (_, change) => {
  const result = await project.judge(checkerOf(project), change)
  expect(result?.status, JSON.stringify(result)).toBe('PASS')
})

test('a project that configures pyright is held to all of its rules', { timeout: 60_000 }, async () => {
  const result = await configured.judge(checkerOf(configured), { 'shop/desk.py': `${DESK}\nx: int = "text"\n` })
  expect(findingLines(result)).toEqual([expect.stringContaining('reportAssignmentType shop/desk.py:7')])
})

test('without pyright the gate says so', async () => {
  const result = await project.judge(pythonChecker(project.root, undefined, project.room, nodeFiles()), {
    'shop/desk.py': `${DESK}\n`,
  })
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('no pyright')
})

test('without a sandbox nothing runs, and the gate says so', async () => {
  const open = new DeepProject(PROJECT, isReadByPyright, false)
  const result = await open.judge(checkerOf(open), { 'shop/desk.py': `${DESK}\n` })
  open.remove()
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('no sandbox works here')
})

function checkerOf(project: DeepProject) {
  const program = join(project.install(PYRIGHT), 'index.js')
  return pythonChecker(project.root, program, project.room, nodeFiles())
}
