import { resolve } from 'node:path'
import { openEngine } from '#shared/agent/open-engine'
import { openModel } from '#shared/agent/open-model'
import { fail, ok } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import critiquePrompt from '#shared/context/prompts/critique.md'
import generateText from '#shared/context/prompts/generate.md'
import { critiquePatch, critiqueText } from '#shared/pipelines/critique'
import { PatchConversation } from '#shared/pipelines/generate'
import { type RunServices, runTask, withRemarks } from '#shared/pipelines/run'
import type { OrchestrationEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import { withAdvice } from '#shared/protocol/with-advice'
import { findProvider } from '#shared/providers/known-providers'
import { effectOf } from '#shared/trust/effects'
import { decideTrust } from '#shared/trust/policy'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
  wholeNumber,
} from './command'
import { auditOf } from './support/audit-entry'
import { BLINDFOLD_OPTION, blindfolding } from './support/blindfolding'
import { budgetOf } from './support/budget'
import { ORCHESTRATION_PROMPTS, withAgents } from './support/orchestration'
import { PAGE_OPTIONS, pageWish } from './support/page-options'
import { taskContext } from './support/task-context'
import { MODEL_CRITIQUE_HELP, reviewWeight, taskReview } from './support/task-review'
import { TIMEOUT_OPTION, withTimeLimit } from './support/time-limit'

/** Source: spec/kode.md §8.1. */
const DEFAULT_ROUNDS = 3

export const PATCH_OPTIONS = {
  'context-file': { type: 'string', value: 'FILE', help: 'a context packet, put into the prompt as it is' },
  'max-rounds': { type: 'string', value: 'N', help: `tries until the gates pass; default ${DEFAULT_ROUNDS}` },
  mode: { type: 'string', value: 'MODE', help: 'plan, safe or auto' },
  blindfold: BLINDFOLD_OPTION,
  'model-critique': { type: 'boolean', help: MODEL_CRITIQUE_HELP },
  timeout: TIMEOUT_OPTION,
  ...PAGE_OPTIONS,
  'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' },
} as const

const RUN_OPTIONS = {
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

/** The patch alone. */
export const generateCommand: Command = {
  name: 'generate',
  summary: 'prints the hunks for a task; nothing is written without --apply',
  usage: '[--apply] <prompt…>',
  doors: ['cli'],
  options: { ...RUN_OPTIONS, apply: { type: 'boolean', help: 'verify and write, as `kode run` does' } },
  needsModel: true,
  isJsonByDefault: true,
  run: (context, args) => (args.flags.apply ? runPatch(context, args) : generateOnly(context, args)),
}

async function runPatch(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const isStream = outputFormat(args) === 'stream-json'
  const tell = (event: OrchestrationEvent) => {
    context.tell?.(event)
    if (isStream) context.print(`${JSON.stringify(event)}\n`)
  }
  const { timed, asEnded } = withTimeLimit(context, args)
  const patch = await patchServices(timed, args, settings)
  const services = args.flags.orchestrate ? withAgents(patch, timed, args, settings, tell) : patch.services
  const { summary, exitCode } = asEnded(await runTask(task, services, timed.signal))
  await patch.audit(summary)
  if (isStream) return { exitCode, raw: `${JSON.stringify({ type: 'summary', ...summary })}\n` }
  return { exitCode, json: summary }
}

function outputFormat(args: CommandArgs): 'json' | 'stream-json' {
  const format = textFlag(args, 'output-format') ?? 'json'
  if (format === 'json' || format === 'stream-json') return format
  throw new CommandFailure(`--output-format "${format}" is not one of json, stream-json`, EXIT.usage)
}

async function generateOnly(context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const task = await taskOf(context, args)
  const settings = await context.settings()
  const { timed, stopped } = withTimeLimit(context, args)
  const patch = await patchServices(timed, args, settings)
  const services = args.flags.orchestrate
    ? withAgents(patch, timed, args, settings, event => context.tell?.(event))
    : patch.services
  const known = await services.context(task)
  if (timed.signal.aborted) throw stopped()
  if (known.failure) throw new CommandFailure(known.failure.message, known.failure.exitCode)
  const rejections = known.remarks.filter(remark => remark.severity === 'error')
  if (rejections.length > 0)
    throw new CommandFailure(`the review rejected the task:\n${critiqueText(rejections)}`, EXIT.failed)
  if (known.remarks.length > 0) context.progress(critiqueText(known.remarks))
  const conversation = new PatchConversation(services.provider, services.model, task, withRemarks(known))
  const generated = await conversation.ask(timed.signal, context.progress)
  if (generated.kind === 'cancelled') throw stopped()
  if (generated.kind === 'failed') throw new CommandFailure(withAdvice(generated.failure), EXIT.provider)
  const { readHunks } = await import('#shared/edits/hunks')
  const hunks = readHunks(generated.text)
  if (hunks.ok) return { exitCode: EXIT.done, json: hunks.value }
  context.progress(generated.text)
  throw new CommandFailure(hunks.error.map(problem => problem.message).join('; '), EXIT.failed)
}

/**
 * What run, generate and loop share: model, engine, context and policy of this project.
 *
 * @param deep whether the languages' own checkers judge too; without it, as the project says
 */
export async function patchServices(context: CommandContext, args: CommandArgs, settings: Settings, deep?: boolean) {
  const model = openModel(settings, context.env)
  if (!model.ok) throw new CommandFailure(model.error, EXIT.usage)
  const logFolder = textFlag(args, 'log-dir')
  const engine = openEngine({
    root: context.root,
    files: context.files,
    paths: context.paths,
    project: settings.project,
    now: context.now,
    ...(deep !== undefined && { deep }),
    ...pageWish(args, settings.project, context),
    ...(logFolder && { logFolder: resolve(context.root, logFolder) }),
  })
  await engine.recover()
  const budget = budgetOf(settings)
  const ownTexts = [
    generateText,
    ...(reviewWeight(args, settings) === undefined ? [] : [critiquePrompt]),
    ...(args.flags.orchestrate ? ORCHESTRATION_PROMPTS : []),
  ]
  const hidden = await blindfolding(args, settings, ownTexts, engine, context)
  const provider = hidden(model.value.provider)
  const review = taskReview(args, settings, model.value, hidden, budget, context)
  const contextFor = (task: string, plan: string) => taskContext(task, plan, engine, context, args, settings)
  const services: RunServices = {
    provider,
    model: {
      model: model.value.model,
      enforcesSchema: findProvider(model.value.providerName)?.enforcesSchema === true,
      ...(settings.temperature !== undefined && { temperature: settings.temperature }),
      ...(settings.maxTokens !== undefined && { maxTokens: settings.maxTokens }),
    },
    maxRounds: wholeNumber(args, 'max-rounds') ?? settings.project.engine?.max_rounds ?? DEFAULT_ROUNDS,
    context: async task => review(task, await contextFor(task, '')),
    propose: reply => engine.propose(reply),
    critique: async changes =>
      critiquePatch(changes, {
        ...(await engine.project(context.signal)),
        severities: settings.project.critique?.severities ?? {},
      }),
    isPartial: args.flags.partial === true,
    judge: (changes, problems, signal, only) =>
      engine.judge(changes, signal, problems, only ? { ...engine.gateSettings, only } : engine.gateSettings),
    async mayLand(changes) {
      if (settings.project.permission?.edit === 'deny')
        return fail('the project forbids edits (permission.edit is "deny" in .kode/kode.json)')
      const writes = changes.files.map(file => file.path)
      const decision = decideTrust(
        effectOf('local_mutation', 'writes verified files', { writes }),
        settings.mode ?? 'auto',
        'headless',
      )
      return decision.kind === 'allow' ? ok(undefined) : fail(decision.reason)
    },
    land: changes => engine.land(changes, { turnId: changes.id, title: args.words.join(' ').slice(0, 80) }),
    budget,
    progress: context.progress,
    now: context.now,
  }
  return {
    services,
    engine,
    contextFor,
    audit: (summary: Parameters<typeof auditOf>[0]) => engine.audit(auditOf(summary, context.version, context.now())),
  }
}

/** What was asked for: the words, or what is piped in. */
export async function taskOf(context: CommandContext, args: CommandArgs): Promise<string> {
  const task = args.words.join(' ').trim() || (await context.readInput()).trim()
  if (task === '') throw new CommandFailure('no prompt: say what to change', EXIT.usage)
  return task
}
