import { commandsOf, type ProjectCommand, scriptCommands } from '#shared/config/project-command'
import { ProjectState } from '#shared/gates/support/change-states'
import type { FileSystem } from '#shared/host/host'

/** The compiled files go elsewhere; what is hidden or installed is not the project's. */
const COMPILE_PYTHON =
  'PYTHONPYCACHEPREFIX="$(mktemp -d)" python3 -m compileall -q -x "/([.][^/]|node_modules/|venv/)" .'

/** By ecosystem: of each, the first that fits. */
const ECOSYSTEMS: readonly (readonly ProjectCommand[])[] = [
  [{ file: 'go.mod', command: 'go build ./...' }],
  [{ file: 'Cargo.toml', command: 'cargo check' }],
  scriptCommands('build'),
  // Python has no build; whether everything compiles is what comes closest.
  ['pyproject.toml', 'setup.py', 'requirements.txt'].map(file => ({ file, command: COMPILE_PYTHON })),
  [
    { file: 'pom.xml', command: 'mvn -q test-compile' },
    { file: 'gradlew', command: './gradlew testClasses' },
    { file: 'build.gradle', command: 'gradle testClasses' },
    { file: 'build.gradle.kts', command: 'gradle testClasses' },
  ],
  [{ file: 'Makefile', command: 'make build', needs: /^build\s*:/m }],
]

/** How a project is built, by the files in its root: a command for each ecosystem it belongs to. */
export async function detectBuildCommands(root: string, files: FileSystem): Promise<string[]> {
  const project = new ProjectState(root, {}, files)
  const found = await Promise.all(ECOSYSTEMS.map(table => commandsOf(table, project)))
  return found.flatMap(commands => commands.slice(0, 1).map(({ command }) => command))
}
