import type { OpenModel } from '#shared/agent/open-model'
import { openSmallModel } from '#shared/agent/small-model'
import type { Settings } from '#shared/config/settings'
import type { TaskContext } from '#shared/pipelines/run'
import type { CritiqueFinding } from '#shared/pipelines/support/critique-finding'
import { critiqueByModel } from '#shared/pipelines/support/model-critique'
import type { RunBudget } from '#shared/pipelines/support/run-budget'
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
  budget: RunBudget,
  context: Pick<CommandContext, 'env' | 'progress' | 'signal'>,
): (task: string, known: TaskContext) => Promise<TaskContext> {
  const most = reviewWeight(args, settings)
  if (most === undefined) return async (_, known) => known
  let asked: Promise<Omit<TaskContext, 'text'>> | undefined
  const ask = async (task: string, text: string) => {
    const exhausted = budget.exhausted()
    if (exhausted) return { remarks: [], warnings: problemOf(exhausted) }
    const { model, note } = openSmallModel(settings, context.env, main)
    context.progress(`critique (${model.model})`)
    const reviewer = {
      provider: hidden(model.provider),
      model: model.model,
      enforcesSchema: findProvider(model.providerName)?.enforcesSchema === true,
    }
    const review = await critiqueByModel(task, text, reviewer, most, context.signal)
    budget.take(review.taken, model.model)
    return { remarks: review.findings, warnings: [...(note ? [note] : []), ...problemOf(review.problem)] }
  }
  return async (task, known) => {
    const isFirst = asked === undefined
    asked ??= ask(task, known.text)
    const { remarks, warnings } = await asked
    if (isFirst) for (const warning of warnings) context.progress(`warning: ${warning}`)
    return { ...known, remarks: [...known.remarks, ...remarks], warnings: [...known.warnings, ...warnings] }
  }
}

function problemOf(problem: string | undefined): string[] {
  return problem === undefined ? [] : [`the task was not reviewed by a model: ${problem}`]
}
