import { openEngine } from '#shared/agent/open-engine'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, CommandFailure, wholeNumber } from './command'

/** Takes back what turns changed. */
export const undoCommand: Command = {
  name: 'undo',
  summary: 'takes back what the last turn, or turns, changed',
  usage: '[--turn N] [--redo] [--list] [--dry-run] [--force]',
  doors: ['cli', 'chat'],
  options: {
    turn: { type: 'string', value: 'N', help: 'this turn and all after it; default: the last one' },
    redo: { type: 'boolean', help: 'brings back what the last undo took' },
    list: { type: 'boolean', help: 'the turns that changed files' },
    'dry-run': { type: 'boolean', help: 'only tell what would change; exit 1 when there is nothing' },
    force: { type: 'boolean', help: 'also files that somebody else changed since' },
  },
  async run(context, args) {
    const { project } = await context.settings()
    const engine = openEngine({ ...context, project })
    const recovered = await engine.recover()
    if (recovered.ok) for (const repair of recovered.value) context.progress(repair.message)
    if (args.flags.list) {
      const turns = await engine.turns()
      if (!turns.ok) throw new CommandFailure(turns.error.message, EXIT.failed)
      const lines = turns.value.map(turn => `${turn.turn}  ${turn.state}  ${turn.title}  (${turn.files.join(', ')})`)
      return {
        exitCode: EXIT.done,
        json: { schema_version: 1, turns: turns.value },
        text: lines.join('\n') || 'No turn changed anything here.',
      }
    }
    const turn = wholeNumber(args, 'turn')
    const options = { dryRun: args.flags['dry-run'] === true, force: args.flags.force === true }
    const report = args.flags.redo
      ? await engine.redo(options)
      : await engine.undo({ ...options, ...(turn !== undefined && { turn }) })
    if (!report.ok) throw new CommandFailure(report.error.message, EXIT.failed)
    const { files, kept, message, turns } = report.value
    const text = [
      message,
      ...files.map(file => `  ${file.action} ${file.path}`),
      ...kept.map(file => `  kept ${file.path}: ${file.reason}\n${file.diff}`),
    ]
    const isDone = turns.length > 0 && (files.length > 0 || kept.length === 0)
    return { exitCode: isDone ? EXIT.done : EXIT.failed, json: report.value, text: text.join('\n').trimEnd() }
  },
}
