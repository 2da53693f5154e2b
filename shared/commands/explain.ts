import { resolve } from 'node:path'
import { type LoggedEntry, readAuditLog } from '#shared/audit/read-log'
import { GATE_EXPLANATIONS } from '#shared/gates/explanations'
import { EXIT } from '#shared/protocol/exit-codes'
import { GATE_NAMES } from '#shared/protocol/gate-report'
import { type Command, CommandFailure, textFlag } from './command'

const MAX_EXAMPLES = 5

/** What a gate checks, and why it failed here. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'tells what a gate checks, what usually fails it, and when it failed here',
  usage: '<gate>',
  doors: ['cli', 'chat'],
  options: { 'log-dir': { type: 'string', value: 'DIR', help: 'where kode.log is; default: logs' } },
  async run(context, args) {
    const wanted = args.words.join(' ').trim().toLowerCase()
    const gate = GATE_NAMES.find(name => name === wanted)
    if (!gate) throw new CommandFailure(`"${wanted}" is not a gate; there are: ${GATE_NAMES.join(', ')}`, EXIT.failed)
    const explanation = GATE_EXPLANATIONS[gate]
    const entries = await readAuditLog(resolve(context.root, textFlag(args, 'log-dir') ?? 'logs'), context.files)
    const examples = (entries ?? [])
      .toReversed()
      .flatMap(entry => failuresOf(gate, entry))
      .slice(0, MAX_EXAMPLES)
    const text = [
      `# ${explanation.title}`,
      '',
      `**${explanation.what}**`,
      ...(explanation.when ? ['', `Runs ${explanation.when}.`] : []),
      '',
      '## Common Causes',
      ...explanation.causes.map(cause => `- ${cause}`),
      '',
      '## How to Fix',
      ...explanation.fixes.map(fix => `- ${fix}`),
      ...(examples.length > 0
        ? [
            '',
            '## Recent Examples from Audit Log',
            ...examples.map(each => `- \`${each.path}\` at ${each.timestamp}: ${each.reason}`),
          ]
        : []),
    ].join('\n')
    return { exitCode: EXIT.done, json: { schema_version: 1, gate, ...explanation, examples }, text }
  },
}

/** What of one run failed in this gate: hunks and files by name. */
function failuresOf(gate: string, entry: LoggedEntry): { path: string; timestamp: string; reason: string }[] {
  return Object.entries(entry.failures ?? {})
    .filter(([, reason]) => reason.split(':', 1)[0] === gate)
    .map(([path, reason]) => ({ path, timestamp: entry.timestamp, reason }))
}
