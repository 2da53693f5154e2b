import { dirname, join } from 'node:path'
import { openEngine } from '#shared/agent/open-engine'
import { newId } from '#shared/base/ids'
import { decodeText } from '#shared/edits/text-file'
import { feedbackFor } from '#shared/gates/support/feedback'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandContext, CommandFailure } from './command'

const PROJECT_MEMORY = 'MEMORY.md'

/** What every conversation is told. */
export const memoryCommand: Command = {
  name: 'memory',
  summary: 'shows what is remembered, of this project and everywhere, and adds to it',
  usage: '[add <words…> | global <words…>]',
  doors: ['cli', 'chat'],
  options: {},
  async run(context, { words }) {
    const { root, paths } = context
    const project = join(root, PROJECT_MEMORY)
    const [action, ...rest] = words
    if (action === undefined) return show([project, paths.memory], context)
    const path = { add: project, global: paths.memory }[action]
    const text = rest.join(' ').trim()
    if (path === undefined || text === '') {
      throw new CommandFailure('memory add <words…>, memory global <words…>, or nothing to see it', EXIT.usage)
    }
    const before = await textOf(path, context)
    const line = `${before === '' || before.endsWith('\n') ? '' : '\n'}- ${text}\n`
    await (action === 'add' ? addInProject(before + line, context) : addForAll(line, context))
    return { exitCode: EXIT.done, json: { schema_version: 1, path, added: text }, text: `Remembered in ${path}.` }
  },
}

/** A file like any other: through the gates and the one door, so that undo knows of it. */
async function addInProject(
  after: string,
  { root, files, paths, now, settings, signal }: CommandContext,
): Promise<void> {
  const engine = openEngine({ root, files, paths, project: (await settings()).project, now })
  const { changes, problems } = await engine.proposeTexts([{ path: PROJECT_MEMORY, after }])
  const report = await engine.judge(changes, signal, problems)
  if (report.status === 'FAIL') throw new CommandFailure(feedbackFor(report), EXIT.failed)
  const landed = await engine.land(changes, { turnId: newId(), title: 'memory' })
  if (!landed.ok) throw new CommandFailure(landed.error.message, EXIT.failed)
}

async function addForAll(line: string, { files, paths }: CommandContext): Promise<void> {
  const made = await files.makeFolder(dirname(paths.memory))
  const added = made.ok ? await files.append(paths.memory, new TextEncoder().encode(line), true) : made
  if (!added.ok) throw new CommandFailure(`${paths.memory}: ${added.error.message}`, EXIT.failed)
}

async function show(paths: readonly string[], context: CommandContext) {
  const memory = await Promise.all(paths.map(async path => ({ path, text: await textOf(path, context) })))
  const text = memory.map(each => `${each.path}\n${each.text.trim() || '(nothing)'}`).join('\n\n')
  return { exitCode: EXIT.done, json: { schema_version: 1, memory }, text }
}

async function textOf(path: string, { files }: CommandContext): Promise<string> {
  const bytes = await files.read(path, 1_000_000)
  return bytes.ok ? (decodeText(bytes.value)?.text ?? '') : ''
}
