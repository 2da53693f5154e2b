import { resolve } from 'node:path'
import { blindfoldModeOf } from '#shared/agent/blindfold-mode'
import { openEngine } from '#shared/agent/open-engine'
import { ProjectBlindfold } from '#shared/agent/project-blindfold'
import { vocabularySource } from '#shared/agent/vocabulary-source'
import generateText from '#shared/context/prompts/generate.md'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, CommandFailure, textFlag } from './command'

const COLUMN = 60

/** What a model would see of a file. */
export const blindfoldCommand: Command = {
  name: 'blindfold',
  summary: 'shows a file as a model sees it with the blindfold on; sends nothing',
  usage: '--dry-run [--mode MODE] <file>',
  doors: ['cli'],
  options: {
    'dry-run': { type: 'boolean', help: 'the only thing this command does; may be left out' },
    mode: {
      type: 'string',
      value: 'MODE',
      help: 'identifiers or strict; default: as in .kode/kode.json, else identifiers',
    },
  },
  async run(context, args) {
    const { root, files, paths, now } = context
    const name = args.words.join(' ')
    if (name === '') throw new CommandFailure('which file? kode blindfold --dry-run <file>', EXIT.usage)
    const settings = await context.settings()
    const { project } = settings
    const mode = textFlag(args, 'mode') ?? blindfoldModeOf(settings) ?? 'identifiers'
    if (mode !== 'identifiers' && mode !== 'strict')
      throw new CommandFailure(`--mode wants identifiers or strict, not "${mode}"`, EXIT.usage)
    const bytes = await files.read(resolve(root, name), 2_000_000)
    if (!bytes.ok) throw new CommandFailure(`${name}: ${bytes.error.message}`, EXIT.failed)
    const original = new TextDecoder().decode(bytes.value)
    const engine = openEngine({ root, files, paths, project, now })
    const source = vocabularySource(engine.code, context.env, context.processes)
    const opened = await new ProjectBlindfold(mode, () => [generateText], source).open()
    if (!opened.ok) throw new CommandFailure(`the project could not be read completely: ${opened.error}`, EXIT.failed)
    const blindfold = opened.value
    const masked = blindfold.maskCode(original)
    const leaks = blindfold.leaks(masked)
    const isExact = blindfold.unmask(masked) === original
    const verdict = leaks.length === 0 && isExact ? 'clean' : 'BLOCKED'
    const text = [
      `${blindfold.size} words masked, ${leaks.length} leaks: ${verdict}`,
      ...leaks.map(leak => `  still legible: ${leak}`),
      '',
      ...sideBySide(original, masked),
    ].join('\n')
    const json = {
      schema_version: 1,
      file: name,
      mode,
      status: verdict,
      shielded: blindfold.size,
      leaks,
      original,
      masked,
    }
    return { exitCode: verdict === 'clean' ? EXIT.done : EXIT.failed, json, text }
  },
}

function sideBySide(left: string, right: string): string[] {
  const others = right.split('\n')
  const fitted = (line: string) => (line.length > COLUMN ? `${line.slice(0, COLUMN - 1)}…` : line.padEnd(COLUMN))
  return left
    .split('\n')
    .map((line, at) =>
      `${fitted(line.replaceAll('\t', '  '))} │ ${fitted((others[at] ?? '').replaceAll('\t', '  '))}`.trimEnd(),
    )
}
