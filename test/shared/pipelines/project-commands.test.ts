import { expect, test } from 'vitest'
import { nodeFiles } from '#shared/host/node/files'
import { detectBuildCommands } from '#shared/pipelines/support/build-command'
import { projectTree } from '#shared/pipelines/support/project-tree'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { tempProject } from '../../support/temp-project'

const BUILD = '{ "scripts": { "build": "tsc", "test": "vitest" } }'
const NPM_TEMPLATE = '{ "scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" } }'

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
