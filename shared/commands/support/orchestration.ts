import { orchestrate } from '#shared/pipelines/orchestrate'
import type { RunServices, TaskContext } from '#shared/pipelines/run'
import type { OrchestrationEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import { listProjectFiles } from '#shared/tools/support/ripgrep'
import { type CommandContext, CommandFailure } from '../command'
import { blindfoldModeFrom } from './blindfolding'
import { patchServices } from './patch-services'
import type { PatchWork } from './patch-work'
import { checkProject } from './project-check'

/** What a run needs where agents look into the task first. @param tell what they are at */
export function withAgents(work: PatchWork, tell: (event: OrchestrationEvent) => void): RunServices {
  const { context, args, settings, engine, source } = work
  const services = patchServices(work)
  const { openAgents, signal, progress } = context
  if (!openAgents) throw new CommandFailure('--orchestrate works on a command line only', EXIT.usage)
  const blindfold = blindfoldModeFrom(args, settings)
  const withPlan = async (task: string): Promise<TaskContext> => {
    const known = await services.context(task)
    if (signal.aborted || known.failure) return known
    const agents = await openAgents({ ...(blindfold && { blindfold }) })
    const check = () => checkProject(task, engine, context, settings)
    const parts = { ...services, model: services.model.model, agents, check, emit: tell }
    const made = await orchestrate(task, { ...parts, listFiles: () => listFiles(context) }, signal).finally(() =>
      agents.close(),
    )
    for (const warning of made.warnings) progress(`warning: ${warning}`)
    const { subtasks, failure, plan } = made
    const more = { warnings: [...known.warnings, ...made.warnings], subtasks, ...(failure && { failure }) }
    if (plan === undefined) return { ...known, ...more }
    const text = await source.textWith(task, plan)
    return { ...known, ...more, text: `${text}\n\nThe plan, made of what agents found out:\n${plan}` }
  }
  return { ...services, context: withPlan }
}

async function listFiles(context: CommandContext): Promise<readonly string[]> {
  const listed = await listProjectFiles(context.root, ['!.git'], context, context.signal)
  return listed.ok ? listed.value : []
}
