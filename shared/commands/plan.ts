import { openEngine } from '#shared/agent/open-engine'
import { DEFAULT_PLAN_TOKENS, type Plan, planSteps, planTask } from '#shared/pipelines/plan'
import { fileId } from '#shared/pipelines/support/plan-graph'
import type { ContextPacket } from '#shared/pipelines/support/plan-packet'
import { planSource } from '#shared/pipelines/support/plan-source'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandContext, CommandFailure, type CommandResult, wholeNumber } from './command'
import { planPage } from './support/plan-page'

/** The surgical context for a task. */
export const planCommand: Command = {
  name: 'plan',
  summary: 'finds the files and declarations that matter for a task; asks no model',
  usage: '[--packet | --graph] <task…>',
  doors: ['cli', 'chat'],
  options: {
    packet: { type: 'boolean', help: 'print the context packet as JSON, for --context-file' },
    graph: { type: 'boolean', help: 'print files, declarations and their links as JSON' },
    html: { type: 'boolean', help: 'with --graph: print one self-contained page to look at' },
    'max-tokens': { type: 'string', value: 'N', help: `size of the packet; default ${DEFAULT_PLAN_TOKENS}` },
  },
  async run(context, args) {
    const task = args.words.join(' ').trim() || (await context.readInput()).trim()
    if (task === '') throw new CommandFailure('no task: say what is to be done', EXIT.usage)
    const maxTokens = wholeNumber(args, 'max-tokens') ?? DEFAULT_PLAN_TOKENS
    const plan = await planFor(task, context)
    if (plan.ranked.length === 0) throw new CommandFailure('the project has no files', EXIT.failed)
    if (args.flags.graph && args.flags.html) return { exitCode: EXIT.done, raw: planPage(plan.graph()) }
    if (args.flags.graph) return asJson(plan.graph())
    const packet = plan.packet(maxTokens)
    return args.flags.packet ? asJson(packet) : { exitCode: EXIT.done, json: packet, text: toText(plan, packet) }
  },
}

function asJson(json: object): CommandResult {
  return { exitCode: EXIT.done, json, raw: `${JSON.stringify(json, null, 2)}\n` }
}

async function planFor(task: string, context: CommandContext): Promise<Plan> {
  const { root, files, paths, now, signal } = context
  const { project } = await context.settings()
  const engine = openEngine({ root, files, paths, project, now })
  return planTask(
    task,
    planSource(context, () => engine.project(signal)),
  )
}

const SYMBOLS_SHOWN = 6

function toText(plan: Plan, packet: ContextPacket): string {
  // Of the first link that points at each.
  const confidences = new Map(plan.links.toReversed().map(link => [link.target, link.confidence]))
  const nodes = new Set([...plan.files.map(file => fileId(file.path)), ...confidences.keys()])
  const inPacket = new Set(packet.files.map(entry => entry.path))
  const shown = plan.files.filter(file => inPacket.has(file.path))
  const left = plan.ranked.length - shown.length
  return [
    `${nodes.size} nodes, ${plan.links.length} edges; the packet has ${shown.length} files in ${packet.total_tokens} of ${packet.max_tokens} tokens`,
    ...shown.flatMap(file => [
      '',
      `${file.path}  ${file.reasons.join('; ')}`,
      ...file.symbols
        .slice(0, SYMBOLS_SHOWN)
        .map(symbol => `  ${symbol.kind} ${symbol.name}  (${confidences.get(symbol.id)})`),
      ...(file.symbols.length > SYMBOLS_SHOWN ? [`  and ${file.symbols.length - SYMBOLS_SHOWN} more`] : []),
    ]),
    ...(left > 0 ? ['', `${left} more files have less to do with it.`] : []),
    '',
    'Steps',
    ...planSteps(shown).map(
      ({ folder, files }, at) => `  ${at + 1}. ${folder === '' ? 'root files' : folder}: ${files.length} files`,
    ),
  ].join('\n')
}
