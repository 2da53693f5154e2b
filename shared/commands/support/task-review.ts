import type { Spending } from '#shared/agent/limits'
import type { OpenModel } from '#shared/agent/open-model'
import { openSmallModel } from '#shared/agent/small-model'
import type { Settings } from '#shared/config/settings'
import type { TaskContext } from '#shared/pipelines/run'
import type { CritiqueFinding } from '#shared/pipelines/support/critique-finding'
import { critiqueByModel } from '#shared/pipelines/support/model-critique'
import { findProvider } from '#shared/providers/known-providers'
import type { Provider } from '#shared/providers/provider'
import type { CommandArgs, CommandContext } from '../command'

export const MODEL_CRITIQUE_HELP =
  'small_model of .kode/kode.json (else the main model) reviews the task before code is written; also critique.ask_model'

/** What a model's finding may weigh where the project does not say. */
const MOST = 'warning'

/** What a finding of a model may weigh at most; undefined where no model is wanted as a reviewer. */
export function reviewWeight(args: CommandArgs, { project }: Settings): CritiqueFinding['severity'] | undefined {
  const { critique = {} } = project
  const isWanted = args.flags['model-critique'] === true || critique.ask_model === true
  const most = critique.severities?.model ?? MOST
  return isWanted && most !== 'off' ? most : undefined
}

/** Adds what the small model says of a task, where that is wanted. It is asked once, however often a loop tries. */
export function taskReview(
  args: CommandArgs,
  settings: Settings,
  main: OpenModel,
  hidden: (provider: Provider) => Provider,
  budget: Spending,
  context: Pick<CommandContext, 'env' | 'progress' | 'signal'>,
): (task: string, known: TaskContext) => Promise<TaskContext> {
  const most = reviewWeight(args, settings)
  if (most === undefined) return async (_, known) => known
  let asked: Promise<Omit<TaskContext, 'text'>> | undefined
  const ask = async (task: string, text: string) => {
    const { model, note } = openSmallModel(settings, context.env, main)
    const reviewer = { ...model, provider: hidden(model.provider), spending: budget }
    const { remarks, warnings } = await reviewBy(reviewer, task, text, most, context)
    return { remarks, warnings: [...(note ? [note] : []), ...warnings] }
  }
  return async (task, known) => {
    const isFirst = asked === undefined
    asked ??= ask(task, known.text)
    const { remarks, warnings } = await asked
    if (isFirst) for (const warning of warnings) context.progress(`warning: ${warning}`)
    return { ...known, remarks: [...known.remarks, ...remarks], warnings: [...known.warnings, ...warnings] }
  }
}

/** What a model says of a task; a warning where it cannot be asked. */
export async function reviewBy(
  { provider, model, providerName, spending }: OpenModel & { spending: Spending },
  task: string,
  text: string,
  most: CritiqueFinding['severity'],
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
): Promise<Omit<TaskContext, 'text'>> {
  const overspent = spending.overspent()
  if (overspent) return { remarks: [], warnings: [notReviewed(overspent.message)] }
  progress(`critique (${model})`)
  const reviewer = { provider, spending, model, enforcesSchema: findProvider(providerName)?.enforcesSchema === true }
  const { findings, problem } = await critiqueByModel(task, text, reviewer, most, signal)
  return { remarks: findings, warnings: problem === undefined ? [] : [notReviewed(problem)] }
}

function notReviewed(problem: string): string {
  return `the task was not reviewed by a model: ${problem}`
}
