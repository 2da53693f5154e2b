import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { type LoggedEntry, readLatestEntries } from '#shared/audit/read-log'
import { recurringFailures } from '#shared/audit/recurring'
import { winningStrategy } from '#shared/audit/winning-strategy'
import { countTokens } from '#shared/base/tokens'
import type { Settings } from '#shared/config/settings'
import { critiquePlan } from '#shared/pipelines/critique'
import { DEFAULT_PLAN_TOKENS, planTask } from '#shared/pipelines/plan'
import type { TaskContext } from '#shared/pipelines/run'
import { packetText } from '#shared/pipelines/support/plan-packet'
import { planSource } from '#shared/pipelines/support/plan-source'
import { EXIT } from '#shared/protocol/exit-codes'
import { type CommandArgs, type CommandContext, CommandFailure, textFlag } from '../command'
import { STRATEGIES } from './strategies'

/**
 * What a model is told with a task: what the user gave, or what planning finds, and what was learnt here.
 *
 * @param plan what is known already; the files it names are shown too
 */
export async function taskContext(
  task: string,
  plan: string,
  engine: ChangeEngine,
  context: CommandContext,
  args: CommandArgs,
  { project }: Settings,
): Promise<TaskContext> {
  const { root, files, signal } = context
  const file = textFlag(args, 'context-file')
  if (file !== undefined) {
    const bytes = await files.read(resolve(root, file))
    if (!bytes.ok) throw new CommandFailure(`--context-file ${file}: ${bytes.error.message}`, EXIT.usage)
    return { text: new TextDecoder().decode(bytes.value), remarks: [], warnings: [] }
  }
  const found = await planTask(
    plan === '' ? task : `${task}\n\n${plan}`,
    planSource(context, () => engine.project(signal)),
  )
  const logged = await readLatestEntries(resolve(root, textFlag(args, 'log-dir') ?? 'logs'), files, context.now())
  const packet = packetText(found.packet(DEFAULT_PLAN_TOKENS + countTokens(plan)))
  const text = [packet, ...failuresText(logged), ...strategyText(task, logged)].join('\n\n')
  return { text, remarks: critiquePlan(found, project.critique?.severities ?? {}), warnings: [] }
}

/** For the model: what went wrong here before. */
function failuresText(logged: readonly LoggedEntry[]): string[] {
  const failures = recurringFailures(logged)
  if (failures.length === 0) return []
  return [['Refused in this project again and again; avoid it:', ...failures.map(each => `- ${each}`)].join('\n')]
}

/** For the model: which way of making a patch won here. A task that says itself which way to go is left alone. */
function strategyText(task: string, logged: readonly LoggedEntry[]): string[] {
  if (STRATEGIES.some(({ framing }) => task.startsWith(framing))) return []
  const best = winningStrategy(logged)
  const known = STRATEGIES.find(({ strategy }) => strategy === best?.strategy)
  if (!best || !known) return []
  const wins = `the ${best.strategy} ones won ${best.wins} of ${best.runs} times`
  return [`Where patches of several kinds were compared in this project, ${wins}. ${known.framing}`]
}
