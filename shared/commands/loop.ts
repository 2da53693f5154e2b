import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import { decodeText } from '#shared/edits/text-file'
import { runLoop } from '#shared/pipelines/loop'
import type { Summary } from '#shared/pipelines/summary'
import { scoreBranches } from '#shared/pipelines/support/branch-score'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
  wholeNumber,
} from './command'
import { PATCH_OPTIONS, patchServices, taskOf } from './run'
import { openProjectSandbox } from './support/project-sandbox'
import { STRATEGIES } from './support/strategies'
import { withTimeLimit } from './support/time-limit'
import { runTests, startTrial, TEST_TIMEOUT_S } from './support/trial'
import { Worktrees } from './support/worktrees'

const MAX_TITLE = 80

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
    branches: { type: 'string', value: 'N', help: '2 or 3 working copies at once; the best lands, staged' },
    attempts: { type: 'string', value: 'N', help: 'patches tried until the tests pass; default 1' },
  },
  needsModel: true,
  isJsonByDefault: true,
  run: loop,
}

async function loop(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const { timed, asEnded } = withTimeLimit(context, args)
  const { engine, audit } = await patchServices(timed, args, settings)
  const { ghost } = settings.project
  const asConfigured = ghost?.enabled ? (ghost.branches ?? MOST_BRANCHES) : 1
  const branches = Math.min(MOST_BRANCHES, wholeNumber(args, 'branches') ?? asConfigured)
  const { summary, exitCode } = asEnded(
    branches === 1
      ? await loopIn(timed, args, settings, task)
      : await loopInBranches(task, branches, timed, args, settings, engine),
  )
  await audit(summary)
  return { exitCode, json: summary }
}

/** One loop in one folder. @param branchTestCommand where branches have one of their own */
async function loopIn(
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  task: string,
  branchTestCommand?: string,
): Promise<{ summary: Summary; exitCode: number }> {
  // A patch that is tested anyway can wait for the languages' own checkers; they say more than a failed test.
  const deep = settings.project.verify?.deep ?? true
  const { services, engine } = await patchServices(context, args, settings, deep)
  const { engine: config, permission } = settings.project
  const testCommand =
    permission?.bash === 'deny'
      ? undefined
      : (textFlag(args, 'test-command') ??
        branchTestCommand ??
        config?.test_command ??
        (await detectTestCommand(context.root, context.files)))
  const timeoutS = wholeNumber(args, 'test-timeout') ?? TEST_TIMEOUT_S
  const sandbox = await openProjectSandbox(context, { useSandbox: settings.useSandbox })
  try {
    return await runLoop(
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
  } finally {
    await sandbox.close()
  }
}

/** The same task in several working copies at once, each asked for in its own way; the best one lands here, staged. */
async function loopInBranches(
  task: string,
  count: number,
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  engine: ChangeEngine,
): Promise<{ summary: Summary; exitCode: number }> {
  const startedAt = context.now()
  // What was learnt is in the project's log, not in a copy's.
  const logFolder = resolve(context.root, textFlag(args, 'log-dir') ?? 'logs')
  const withLog = { ...args, flags: { ...args.flags, 'log-dir': logFolder } }
  const worktrees = await Worktrees.open(context)
  try {
    const roots: string[] = []
    for (const { id } of STRATEGIES.slice(0, count)) roots.push(await worktrees.add(id))
    const runs = await Promise.all(
      STRATEGIES.slice(0, count).map(async ({ id, strategy, framing }, at) => {
        const root = roots[at] ?? ''
        const progress = (text: string) => context.progress(`[${id}] ${text}`)
        const own = settings.project.ghost?.test_command
        const run = await loopIn({ ...context, root, progress }, withLog, settings, `${framing}\n\n${task}`, own)
        return { id, strategy, root, ...run }
      }),
    )
    const scores = scoreBranches(
      runs.map(({ id, summary }) => ({
        id,
        passed: summary.status === 'PASS',
        gatesPassed: summary.results.filter(result => result.status === 'PASS').length,
        impact: summary.applied_files.length,
        tokens: (summary.usage?.input ?? 0) + (summary.usage?.output ?? 0),
        durationMs: summary.duration_ms,
      })),
    )
    const branches = runs.map(({ id, strategy, summary }) => ({
      id,
      strategy,
      status: summary.status,
      score: scores.get(id) ?? -1,
      files: summary.applied_files,
      duration_ms: summary.duration_ms,
      ...(summary.cost_usd !== undefined && { cost_usd: summary.cost_usd }),
      ...(summary.error !== undefined && { error: summary.error }),
    }))
    const best = runs.toSorted((a, b) => (scores.get(b.id) ?? -1) - (scores.get(a.id) ?? -1))[0]
    if (!best) throw new CommandFailure('--branches wants 2 or 3', EXIT.usage)
    const common = { task_id: task, task, branches, duration_ms: Math.round(context.now() - startedAt) }
    for (const { id, strategy, status, score } of branches) {
      const mark = status === 'FAIL' ? '[!]' : id === best.id ? '[+]' : '[x]'
      context.progress(`${mark} ${id} (${strategy}): ${status}, score ${score}`)
    }
    if (best.summary.status === 'FAIL') {
      const error = 'no branch passed; the files are unchanged'
      const exitCode = context.signal.aborted ? EXIT.interrupted : EXIT.failed
      return { summary: { ...best.summary, ...common, error }, exitCode }
    }
    const landed = await landBest(best.root, best.summary, task, worktrees, context, engine)
    if (landed.ok) return { summary: { ...best.summary, ...common, winner: best.id }, exitCode: EXIT.done }
    const failure = { status: 'FAIL' as const, applied_files: [], applied_hunks: [], files: [], hunks_applied: 0 }
    return { summary: { ...best.summary, ...common, ...failure, error: landed.error }, exitCode: EXIT.failed }
  } finally {
    await worktrees.close()
  }
}

/** Judged once more where it is to be: the project may have changed meanwhile. */
async function landBest(
  root: string,
  summary: Summary,
  task: string,
  worktrees: Worktrees,
  context: CommandContext,
  engine: ChangeEngine,
): Promise<Result<void, string>> {
  const paths = [...new Set([...summary.applied_files, ...(await worktrees.deletedIn(root))])]
  const texts = await Promise.all(
    paths.map(async path => {
      const bytes = await context.files.read(`${root}/${path}`)
      const text = bytes.ok ? decodeText(bytes.value)?.text : undefined
      return { path, ...(text !== undefined && { after: text }) }
    }),
  )
  const { changes, problems } = await engine.proposeTexts(texts)
  const report = await engine.judge(changes, context.signal, problems)
  if (report.status === 'FAIL' || context.signal.aborted)
    return fail('the best branch does not fit the project as it is now')
  const landed = await engine.land(changes, { turnId: newId(), title: task.slice(0, MAX_TITLE) })
  if (!landed.ok) return fail(landed.error.message)
  await worktrees.stage(paths)
  return ok(undefined)
}

const MOST_BRANCHES = STRATEGIES.length
