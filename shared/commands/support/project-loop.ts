import { runLoop } from '#shared/pipelines/loop'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import { CommandFailure, textFlag, wholeNumber } from '../command'
import { patchServices } from './patch-services'
import type { PatchWork } from './patch-work'
import { openProjectSandbox } from './project-sandbox'
import type { PipelineEnd } from './time-limit'
import { runTests, startTrial, TEST_TIMEOUT_S } from './trial'

/** One loop in one folder. @param branchTestCommand where branches have one of their own */
export async function loopIn(work: PatchWork, task: string, branchTestCommand?: string): Promise<PipelineEnd> {
  const { context, args, settings, engine } = work
  const { engine: config, permission } = settings.project
  const testCommand =
    permission?.bash === 'deny'
      ? undefined
      : (textFlag(args, 'test-command') ??
        branchTestCommand ??
        config?.test_command ??
        (await detectTestCommand(context.root, context.files)))
  const timeoutS = wholeNumber(args, 'test-timeout') ?? TEST_TIMEOUT_S
  const { useSandbox } = settings
  const sandbox = await openProjectSandbox(context, { useSandbox })
  try {
    // Before a model is asked: its code is what the tests run.
    if (useSandbox && sandbox.level === 'none' && testCommand !== undefined)
      throw new CommandFailure(
        `${testCommand} was not run: ${sandbox.description} Or choose --no-sandbox.`,
        EXIT.refused,
      )
    return await runLoop(
      task,
      {
        ...patchServices(work),
        testCommand,
        attempts: wholeNumber(args, 'attempts') ?? 1,
        isTestFirst: args.flags.tdd === true || config?.tdd_mode === true,
        startTrial: () =>
          startTrial(task, engine, (command, signal) => runTests(command, timeoutS, sandbox, context.root, signal)),
      },
      context.signal,
    )
  } finally {
    await sandbox.close()
  }
}
