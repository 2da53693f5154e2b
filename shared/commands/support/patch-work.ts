import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import type { Spending } from '#shared/agent/limits'
import { openEngine } from '#shared/agent/open-engine'
import { openModel } from '#shared/agent/open-model'
import type { Settings } from '#shared/config/settings'
import critiquePrompt from '#shared/context/prompts/critique.md'
import generateText from '#shared/context/prompts/generate.md'
import type { GenerateSettings } from '#shared/pipelines/generate'
import { ORCHESTRATION_PROMPTS } from '#shared/pipelines/orchestrate'
import type { TaskContext } from '#shared/pipelines/run'
import { EXIT } from '#shared/protocol/exit-codes'
import { findProvider } from '#shared/providers/known-providers'
import type { Provider } from '#shared/providers/provider'
import { type CommandArgs, type CommandContext, CommandFailure, textFlag } from '../command'
import { blindfolding } from './blindfolding'
import { budgetOf } from './budget'
import { type Learnt, readLearnt } from './learnt'
import { pageWish } from './page-options'
import { reviewWeight, taskReview } from './task-review'
import { type TaskSource, taskSource } from './task-source'

/** Patches of one command in one folder: what they are judged by, who makes them, and from what. */
export interface PatchWork {
  context: CommandContext
  args: CommandArgs
  settings: Settings
  engine: ChangeEngine
  /** Whether the languages' own checkers judge too; without it, as the project says. */
  deep: boolean | undefined
  model: PatchModel
  learnt: Learnt
  source: TaskSource
}

/** Who makes a command's patches, and what that may cost. */
interface PatchModel {
  provider: Provider
  settings: GenerateSettings
  budget: Spending
  /** Asks the reviewing model at most once. */
  review(task: string, known: TaskContext): Promise<TaskContext>
}

/** Opens all of it for the project of the command. @param deep see `PatchWork` */
export async function openPatchWork(
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  deep?: boolean,
): Promise<PatchWork> {
  const engine = await openPatchEngine(context, args, settings, deep)
  const model = await openPatchModel(context, args, settings, engine)
  const learnt = await readLearnt(context, args)
  const source = taskSource(learnt, engine, context, settings)
  return { context, args, settings, engine, deep, model, learnt, source }
}

/** The same work in another folder, in a way of its own; what it costs is counted apart, and in the whole. */
export async function branchOf(
  { args, settings, deep, model, learnt }: PatchWork,
  context: CommandContext,
  framing: string,
): Promise<PatchWork> {
  const engine = await openPatchEngine(context, args, settings, deep)
  const own = { ...learnt, strategy: [framing] }
  const source = taskSource(own, engine, context, settings)
  const part = { ...model, budget: model.budget.part() }
  return { context, args, settings, engine, deep, model: part, learnt: own, source }
}

async function openPatchEngine(
  context: CommandContext,
  args: CommandArgs,
  { project }: Settings,
  deep: boolean | undefined,
): Promise<ChangeEngine> {
  const { root, files, paths, now } = context
  const logFolder = textFlag(args, 'log-dir')
  const engine = openEngine({
    root,
    files,
    paths,
    project,
    now,
    ...(deep !== undefined && { deep }),
    ...(await pageWish(args, project, context)),
    ...(logFolder && { logFolder: resolve(root, logFolder) }),
  })
  await engine.recover()
  return engine
}

async function openPatchModel(
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  engine: ChangeEngine,
): Promise<PatchModel> {
  const model = openModel(settings, context.env)
  if (!model.ok) throw new CommandFailure(model.error, EXIT.usage)
  const ownTexts = [
    generateText,
    ...(reviewWeight(args, settings) === undefined ? [] : [critiquePrompt]),
    ...(args.flags.orchestrate ? ORCHESTRATION_PROMPTS : []),
  ]
  const hidden = await blindfolding(args, settings, ownTexts, engine, context)
  const budget = budgetOf(settings)
  return {
    provider: hidden(model.value.provider),
    settings: {
      model: model.value.model,
      enforcesSchema: findProvider(model.value.providerName)?.enforcesSchema === true,
      ...(settings.temperature !== undefined && { temperature: settings.temperature }),
      ...(settings.maxTokens !== undefined && { maxTokens: settings.maxTokens }),
    },
    budget,
    review: taskReview(args, settings, model.value, hidden, budget, context),
  }
}
