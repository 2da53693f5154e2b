import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { openEngine } from '#shared/agent/open-engine'
import { openModel } from '#shared/agent/open-model'
import type { Settings } from '#shared/config/settings'
import critiquePrompt from '#shared/context/prompts/critique.md'
import { type CritiqueSource, critiquePatch, critiquePlan, critiqueText } from '#shared/pipelines/critique'
import { DEFAULT_PLAN_TOKENS, planTask } from '#shared/pipelines/plan'
import type { CritiqueFinding } from '#shared/pipelines/support/critique-finding'
import { packetText } from '#shared/pipelines/support/plan-packet'
import { planSource } from '#shared/pipelines/support/plan-source'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Usage } from '#shared/protocol/messages'
import { type Command, type CommandArgs, type CommandContext, CommandFailure, textFlag } from './command'
import { BLINDFOLD_OPTION, blindfolding } from './support/blindfolding'
import { budgetOf } from './support/budget'
import { MODEL_CRITIQUE_HELP, reviewWeight, taskReview } from './support/task-review'

/** A review before any code is written, or of a patch before the gates. */
export const critiqueCommand: Command = {
  name: 'critique',
  summary: 'reviews a task by its plan, or a patch by what it means; asks a model only when told to',
  usage: '[--input FILE] [<task…>]',
  doors: ['cli', 'chat'],
  options: {
    input: { type: 'string', short: 'i', value: 'FILE', help: 'a patch in any format kode reads; - for stdin' },
    'model-critique': { type: 'boolean', help: MODEL_CRITIQUE_HELP },
    blindfold: BLINDFOLD_OPTION,
  },
  needsModel: true,
  async run(context, args) {
    const { root, files, paths, now, signal } = context
    const settings = await context.settings()
    const { project } = settings
    const engine = openEngine({ root, files, paths, project, now })
    const source = { ...(await engine.project(signal)), severities: project.critique?.severities ?? {} }
    const input = textFlag(args, 'input')
    if (input !== undefined && args.flags['model-critique'])
      throw new CommandFailure('--model-critique reviews a task; a patch is judged by the gates', EXIT.usage)
    const reviewed =
      input === undefined
        ? await reviewTask(context, args, settings, engine, source)
        : { findings: await reviewPatch(input, context, engine, source) }
    const { findings } = reviewed
    const isRejected = findings.some(finding => finding.severity === 'error')
    const status = isRejected ? 'FAIL' : findings.some(finding => finding.severity === 'warning') ? 'WARN' : 'PASS'
    return {
      exitCode: isRejected ? EXIT.failed : EXIT.done,
      json: { schema_version: 1, status, ...reviewed },
      text: findings.length === 0 ? 'Nothing to remark.' : critiqueText(findings),
    }
  },
}

/** The rest is there where a model was asked. */
interface TaskReview {
  findings: readonly CritiqueFinding[]
  warnings?: readonly string[]
  usage?: Usage
  cost_usd?: number | null
}

async function reviewTask(
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  engine: ChangeEngine,
  source: CritiqueSource,
): Promise<TaskReview> {
  const task = args.words.join(' ').trim() || (await context.readInput()).trim()
  if (task === '')
    throw new CommandFailure('what is to be reviewed? Give a task, or --input FILE with a patch', EXIT.usage)
  const plan = await planTask(
    task,
    planSource(context, () => Promise.resolve(source)),
  )
  const findings = critiquePlan(plan, source.severities)
  if (reviewWeight(args, settings) === undefined) return { findings }
  const main = openModel(settings, context.env)
  if (!main.ok) {
    context.progress(`warning: ${main.error}`)
    return { findings, warnings: [main.error] }
  }
  const hidden = await blindfolding(args, settings, [critiquePrompt], engine, context)
  const budget = budgetOf(settings)
  const review = taskReview(args, settings, main.value, hidden, budget, context)
  const text = packetText(plan.packet(DEFAULT_PLAN_TOKENS))
  const { remarks, warnings } = await review(task, { text, remarks: findings, warnings: [] })
  return { findings: remarks, warnings, usage: budget.usage, cost_usd: budget.costUsd }
}

async function reviewPatch(
  input: string,
  context: CommandContext,
  engine: ChangeEngine,
  source: CritiqueSource,
): Promise<CritiqueFinding[]> {
  const text = input === '-' ? await context.readInput() : await readText(input, context)
  const { changes, problems } = await engine.propose(text)
  const [problem] = problems
  if (problem && changes.files.length === 0) throw new CommandFailure(`${input}: ${problem.message}`, EXIT.failed)
  return critiquePatch(changes, source)
}

async function readText(name: string, { root, files }: CommandContext): Promise<string> {
  const bytes = await files.read(resolve(root, name))
  if (!bytes.ok) throw new CommandFailure(`--input ${name}: ${bytes.error.message}`, EXIT.usage)
  return new TextDecoder().decode(bytes.value)
}
