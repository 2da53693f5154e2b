import type { ChangeEngine } from '#shared/agent/change-engine'
import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import { ok, type Result } from '#shared/base/result'
import type { EditProblem } from '#shared/edits/change-set'
import { type LoopTrial, runLoop } from '#shared/pipelines/loop'
import type { TestSummary } from '#shared/pipelines/summary'
import { failedTests } from '#shared/pipelines/support/failed-tests'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import type { Sandbox } from '#shared/sandbox/sandbox'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  type CommandResult,
  textFlag,
  wholeNumber,
} from './command'
import { PATCH_OPTIONS, patchServices, taskOf } from './run'
import { openProjectSandbox } from './support/project-sandbox'

/** Source: spec/kode.md §9.3. */
const TEST_TIMEOUT_S = 120
const MAX_OUTPUT_CHARS = 12_000
const MAX_TITLE = 80
/**
 * Python's caches would be left behind by a rollback, and can be taken for current: they know a source by its size and second.
 */
const LEAVE_NO_CACHES = 'export PYTHONDONTWRITEBYTECODE=1 PYTEST_ADDOPTS="-p no:cacheprovider $PYTEST_ADDOPTS"'

/** generate → gates → apply → test, taken back when the tests fail. */
export const loopCommand: Command = {
  name: 'loop',
  summary: 'like run, then runs the tests; rolls back if they fail',
  usage: '<task…>',
  doors: ['cli'],
  options: {
    ...PATCH_OPTIONS,
    'test-command': {
      type: 'string',
      value: 'CMD',
      help: 'how to run the tests; default: from .kode/kode.json, else found',
    },
    'test-timeout': { type: 'string', value: 'SECONDS', help: `default ${TEST_TIMEOUT_S}` },
    tdd: { type: 'boolean', help: 'the tests of a patch land first and must fail before the rest lands' },
    attempts: { type: 'string', value: 'N', help: 'patches tried until the tests pass; default 1' },
  },
  needsModel: true,
  isJsonByDefault: true,
  run: loop,
}

async function loop(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const { services, engine, audit } = await patchServices(context, args, settings)
  const { engine: config, permission } = settings.project
  const testCommand =
    permission?.bash === 'deny'
      ? undefined
      : (textFlag(args, 'test-command') ??
        config?.test_command ??
        (await detectTestCommand(context.root, context.files)))
  const timeoutS = wholeNumber(args, 'test-timeout') ?? TEST_TIMEOUT_S
  const sandbox = await openProjectSandbox(context, { useSandbox: settings.useSandbox })
  try {
    const { summary, exitCode } = await runLoop(
      task,
      {
        ...services,
        testCommand,
        attempts: wholeNumber(args, 'attempts') ?? 1,
        isTestFirst: args.flags.tdd === true || config?.tdd_mode === true,
        startTrial: () =>
          startTrial(task, engine, (command, signal) => runTests(command, timeoutS, sandbox, context.root, signal)),
      },
      context.signal,
    )
    await audit(summary)
    return { exitCode, json: summary }
  } finally {
    await sandbox.close()
  }
}

async function startTrial(
  task: string,
  engine: ChangeEngine,
  test: (command: string, signal: AbortSignal) => Promise<TestSummary>,
): Promise<Result<LoopTrial, EditProblem>> {
  const cause = { turnId: newId(), title: task.slice(0, MAX_TITLE) }
  const trial = await engine.startTrial(cause)
  if (!trial.ok) return trial
  return ok({
    land: changes => engine.land(changes, cause),
    runTests: async (command, signal) => (await engine.watch(cause, () => test(command, signal))).result,
    keep: () => trial.value.keep(),
    takeBack: () => trial.value.takeBack(),
  })
}

async function runTests(
  command: string,
  timeoutS: number,
  sandbox: Sandbox,
  root: string,
  signal: AbortSignal,
): Promise<TestSummary> {
  const ended = await sandbox.run({
    command: `${LEAVE_NO_CACHES}\n${command}`,
    cwd: root,
    timeoutMs: timeoutS * 1000,
    signal,
  })
  if (!ended.ok) return { command, passed: false, output: ended.error.message, failed_tests: [] }
  const { exitCode, stdout, stderr, timedOut, violations } = ended.value
  const notes = [...(timedOut ? [`test timed out after ${timeoutS}s`] : []), ...violations]
  const output = [stdout, stderr, ...notes].filter(text => text !== '').join('\n')
  const passed = exitCode === 0 && !timedOut
  return {
    command,
    passed,
    output: cutMiddle(output, MAX_OUTPUT_CHARS),
    failed_tests: passed ? [] : failedTests(output),
  }
}
