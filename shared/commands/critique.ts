import { resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { openEngine } from '#shared/agent/open-engine'
import { type CritiqueSource, critiquePatch, critiquePlan, critiqueText } from '#shared/pipelines/critique'
import { planTask } from '#shared/pipelines/plan'
import type { CritiqueFinding } from '#shared/pipelines/support/critique-finding'
import { planSource } from '#shared/pipelines/support/plan-source'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandArgs, type CommandContext, CommandFailure, textFlag } from './command'

/** A review before any code is written, or of a patch before the gates. */
export const critiqueCommand: Command = {
  name: 'critique',
  summary: 'reviews a task by its plan, or a patch by what it means; asks no model',
  usage: '[--input FILE] [<task…>]',
  doors: ['cli', 'chat'],
  options: {
    input: { type: 'string', short: 'i', value: 'FILE', help: 'a patch in any format kode reads; - for stdin' },
  },
  async run(context, args) {
    const { root, files, paths, now, signal } = context
    const { project } = await context.settings()
    const engine = openEngine({ root, files, paths, project, now })
    const source = { ...(await engine.project(signal)), severities: project.critique?.severities ?? {} }
    const input = textFlag(args, 'input')
    const findings =
      input === undefined ? await reviewTask(context, args, source) : await reviewPatch(input, context, engine, source)
    const isRejected = findings.some(finding => finding.severity === 'error')
    const status = isRejected ? 'FAIL' : findings.some(finding => finding.severity === 'warning') ? 'WARN' : 'PASS'
    return {
      exitCode: isRejected ? EXIT.failed : EXIT.done,
      json: { schema_version: 1, status, findings },
      text: findings.length === 0 ? 'Nothing to remark.' : critiqueText(findings),
    }
  },
}

async function reviewTask(
  context: CommandContext,
  args: CommandArgs,
  source: CritiqueSource,
): Promise<CritiqueFinding[]> {
  const task = args.words.join(' ').trim() || (await context.readInput()).trim()
  if (task === '')
    throw new CommandFailure('what is to be reviewed? Give a task, or --input FILE with a patch', EXIT.usage)
  const plan = await planTask(
    task,
    planSource(context, () => Promise.resolve(source)),
  )
  return critiquePlan(plan, source.severities)
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
