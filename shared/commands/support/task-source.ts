import type { ChangeEngine } from '#shared/agent/change-engine'
import { countTokens } from '#shared/base/tokens'
import type { Settings } from '#shared/config/settings'
import { critiquePlan } from '#shared/pipelines/critique'
import { DEFAULT_PLAN_TOKENS, type Plan, planTask } from '#shared/pipelines/plan'
import type { TaskContext } from '#shared/pipelines/run'
import { packetText } from '#shared/pipelines/support/plan-packet'
import { planSource } from '#shared/pipelines/support/plan-source'
import type { CommandContext } from '../command'
import type { Learnt } from './learnt'

/** What a model is told of the project with a task. */
export interface TaskSource {
  /** With what the rules of a review say of the task. */
  contextFor(task: string): Promise<TaskContext>
  /** The text of that, with the files that a plan for the task names. */
  textWith(task: string, plan: string): Promise<string>
}

/** The user's packet, or what planning finds; with what was learnt here. */
export function taskSource(
  { packet, failures, strategy }: Learnt,
  engine: ChangeEngine,
  context: CommandContext,
  { project }: Settings,
): TaskSource {
  const withLearnt = (text: string) => [text, ...failures, ...strategy].join('\n\n')
  if (packet !== undefined) {
    const text = withLearnt(packet)
    return { contextFor: async () => ({ text, remarks: [], warnings: [] }), textWith: async () => text }
  }
  const find = (task: string) =>
    planTask(
      task,
      planSource(context, () => engine.project(context.signal)),
    )
  const textOf = (found: Plan, maxTokens: number) => withLearnt(packetText(found.packet(maxTokens)))
  return {
    async contextFor(task) {
      const found = await find(task)
      const remarks = critiquePlan(found, project.critique?.severities ?? {})
      return { text: textOf(found, DEFAULT_PLAN_TOKENS), remarks, warnings: [] }
    },
    async textWith(task, plan) {
      return textOf(await find(`${task}\n\n${plan}`), DEFAULT_PLAN_TOKENS + countTokens(plan))
    },
  }
}
