import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

interface Project {
  language: string
  files: Record<string, string>
  /** As kode finds it, or as the project says. */
  command: string
  isFound: boolean
  path: string
  from: string
  good: string
  bad: string
  failedTest: string
  env?: Record<string, string>
  /** What the project needs besides its files. */
  prepare?(root: string): void
  /** A test that only the good patch makes pass. */
  newTest: { path: string; text: string }
}

/** Small projects with real tests, run by the language's own runner. Each test also rewrites a file of the project. */
const PROJECTS: readonly Project[] = [
  {
    language: 'Go',
    files: {
      'go.mod': 'module example.com/shop\n\ngo 1.19\n',
      'total.go':
        'package shop\n\nfunc Total(prices []int) int {\n\tsum := 0\n\tfor _, price := range prices {\n\t\tsum += price\n\t}\n\treturn sum\n}\n',
      'total_test.go':
        'package shop\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestTotal(t *testing.T) {\n\tos.WriteFile("last.txt", []byte("ran"), 0o644)\n\tif Total([]int{1, 2}) != 3 {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
      'last.txt': 'never\n',
    },
    command: 'go test ./...',
    isFound: true,
    path: 'total.go',
    from: '\tsum := 0\n',
    good: '\tvar sum int\n',
    bad: '\tsum := 1\n',
    failedTest: 'TestTotal',
    newTest: {
      path: 'double_test.go',
      text: 'package shop\n\nimport "testing"\n\nfunc TestDouble(t *testing.T) {\n\tif Double(2) != 4 {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
    },
  },
  {
    language: 'Rust',
    files: {
      'Cargo.toml': '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs':
        'pub fn total(prices: &[u32]) -> u32 {\n    prices.iter().sum()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds_up() {\n        std::fs::write("last.txt", "ran").unwrap();\n        assert_eq!(total(&[1, 2]), 3);\n    }\n}\n',
      'last.txt': 'never\n',
    },
    command: 'cargo test',
    isFound: true,
    path: 'src/lib.rs',
    from: '    prices.iter().sum()\n',
    good: '    prices.iter().copied().sum()\n',
    bad: '    prices.iter().sum::<u32>() + 1\n',
    failedTest: 'tests::adds_up',
    // The home of these tests is empty; a cargo that rustup manages looks there for its compilers.
    env: { RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup') },
    newTest: {
      path: 'tests/double.rs',
      text: '#[test]\nfn doubles() {\n    assert_eq!(shop::double(2), 4);\n}\n',
    },
  },
  {
    language: 'Python',
    files: {
      'pyproject.toml': '[project]\nname = "shop"\nversion = "1"\n',
      'shop.py': 'def total(prices):\n    return sum(prices)\n',
      'test_shop.py':
        'from pathlib import Path\n\nfrom shop import total\n\n\ndef test_total():\n    Path("last.txt").write_text("ran")\n    assert total([1, 2]) == 3\n',
      'last.txt': 'never\n',
    },
    command: '/usr/bin/python3 -m pytest',
    isFound: false,
    path: 'shop.py',
    from: '    return sum(prices)\n',
    good: '    return sum(price for price in prices)\n',
    bad: '    return sum(prices) + 1\n',
    failedTest: 'test_shop.py::test_total',
    newTest: {
      path: 'test_double.py',
      text: 'import shop\n\n\ndef test_double():\n    assert getattr(shop, "double")(2) == 4\n',
    },
  },
  {
    language: 'Python without pytest',
    files: {
      'shop.py': 'def total(prices):\n    return sum(prices)\n',
      'tests/test_shop.py':
        'import unittest\nfrom pathlib import Path\n\nfrom shop import total\n\n\nclass TestShop(unittest.TestCase):\n    def test_total(self):\n        Path("last.txt").write_text("ran")\n        self.assertEqual(total([1, 2]), 3)\n',
      'last.txt': 'never\n',
    },
    command: 'python3 -m unittest discover -s tests',
    isFound: true,
    path: 'shop.py',
    from: '    return sum(prices)\n',
    good: '    return sum(price for price in prices)\n',
    bad: '    return sum(prices) + 1\n',
    failedTest: 'test_shop.TestShop.test_total',
    // The system's own: others may lie in the home, which is empty here.
    env: { PATH: '/usr/bin:/bin' },
    newTest: {
      path: 'tests/test_double.py',
      text: 'import unittest\n\nimport shop\n\n\nclass TestDouble(unittest.TestCase):\n    def test_double(self):\n        self.assertEqual(getattr(shop, "double")(2), 4)\n',
    },
  },
  {
    language: 'TypeScript',
    files: {
      // Any Node may run the tests, also one that knows no TypeScript.
      'package.json': JSON.stringify({
        name: 'shop',
        type: 'module',
        scripts: {
          test: 'esbuild *.test.ts --bundle --platform=node --outdir=/tmp/built && node --test /tmp/built/*.js',
        },
      }),
      '.gitignore': 'node_modules\n',
      'shop.ts': 'export function total(prices: number[]): number {\n  return prices.reduce((a, b) => a + b, 0)\n}\n',
      'shop.test.ts':
        "import { writeFileSync } from 'node:fs'\nimport { test } from 'node:test'\nimport { total } from './shop.ts'\n\ntest('adds up', () => {\n  writeFileSync('last.txt', 'ran')\n  if (total([1, 2]) !== 3) throw new Error('wrong')\n})\n",
      'last.txt': 'never\n',
    },
    command: 'npm test',
    isFound: true,
    path: 'shop.ts',
    from: '(a, b) => a + b, 0',
    good: '(sum, price) => sum + price, 0',
    bad: '(a, b) => a + b, 1',
    failedTest: 'adds up',
    prepare: root => {
      const bin = join(root, 'node_modules/.bin')
      mkdirSync(bin, { recursive: true })
      const esbuild = `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`
      copyFileSync(esbuild, join(bin, 'esbuild'))
    },
    newTest: {
      path: 'double.test.ts',
      text: "import { test } from 'node:test'\nimport * as shop from './shop.ts'\n\ntest('doubles', () => {\n  const { double } = shop as Record<string, any>\n  if (double(2) !== 4) throw new Error('wrong')\n})\n",
    },
  },
  {
    language: 'JavaScript',
    files: {
      'package.json': '{ "name": "shop", "type": "commonjs", "scripts": { "test": "node --test" } }\n',
      'shop.js': 'exports.total = prices => prices.reduce((a, b) => a + b, 0)\n',
      'shop.test.js':
        "const { writeFileSync } = require('node:fs')\nconst { test } = require('node:test')\nconst { total } = require('./shop')\n\ntest('adds up', () => {\n  writeFileSync('last.txt', 'ran')\n  if (total([1, 2]) !== 3) throw new Error('wrong')\n})\n",
      'last.txt': 'never\n',
    },
    command: 'npm test',
    isFound: true,
    path: 'shop.js',
    from: '(a, b) => a + b, 0',
    good: '(sum, price) => sum + price, 0',
    bad: '(a, b) => a + b, 1',
    failedTest: 'adds up',
    newTest: {
      path: 'double.test.js',
      text: "const { test } = require('node:test')\nconst shop = require('./shop')\n\ntest('doubles', () => {\n  if (shop['double'](2) !== 4) throw new Error('wrong')\n})\n",
    },
  },
]

// Compilers and several processes at once take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

/** What makes the new test pass. */
const DOUBLE: Readonly<Record<string, string>> = {
  'total.go': 'func Double(value int) int {\n\treturn 2 * value\n}\n',
  'src/lib.rs': 'pub fn double(value: u32) -> u32 {\n    2 * value\n}\n',
  'shop.py': '\n\ndef double(value):\n    return 2 * value\n',
  'shop.ts': 'export const double = (value: number): number => 2 * value\n',
  'shop.js': 'exports.double = value => 2 * value\n',
}

describe.each(PROJECTS)('kode loop on a $language project', project => {
  const { path, from, good, bad, command, failedTest, newTest } = project
  const modify = (text: string) => [
    { id: 'hunk-1', file_path: path, action: 'MODIFY', anchor_text: from, new_text: text },
  ]
  const flags = project.isFound ? [] : ['--test-command', command]

  test('green: the patch stays', async () => {
    const { root, end } = await loop(project, [modify(good)], flags)
    expect(end.code, end.stderr + end.stdout).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'PASS',
      test: { command, passed: true },
      rolled_back: false,
    })
    expect(readFileSync(join(root, path), 'utf8')).toContain(good)
  })

  test('red: every file is as before, also what the tests wrote, and the failed test is named', async () => {
    const { root, end, before } = await loop(project, [modify(bad)], flags)
    expect(end.code).toBe(1)
    const summary = JSON.parse(end.stdout)
    expect(summary).toMatchObject({ status: 'FAIL', rolled_back: true, applied_files: [], hunks_applied: 0 })
    expect(summary.failed_tests, summary.test_output).toContain(failedTest)
    expect(treeHash(root)).toBe(before)
  })

  test('red, then mended: the second attempt learns what failed', async () => {
    const { root, end, model } = await loop(project, [modify(bad), modify(good)], [...flags, '--attempts', '2'])
    expect(end.code, end.stderr).toBe(0)
    expect(JSON.parse(end.stdout)).toMatchObject({
      status: 'PASS',
      rounds_used: 2,
      attempts: [{ status: 'FAIL', failed_tests: [failedTest] }, { status: 'PASS' }],
    })
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain(failedTest)
    expect(readFileSync(join(root, path), 'utf8')).toContain(good)
  })

  test('test first: red with the test alone, green with the code, both stay', async () => {
    const create = { id: 'hunk-1', file_path: newTest.path, action: 'CREATE', new_text: newTest.text }
    const insert = { id: 'hunk-2', file_path: path, action: 'INSERT', new_text: DOUBLE[path] }
    const { root, end } = await loop(project, [[create, insert]], [...flags, '--tdd'])
    expect(end.code, end.stderr + end.stdout).toBe(0)
    expect(end.stderr).toContain('the new tests must fail')
    expect(existsSync(join(root, newTest.path))).toBe(true)
  })
})

test('test first: a test that passes without the code shows nothing, and the next attempt is told so', async () => {
  const project = PROJECTS.find(each => each.language === 'JavaScript')!
  const idle = "const { test } = require('node:test')\n\ntest('idle', () => {})\n"
  const patch = [
    { id: 'hunk-1', file_path: 'idle.test.js', action: 'CREATE', new_text: idle },
    { id: 'hunk-2', file_path: 'shop.js', action: 'INSERT', new_text: DOUBLE['shop.js'] },
  ]
  const { root, end, before, model } = await loop(project, [patch, patch], ['--tdd', '--attempts', '2'])
  expect(end.code).toBe(1)
  expect(JSON.parse(end.stdout)).toMatchObject({ status: 'FAIL', rolled_back: true, attempts: [{}, {}] })
  expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('pass without the rest')
  expect(treeHash(root)).toBe(before)
})

async function loop(project: Project, script: readonly object[][], flags: readonly string[]) {
  const model = await startScriptedProvider(script.map(hunks => ({ text: JSON.stringify(hunks) })))
  onTestFinished(() => model.close())
  const root = tempProject(project.files)
  project.prepare?.(root)
  const before = treeHash(root)
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted', ...project.env }
  const end = await runCli(['loop', ...flags, 'change', project.path], { cwd: root, env })
  return { root, end, before, model }
}
