import type { ChangeEngine } from '#shared/agent/change-engine'
import type { Settings } from '#shared/config/settings'
import type { TestSummary } from '#shared/pipelines/summary'
import { detectBuildCommands } from '#shared/pipelines/support/build-command'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import { type CommandContext, CommandFailure } from '../command'
import { openProjectSandbox } from './project-sandbox'
import { runTests, startTrial, TEST_TIMEOUT_S } from './trial'

/**
 * Builds and tests the project as it is, in the sandbox, on the real files: a copy has no installed packages. Whatever that
 * writes is taken back. Empty where nothing is known to run, or commands are not allowed.
 */
export async function checkProject(
  task: string,
  engine: ChangeEngine,
  context: CommandContext,
  settings: Settings,
): Promise<TestSummary[]> {
  const { root, files, progress, signal } = context
  const { engine: config, permission } = settings.project
  // What nobody allowed is not run: a project decides what its build does.
  const mayRun = permission?.bash !== 'deny' && (settings.mode ?? 'auto') === 'auto'
  const test = config?.test_command ?? (await detectTestCommand(root, files))
  const commands = mayRun ? [...(await detectBuildCommands(root, files)), ...(test === undefined ? [] : [test])] : []
  if (commands.length === 0) return []
  const sandbox = await openProjectSandbox(context, { useSandbox: settings.useSandbox })
  try {
    const trial = await startTrial(task, engine, command => runTests(command, TEST_TIMEOUT_S, sandbox, root, signal))
    if (!trial.ok) throw new CommandFailure(trial.error.message, EXIT.failed)
    const results: TestSummary[] = []
    for (const command of commands) {
      if (signal.aborted) break
      progress(`check: ${command}`)
      results.push(await trial.value.runTests(command, signal))
    }
    const back = await trial.value.takeBack()
    if (!back.ok) throw new CommandFailure(back.error.message, EXIT.failed)
    return results
  } finally {
    await sandbox.close()
  }
}
