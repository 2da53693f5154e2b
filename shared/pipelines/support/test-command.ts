import { commandsOf, type ProjectCommand } from '#shared/config/project-command'
import { ProjectState } from '#shared/gates/support/change-states'
import type { FileSystem } from '#shared/host/host'
import { detectUnittest } from './unittest-command'

/** What most projects of Python use, said by files that need not say so. */
const PYTHON: readonly ProjectCommand[] = [
  { file: 'pyproject.toml', command: 'pytest' },
  { file: 'requirements.txt', command: 'python -m pytest' },
  { file: 'setup.py', command: 'python -m pytest' },
]

/** First match wins. Source: spec/kode.md §5.1, with the package managers told apart. */
const ECOSYSTEMS: readonly ProjectCommand[] = [
  { file: 'go.mod', command: 'go test ./...' },
  { file: 'Cargo.toml', command: 'cargo test' },
  { file: 'pnpm-lock.yaml', command: 'pnpm test' },
  { file: 'yarn.lock', command: 'yarn test' },
  { file: 'bun.lock', command: 'bun test' },
  { file: 'bun.lockb', command: 'bun test' },
  // npm's own template is no test.
  { file: 'package.json', command: 'npm test', needs: /"test"\s*:\s*"(?!echo \\"Error: no test specified)/ },
  { file: 'uv.lock', command: 'uv run pytest' },
  { file: 'poetry.lock', command: 'poetry run pytest' },
  ...PYTHON,
  { file: 'pom.xml', command: 'mvn -q test' },
  { file: 'gradlew', command: './gradlew test' },
  { file: 'build.gradle', command: 'gradle test' },
  { file: 'Gemfile', command: 'bundle exec rspec' },
  { file: 'Makefile', command: 'make test', needs: /^test\s*:/m },
]

/** How the tests of a project are run, by the files in its root; undefined when nobody can tell. */
export async function detectTestCommand(root: string, files: FileSystem): Promise<string | undefined> {
  const [first] = await commandsOf(ECOSYSTEMS, new ProjectState(root, {}, files))
  if (first && !PYTHON.includes(first)) return first.command
  return (await detectUnittest(root, files)) ?? first?.command
}
