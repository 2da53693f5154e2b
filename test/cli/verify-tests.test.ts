import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject, treeHash } from '../support/temp-project'

/** A file, its test, a change that the test lets pass, and one that it does not. */
const PROJECTS = [
  [
    'JavaScript',
    {
      'package.json': '{ "type": "module" }\n',
      'src/a.js': 'export const answer = () => 42\n',
      'test/a.test.js':
        "import assert from 'node:assert'\nimport { test } from 'node:test'\nimport { answer } from '../src/a.js'\ntest('answers', () => assert.equal(answer(), 42))\n",
    },
    { file_path: 'src/a.js', anchor_text: '() => 42', good: '() => 40 + 2', bad: '() => 41' },
  ],
  [
    'Python',
    {
      'pyproject.toml': '[project]\nname = "a"\n',
      'a.py': 'def answer():\n    return 42\n',
      'test_a.py': 'from a import answer\n\n\ndef test_answer():\n    assert answer() == 42\n',
    },
    { file_path: 'a.py', anchor_text: 'return 42', good: 'return 40 + 2', bad: 'return 41' },
  ],
  [
    'Go',
    {
      'go.mod': 'module example.com/a\n\ngo 1.20\n',
      'a.go': 'package a\n\nfunc Answer() int {\n\treturn 42\n}\n',
      'a_test.go':
        'package a\n\nimport "testing"\n\nfunc TestAnswer(t *testing.T) {\n\tif Answer() != 42 {\n\t\tt.Fatal("no")\n\t}\n}\n',
    },
    { file_path: 'a.go', anchor_text: 'return 42', good: 'return 40 + 2', bad: 'return 41' },
  ],
] as const

const SETTINGS = { '.kode/kode.json': '{ "verify": { "run_tests": true } }\n' }

test.each(PROJECTS)('%s: the tests that import what changes run before it lands', async (_, files, change) => {
  const root = tempProject({ ...files, ...SETTINGS })
  const before = treeHash(root)
  const good = await verify(root, change, change.good)
  expect(good.gate, JSON.stringify(good.results)).toMatchObject({ status: 'PASS' })
  const bad = await verify(root, change, change.bad)
  expect(bad.gate).toMatchObject({ status: 'FAIL', findings: [{ id: 'sandbox/test-failed' }] })
  expect([good.code, bad.code]).toEqual([0, 1])
  expect(treeHash(root)).toBe(before)
})

test('tests that failed before do not hold a change up, and what no test covers is skipped', async () => {
  const [, files, change] = PROJECTS[0]
  const broken = {
    ...files,
    'src/a.js': files['src/a.js'].replace('42', '43'),
    'src/lone.js': 'export const lone = 1\n',
  }
  const root = tempProject({ ...broken, ...SETTINGS })
  const red = await verify(root, { ...change, anchor_text: '() => 43' }, '() => 44')
  expect(red.gate).toMatchObject({ status: 'SKIP', message: expect.stringContaining('fail without the change too') })
  const alone = await verify(root, { file_path: 'src/lone.js', anchor_text: '= 1' }, '= 2')
  expect(alone.gate).toMatchObject({ status: 'SKIP', message: 'no test covers the change' })
  expect([red.code, alone.code]).toEqual([0, 0])
})

test('what a test writes stays in its copy, and nothing runs unless the project asks for it', async () => {
  const [, files, change] = PROJECTS[0]
  const writing = {
    ...files,
    'test/a.test.js': `import '../src/a.js'\nimport { writeFileSync } from 'node:fs'\nwriteFileSync('made.txt', 'x')\n`,
  }
  const root = tempProject({ ...writing, ...SETTINGS })
  expect((await verify(root, change, change.good)).gate).toMatchObject({ status: 'PASS' })
  expect(existsSync(join(root, 'made.txt'))).toBe(false)
  expect((await verify(tempProject(files), change, change.bad)).gate).toBeUndefined()
})

async function verify(root: string, change: { file_path: string; anchor_text: string }, new_text: string) {
  const { file_path, anchor_text } = change
  const patch = JSON.stringify([{ id: 'h', action: 'MODIFY', file_path, anchor_text, new_text }])
  const end = await runCli(['verify', '--input', '-'], { cwd: root, input: patch })
  const { results } = JSON.parse(end.stdout)
  return {
    code: end.code,
    results,
    gate: results.find((each: { check_name: string }) => each.check_name === 'sandbox'),
  }
}
