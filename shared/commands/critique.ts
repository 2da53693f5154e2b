import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import type { Spending } from '#shared/agent/limits'
import { openEngine } from '#shared/agent/open-engine'
import { openModel } from '#shared/agent/open-model'
import { openSmallModel, type SmallModel } from '#shared/agent/small-model'
import { ok, type Result } from '#shared/base/result'
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
import { MODEL_CRITIQUE_HELP, reviewBy, reviewWeight } from './support/task-review'

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
    const { findings, warnings = [] } = reviewed
    const said = findings.length === 0 ? 'Nothing to remark.' : critiqueText(findings)
    const isRejected = findings.some(finding => finding.severity === 'error')
    const status = isRejected ? 'FAIL' : findings.some(finding => finding.severity === 'warning') ? 'WARN' : 'PASS'
    return {
      exitCode: isRejected ? EXIT.failed : EXIT.done,
      json: { schema_version: 1, status, ...reviewed },
      text: [said, ...warnings.map(warning => `warning: ${warning}`)].join('\n'),
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
  const most = reviewWeight(args, settings)
  if (most === undefined) return { findings }
  const reviewer = await openReviewer(context, args, settings, engine)
  if (!reviewer.ok) return { findings, warnings: [reviewer.error] }
  const { model, spending, note } = reviewer.value
  const text = packetText(plan.packet(DEFAULT_PLAN_TOKENS))
  const { remarks, warnings } = await reviewBy({ ...model, spending }, task, text, most, context)
  return {
    findings: [...findings, ...remarks],
    warnings: [...(note ? [note] : []), ...warnings],
    usage: spending.total,
    cost_usd: spending.costUsd ?? null,
  }
}

/** The conversation's own small model where there is a conversation, else that of the settings. */
async function openReviewer(
  context: CommandContext,
  args: CommandArgs,
  settings: Settings,
  engine: ChangeEngine,
): Promise<Result<SmallModel & { spending: Spending }, string>> {
  const { conversation, env } = context
  if (conversation) return ok({ model: await conversation.smallModel(), spending: conversation.spending.part() })
  const main = openModel(settings, env)
  if (!main.ok) return main
  const hidden = await blindfolding(args, settings, [critiquePrompt], engine, context)
  const { model, ...more } = openSmallModel(settings, env, main.value)
  return ok({ model: { ...model, provider: hidden(model.provider) }, ...more, spending: budgetOf(settings) })
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
