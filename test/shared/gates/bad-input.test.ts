import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'
import { changeSetOf } from '../../support/memory-project'

const MEGABYTE = 1_000_000
const NESTED = `${'('.repeat(20_000)}1${')'.repeat(20_000)}`

/** Bad texts of a language, and what is said of their syntax. */
const TEXTS: Record<string, Record<string, [text: string, syntax: string]>> = {
  'shop/bad.py': {
    nothing: ['', 'PASS'],
    'line ends of Windows': ['def f(a):\r\n    return a\r\n\r\nf(1)\r\n', 'PASS'],
    'a NUL': ['a = 1\n\0\n', 'SKIP'],
    'ten megabytes': [`a = 1\n`.repeat((10 * MEGABYTE) / 6), 'SKIP'],
    'a line of a megabyte': [`a = "${'x'.repeat(MEGABYTE)}"\n`, 'PASS'],
    'deep nesting': [`a = ${NESTED}\n`, 'SKIP'],
    'half a character': ['a = "\ud800"\n', 'PASS'],
  },
  'cart/bad.go': {
    nothing: ['', 'FAIL'],
    'line ends of Windows': ['package cart\r\n\r\nfunc f(a int) {}\r\n\r\nfunc g() { f(1) }\r\n', 'PASS'],
    'a NUL': ['package cart\n\0\n', 'SKIP'],
    'ten megabytes': [`package cart\n${'var _ = 1\n'.repeat(MEGABYTE)}`, 'SKIP'],
    'a line of a megabyte': [`package cart\n\nvar a = "${'x'.repeat(MEGABYTE)}"\n`, 'PASS'],
    'deep nesting': [`package cart\n\nvar a = ${NESTED}\n`, 'SKIP'],
    'half a character': ['package cart\n\nvar a = "\ud800"\n', 'PASS'],
  },
  'src/bad.rs': {
    nothing: ['', 'PASS'],
    'line ends of Windows': ['fn f(a: i32) -> i32 {\r\n    a\r\n}\r\n\r\nfn g() -> i32 { f(1) }\r\n', 'PASS'],
    'a NUL': ['fn f() {}\n\0\n', 'SKIP'],
    'ten megabytes': ['fn f() {}\n'.repeat(MEGABYTE), 'SKIP'],
    'a line of a megabyte': [`const A: &str = "${'x'.repeat(MEGABYTE)}";\n`, 'PASS'],
    'deep nesting': [`const A: i32 = ${NESTED};\n`, 'SKIP'],
    'half a character': ['const A: &str = "\ud800";\n', 'PASS'],
  },
}

/** A file of the change that looks at what is bad. */
const LOOKERS = {
  'shop/api.py': 'import invented_thing\nfrom .bad import anything\nfrom . import bad\n\nbad.more()\n',
  'cart/api.go': 'package cart\n\nimport "example.com/shop/cart/inner"\n\nfunc look() { anything(1); inner.More() }\n',
  'src/api.rs': 'use crate::bad::Anything;\nuse invented_thing::More;\n\nfn look() { anything(1) }\n',
}
const MANIFESTS = {
  'pyproject.toml': '[project\nname = "shop"\ndependencies = [[[\n',
  'requirements.txt': '\0\0=== ;;; [[\n-r requirements.txt\n',
  'go.mod': 'module\n\nrequire (((\n\tgo go go\nreplace => => ../..\n',
  'go.work': 'use (\n\t./cart\n\t../..\n\t.\n',
  'Cargo.toml': '[package]\nname = \n[[dependencies\n',
}

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'kode-bad-'))
  for (const [path, text] of Object.entries({
    ...MANIFESTS,
    'shop/__init__.py': '',
    'src/lib.rs': 'mod api;\nmod bad;\n',
  }))
    write(path, text)
  // Every folder leads to the top again, twice, and one link to itself.
  for (const folder of ['.', 'shop', 'cart', 'src'])
    for (const name of ['again', 'once_more']) {
      mkdirSync(join(root, folder), { recursive: true })
      symlinkSync(root, join(root, folder, name))
    }
  symlinkSync('itself.py', join(root, 'shop/itself.py'))
  symlinkSync('itself.go', join(root, 'cart/itself.go'))
  symlinkSync('itself.rs', join(root, 'src/itself.rs'))
})
afterAll(() => rmSync(root, { recursive: true }))

const asChange = Object.entries(TEXTS).flatMap(([path, texts]) =>
  Object.entries(texts).map(([name, [text, syntax]]) => [path, name, text, syntax] as const),
)

test.each(asChange)('%s with %s has a verdict in every gate', { timeout: 60_000 }, async (path, _, text, syntax) => {
  const statuses = await judge({ [path]: text })
  expect(statuses.syntax).toBe(syntax)
  expect([statuses.imports, statuses.calls]).not.toContain('FAIL')
})

test.each(asChange)('a neighbour of %s with %s fails nobody', { timeout: 60_000 }, async (path, _, text) => {
  write(path, text)
  const looker = Object.entries(LOOKERS).find(([each]) => dirname(each) === dirname(path))!
  const statuses = await judge(Object.fromEntries([looker]))
  expect(statuses.syntax).toBe('PASS')
  expect([statuses.imports, statuses.calls]).not.toContain('UNKNOWN')
  rmSync(join(root, path))
})

test.each(Object.keys(TEXTS))('a neighbour like %s that is no UTF-8 fails nobody', { timeout: 60_000 }, async path => {
  write(path, Buffer.from([0xff, 0xfe, 0x80, 0x0a]))
  const looker = Object.entries(LOOKERS).find(([each]) => dirname(each) === dirname(path))!
  const statuses = await judge(Object.fromEntries([looker]))
  expect(statuses.syntax).toBe('PASS')
  rmSync(join(root, path))
})

function write(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

async function judge(change: Record<string, string>): Promise<Record<string, string>> {
  const report = await runGates(
    changeSetOf({}, change),
    projectViewOf(nodeFiles(), root),
    { blockArchitecture: false, architectureRules: [], runAll: true, only: ['syntax', 'imports', 'calls'] },
    new AbortController().signal,
    { languages: new Languages(readAsset), now: () => performance.now() },
  )
  return Object.fromEntries(report.results.map(({ check_name, status }) => [check_name, status]))
}
