import { textOf } from '#shared/agent/model-call'
import { openConversation, openTask } from '#shared/pipelines/run'
import { EXIT, INTERRUPTED } from '#shared/protocol/exit-codes'
import { withAdvice } from '#shared/protocol/with-advice'
import { type Command, type CommandArgs, type CommandContext, CommandFailure, type CommandResult } from './command'
import { RUN_OPTIONS, runPatch, taskOf } from './run'
import { withAgents } from './support/orchestration'
import { patchServices } from './support/patch-services'
import { openPatchWork } from './support/patch-work'
import { withTimeLimit } from './support/time-limit'

/** The patch alone. */
export const generateCommand: Command = {
  name: 'generate',
  summary: 'prints the hunks for a task; nothing is written without --apply',
  usage: '[--apply] <prompt…>',
  doors: ['cli'],
  options: {
    ...RUN_OPTIONS,
    apply: { type: 'boolean', help: 'verify and write, as `kode run` does; --partial and --output-format go with it' },
  },
  needsModel: true,
  isJsonByDefault: true,
  run: (context, args) => (args.flags.apply ? runPatch(context, args) : generateOnly(context, args)),
}

/** What says how a patch lands, or how that is told. */
const ONLY_WITH_APPLY = ['partial', 'output-format']

async function generateOnly(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const idle = ONLY_WITH_APPLY.find(name => args.flags[name] !== undefined)
  if (idle) throw new CommandFailure(`--${idle} works with --apply`, EXIT.usage)
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const { timed, asFailure } = withTimeLimit(context, args)
  const work = await openPatchWork(timed, args, settings)
  const services = args.flags.orchestrate ? withAgents(work, event => context.tell?.(event)) : patchServices(work)
  const known = await openTask(task, services, timed.signal)
  if (known.failure) throw asFailure(known.failure)
  const generated = await openConversation(task, known, services).ask(timed.signal)
  if (generated.kind === 'cancelled') throw asFailure(INTERRUPTED)
  if (generated.kind === 'failed') throw new CommandFailure(withAdvice(generated.failure), EXIT.provider)
  const { readHunks } = await import('#shared/edits/hunks')
  const text = textOf(generated.message)
  const hunks = readHunks(text)
  if (hunks.ok) return { exitCode: EXIT.done, json: hunks.value }
  context.progress(text)
  throw new CommandFailure(hunks.error.map(problem => problem.message).join('; '), EXIT.failed)
}
