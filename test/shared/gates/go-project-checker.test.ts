import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CodeIndex } from '#shared/code-index/code-index'
import { runGates } from '#shared/gates/run-gates'
import { goChecker } from '#shared/gates/support/go-project-checker'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { GoCommand } from '#shared/host/node/go-command'
import { nodeProcesses } from '#shared/host/node/processes'
import { Languages } from '#shared/languages/registry'
import { findProgram } from '#shared/sandbox/find-program'
import { changeSetOf } from '../../support/memory-project'

const PROJECT = {
  'go.mod': 'module example.com/shop\n\ngo 1.19\n',
  'cart/cart.go':
    'package cart\n\ntype Cart struct{ Items []string }\n\nfunc (c *Cart) Size() int { return len(c.Items) }\n',
  'cart/cart_test.go':
    'package cart\n\nimport "testing"\n\nfunc TestSize(t *testing.T) {\n\tif (&Cart{}).Size() != 0 {\n\t\tt.Fatal("full")\n\t}\n}\n',
  'desk/desk.go':
    'package desk\n\nimport "example.com/shop/cart"\n\nfunc Count(c *cart.Cart) int { return c.Size() }\n',
  'old/old.go': 'package old\n\nvar Wrong int = "text"\n',
  'far/go.mod': 'module example.com/far\n\ngo 1.19\n\nrequire example.com/nowhere v1.2.3\n',
  'far/far.go': 'package far\n\nimport "example.com/nowhere/lib"\n\nvar Far = lib.Far\n',
}

const files = nodeFiles()
const languages = new Languages(readAsset)
const installed = new GoCommand(nodeProcesses(), findProgram('go', process.env.PATH, '/nowhere'), process.env)
let root = ''

beforeAll(() => {
  expect(installed.isInstalled, 'these tests need the go command: scripts/setup.sh test').toBe(true)
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kode-go-deep-')))
  for (const [path, text] of Object.entries(PROJECT)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
})
afterAll(() => rmSync(root, { recursive: true }))

const CART = PROJECT['cart/cart.go']
const DESK = PROJECT['desk/desk.go']

test.each<[string, Record<string, string | null>, string[]]>([
  [
    'a misspelt method of another package',
    { 'desk/desk.go': DESK.replace('c.Size()', 'c.Sise()') },
    ['go desk/desk.go:5 c.Sise undefined'],
  ],
  [
    'a value of the wrong type',
    { 'desk/desk.go': DESK.replace('int {', 'string {') },
    ['go desk/desk.go:5 cannot use c.Size()'],
  ],
  [
    'a change that breaks a package it does not touch',
    { 'cart/cart.go': CART.replace('Size() int', 'Length() int') },
    ['go cart/cart_test.go:6 (&Cart{}).Size undefined', 'go desk/desk.go:5 c.Size undefined'],
  ],
  [
    'a change that breaks only a test',
    { 'cart/cart_test.go': PROJECT['cart/cart_test.go'].replace('t.Fatal(', 't.Fatel(') },
    ['go cart/cart_test.go:7 t.Fatel undefined'],
  ],
  [
    'one error of a package with tests, once',
    { 'cart/cart.go': `${CART}\nvar total int = "text"\n` },
    ['go cart/cart.go:7 cannot use "text"'],
  ],
  [
    'a second error beside one that was there',
    { 'old/old.go': '// A comment moves it.\npackage old\n\nvar Wrong int = "text"\nvar Worse string = 1\n' },
    ['go old/old.go:5 cannot use 1'],
  ],
  [
    'an error behind letters of more than one byte',
    { 'desk/desk.go': DESK.replace('return c', 'return /* größer */ c').replace('c.Size()', 'c.Sise()') },
    ['go desk/desk.go:5 c.Sise undefined'],
  ],
  [
    'a package that is taken away under its users',
    { 'cart/cart.go': null, 'cart/cart_test.go': null },
    ['go desk/desk.go:3 '],
  ],
])('%s fails', async (_, change, expected) => {
  const result = await judge(change)
  expect(result?.status, JSON.stringify(result)).toBe('FAIL')
  const found = (result?.findings ?? []).map(
    ({ id, file, line, message }) => `${id.slice('static_analysis/'.length)} ${file}:${line} ${message}`,
  )
  expect(found).toHaveLength(expected.length)
  for (const [index, line] of expected.entries()) expect(found.sort()[index]).toContain(line)
})

test.each<[string, Record<string, string | null>]>([
  ['a sound change', { 'desk/desk.go': DESK.replace('c.Size()', 'c.Size() * 2') }],
  ['an error that was there before', { 'old/old.go': '// A comment.\npackage old\n\nvar Wrong int = "text"\n' }],
  [
    'a new package',
    {
      'till/till.go': 'package till\n\nfunc Open() {}\n',
      'desk/open.go': 'package desk\n\nimport "example.com/shop/till"\n\nfunc Open() { till.Open() }\n',
    },
  ],
  ['a file that moves', { 'cart/cart.go': null, 'cart/model.go': CART }],
])('%s passes', async (_, change) => {
  const result = await judge(change)
  expect(result?.status, JSON.stringify(result)).toBe('PASS')
})

test('a dependency that is not downloaded is not checked, and no network is asked', async () => {
  const result = await judge({ 'far/far.go': `${PROJECT['far/far.go']}var Near = lib.Near\n` })
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('not downloaded')
})

test('a file outside of every module is not checked', async () => {
  const bare = realpathSync(mkdtempSync(join(tmpdir(), 'kode-go-bare-')))
  const result = await judge({ 'a.go': 'package a\n' }, installed, bare)
  rmSync(bare, { recursive: true })
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('no go.mod above a.go')
})

test('without a go command the gate says so', async () => {
  const result = await judge({ 'desk/desk.go': `${DESK}\n` }, new GoCommand(nodeProcesses(), undefined, process.env))
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('no go command')
})

test('the project stays as it is', async () => {
  const listed = () => readdirSync(root, { recursive: true }).sort()
  const before = listed()
  await judge({ 'desk/desk.go': DESK.replace('c.Size()', 'c.Sise()'), 'desk/new.go': 'package desk\n' })
  expect(listed()).toEqual(before)
})

async function judge(change: Record<string, string | null>, go = installed, at = root) {
  const index = new CodeIndex({ root: at, files, languages })
  await index.refresh()
  const changes = changeSetOf(at === root ? PROJECT : {}, change)
  const report = await runGates(
    changes,
    projectViewOf(files, at),
    { blockArchitecture: false, architectureRules: [], runAll: true, only: ['static_analysis'] },
    new AbortController().signal,
    { languages, index: async () => index, checkers: [goChecker(at, go, files)], now: () => performance.now() },
  )
  return report.results.find(result => result.check_name === 'static_analysis')
}
