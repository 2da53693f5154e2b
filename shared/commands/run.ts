import { runTask } from '#shared/pipelines/run'
import type { OrchestrationEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
} from './command'
import { auditOf } from './support/audit-entry'
import { withAgents } from './support/orchestration'
import { PATCH_OPTIONS } from './support/patch-options'
import { patchServices } from './support/patch-services'
import { openPatchWork } from './support/patch-work'
import { withTimeLimit } from './support/time-limit'

export const RUN_OPTIONS = {
  ...PATCH_OPTIONS,
  partial: {
    type: 'boolean',
    help: 'when the rounds are used up, write the hunks that pass without the others; exit 1',
  },
  orchestrate: {
    type: 'boolean',
    help: 'agents look into parts of the task first and write nothing; one plan is made of what they find',
  },
  'output-format': { type: 'string', value: 'FORMAT', help: 'json, or stream-json: what agents are at, line by line' },
} as const

/** generate → gates → apply. */
export const runCommand: Command = {
  name: 'run',
  summary: 'has a patch made for a task, verifies it, and writes it',
  usage: '<prompt…>',
  doors: ['cli'],
  options: RUN_OPTIONS,
  needsModel: true,
  isJsonByDefault: true,
  run: runPatch,
}

export async function runPatch(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const isStream = outputFormat(args) === 'stream-json'
  const tell = (event: OrchestrationEvent) => {
    context.tell?.(event)
    if (isStream) context.print(`${JSON.stringify(event)}\n`)
  }
  const { timed, asEnded } = withTimeLimit(context, args)
  const work = await openPatchWork(timed, args, settings)
  const services = args.flags.orchestrate ? withAgents(work, tell) : patchServices(work)
  const { summary, exitCode } = asEnded(await runTask(task, services, timed.signal))
  await work.engine.audit(auditOf(summary, context.version, context.now()))
  if (isStream) return { exitCode, raw: `${JSON.stringify({ type: 'summary', ...summary })}\n` }
  return { exitCode, json: summary }
}

function outputFormat(args: CommandArgs): 'json' | 'stream-json' {
  const format = textFlag(args, 'output-format') ?? 'json'
  if (format === 'json' || format === 'stream-json') return format
  throw new CommandFailure(`--output-format "${format}" is not one of json, stream-json`, EXIT.usage)
}

/** What was asked for: the words, or what is piped in. */
export async function taskOf(context: CommandContext, args: CommandArgs): Promise<string> {
  const task = args.words.join(' ').trim() || (await context.readInput()).trim()
  if (task === '') throw new CommandFailure('no prompt: say what to change', EXIT.usage)
  return task
}
