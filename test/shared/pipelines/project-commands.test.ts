import { expect, test } from 'vitest'
import { nodeFiles } from '#shared/host/node/files'
import { detectBuildCommands } from '#shared/pipelines/support/build-command'
import { projectTree } from '#shared/pipelines/support/project-tree'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { tempProject } from '../../support/temp-project'

const BUILD = '{ "scripts": { "build": "tsc", "test": "vitest" } }'
const NPM_TEMPLATE = '{ "scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" } }'
const UNITTEST = 'import unittest\n\nclass TestA(unittest.TestCase):\n    def test_a(self):\n        pass\n'

test.each<[string, Record<string, string>, string[], string | undefined]>([
  ['nothing', { 'readme.txt': '' }, [], undefined],
  ['Go', { 'go.mod': '' }, ['go build ./...'], 'go test ./...'],
  ['Cargo', { 'Cargo.toml': '' }, ['cargo check'], 'cargo test'],
  ['npm', { 'package.json': BUILD }, ['npm run build'], 'npm test'],
  ['npm without a build or a test', { 'package.json': NPM_TEMPLATE }, [], undefined],
  ['pnpm', { 'package.json': BUILD, 'pnpm-lock.yaml': '' }, ['pnpm run build'], 'pnpm test'],
  ['yarn', { 'package.json': BUILD, 'yarn.lock': '' }, ['yarn run build'], 'yarn test'],
  ['bun', { 'package.json': BUILD, 'bun.lock': '' }, ['bun run build'], 'bun test'],
  ['pnpm without a build', { 'package.json': '{}', 'pnpm-lock.yaml': '' }, [], 'pnpm test'],
  ['uv', { 'pyproject.toml': '', 'uv.lock': '' }, [expect.stringContaining('compileall')], 'uv run pytest'],
  ['Maven', { 'pom.xml': '' }, ['mvn -q test-compile'], 'mvn -q test'],
  ['Gradle', { gradlew: '', 'build.gradle.kts': '' }, ['./gradlew testClasses'], './gradlew test'],
  ['Make', { Makefile: 'build: a\n\ntest: b\n' }, ['make build'], 'make test'],
  ['Make without these', { Makefile: 'rebuild: a\n' }, [], undefined],
  ['several', { 'go.mod': '', 'package.json': BUILD }, ['go build ./...', 'npm run build'], 'go test ./...'],
  ['pytest by guess', { 'setup.py': '', 'test_a.py': '' }, [expect.stringContaining('compileall')], 'python -m pytest'],
  ['unittest', { 'test_a.py': UNITTEST }, [], 'python3 -m unittest'],
  ['unittest in a folder', { 'tests/test_a.py': UNITTEST }, [], 'python3 -m unittest discover -s tests'],
  [
    'unittest in a package',
    { 'tests/test_a.py': UNITTEST, 'tests/__init__.py': '' },
    [],
    'python3 -m unittest discover -s tests -t .',
  ],
  [
    'unittest with a manifest',
    { 'pyproject.toml': '[project]\nname = "a"\n', 'test/test_a.py': UNITTEST },
    [expect.stringContaining('compileall')],
    'python3 -m unittest discover -s test',
  ],
  [
    'unittest where a manifest names pytest',
    { 'requirements-dev.txt': 'pytest==8\n', 'requirements.txt': '', 'test_a.py': UNITTEST },
    [expect.stringContaining('compileall')],
    'python -m pytest',
  ],
  [
    'unittest beside a test of pytest',
    { 'test_a.py': UNITTEST, 'test_b.py': 'def test_b():\n  pass\n' },
    [],
    undefined,
  ],
  ['unittest with a conftest', { 'tests/test_a.py': UNITTEST, 'tests/conftest.py': '' }, [], undefined],
  ['a file that is only named like a test', { 'test_a.py': 'print(1)\n' }, [], undefined],
  ['unittest beside make', { Makefile: 'test: b\n', 'test_a.py': UNITTEST }, [], 'make test'],
])('%s', async (_, given, build, testCommand) => {
  const root = tempProject(given)
  expect(await detectBuildCommands(root, nodeFiles())).toEqual(build)
  expect(await detectTestCommand(root, nodeFiles())).toBe(testCommand)
})

test('the tree of a project ends at the third level and leaves out what nobody wrote', () => {
  const paths = [
    'src/a/b/c.ts',
    'src/a/d.ts',
    'README.md',
    '.github/ci.yml',
    'src/dist/x.js',
    'vendor/y.go',
    'src/build',
  ]
  expect(projectTree(paths).split('\n')).toEqual(['README.md', 'src/', 'src/a/', 'src/a/b/', 'src/a/d.ts', 'src/build'])
  expect(projectTree(Array.from({ length: 300 }, (_, at) => `${at}.ts`))).toMatch(/\n… and 100 more$/)
})
