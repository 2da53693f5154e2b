import { type Command, type CommandArgs, type CommandContext, type CommandResult, wholeNumber } from './command'
import { taskOf } from './run'
import { auditOf } from './support/audit-entry'
import { loopInBranches } from './support/loop-branches'
import { PATCH_OPTIONS } from './support/patch-options'
import { openPatchWork } from './support/patch-work'
import { loopIn } from './support/project-loop'
import { STRATEGIES } from './support/strategies'
import { withTimeLimit } from './support/time-limit'
import { TEST_TIMEOUT_S } from './support/trial'

const MOST_BRANCHES = STRATEGIES.length

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
  const { ghost, verify } = settings.project
  // A patch that is tested anyway can wait for the languages' own checkers; they say more than a failed test.
  const work = await openPatchWork(timed, args, settings, verify?.deep ?? true)
  const asConfigured = ghost?.enabled ? (ghost.branches ?? MOST_BRANCHES) : 1
  const branches = Math.min(MOST_BRANCHES, wholeNumber(args, 'branches') ?? asConfigured)
  const { summary, exitCode } = asEnded(
    branches === 1 ? await loopIn(work, task) : await loopInBranches(work, task, branches),
  )
  await work.engine.audit(auditOf(summary, context.version, context.now()))
  return { exitCode, json: summary }
}
