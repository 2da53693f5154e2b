import type { ChangeEngine } from '#shared/agent/change-engine'
import { fail, ok, type Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import type { EditProblem } from '#shared/edits/change-set'
import type { ProjectCheck } from '#shared/pipelines/orchestrate'
import type { TestSummary } from '#shared/pipelines/summary'
import { detectBuildCommands } from '#shared/pipelines/support/build-command'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { CommandContext } from '../command'
import { tryProjectSandbox } from './project-sandbox'
import { runTests, startTrial, TEST_TIMEOUT_S } from './trial'

/**
 * Builds and tests the project as it is, in the sandbox, on the real files: a copy has no installed packages. Whatever that
 * writes is taken back. Nothing is run where nothing is known to run, or commands are not allowed.
 */
export async function checkProject(
  task: string,
  engine: ChangeEngine,
  context: CommandContext,
  settings: Settings,
): Promise<Result<ProjectCheck, Failure>> {
  const commands = await commandsFor(context, settings)
  if (commands.length === 0) return ok({ facts: [], warnings: [] })
  const { useSandbox } = settings
  const sandbox = await tryProjectSandbox(context, { useSandbox })
  if (!sandbox.ok) return unchecked(sandbox.error.message)
  try {
    // Nobody is asked here whether they may run without one.
    if (useSandbox && sandbox.value.level === 'none') return unchecked(sandbox.value.description)
    return await runAll(commands, task, engine, sandbox.value, context)
  } finally {
    await sandbox.value.close()
  }
}

async function commandsFor({ root, files }: CommandContext, { project, mode }: Settings): Promise<string[]> {
  const { engine: config, permission } = project
  // What nobody allowed is not run: a project decides what its build does.
  if (permission?.bash === 'deny' || (mode ?? 'auto') !== 'auto') return []
  const test = config?.test_command ?? (await detectTestCommand(root, files))
  return [...(await detectBuildCommands(root, files)), ...(test === undefined ? [] : [test])]
}

async function runAll(
  commands: readonly string[],
  task: string,
  engine: ChangeEngine,
  sandbox: Sandbox,
  { root, progress, signal }: CommandContext,
): Promise<Result<ProjectCheck, Failure>> {
  const trial = await startTrial(task, engine, command => runTests(command, TEST_TIMEOUT_S, sandbox, root, signal))
  if (!trial.ok) return unchecked(trial.error.message)
  const facts: TestSummary[] = []
  const warnings: string[] = []
  let back: Result<void, EditProblem>
  try {
    for (const command of commands) {
      if (signal.aborted) break
      progress(`check: ${command}`)
      const ran = await trial.value.runTests(command, signal)
      if (ran.ok) facts.push(ran.value)
      else warnings.push(`${command} was not run: ${ran.error.message}`)
    }
  } finally {
    back = await trial.value.takeBack()
  }
  if (back.ok) return ok({ facts, warnings })
  const message = `what the project's own commands wrote could not be taken back: ${back.error.message}`
  return fail({ message, exitCode: EXIT.failed })
}

function unchecked(reason: string): Result<ProjectCheck, Failure> {
  return ok({ facts: [], warnings: [`the project was not checked: ${reason}`] })
}
