import { resolve } from 'node:path'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Message } from '#shared/protocol/messages'
import { openStore, type Store } from '#shared/store/sessions'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
} from './command'

const EXPORT_FORMATS = ['json', 'markdown'] as const
const DAY_MS = 86_400_000
const MAX_TITLE = 60

/** What happened, kept. */
export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'lists, shows, exports and deletes sessions; `kode -s <id> …` goes on with one',
  usage: 'list | show <id> | export <id> | delete <id> | purge',
  doors: ['cli'],
  options: {
    all: { type: 'boolean', help: 'list: of every project' },
    format: { type: 'string', value: 'FORMAT', help: `export: ${EXPORT_FORMATS.join(', ')}; default json` },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'export: where to; default stdout' },
    older: { type: 'string', value: 'Nd', help: 'purge: only what was put away longer ago, such as 90d' },
  },
  async run(context, args) {
    const opened = openStore({ folder: context.paths.db, now: context.now })
    if (!opened.ok) throw new CommandFailure(opened.error.message, EXIT.failed)
    const store = opened.value
    try {
      const [action = 'list', id] = args.words
      const act = ACTIONS[action]
      if (!act)
        throw new CommandFailure(`kode sessions ${action}? There are: ${Object.keys(ACTIONS).join(', ')}`, EXIT.usage)
      return await act(store, context, args, id ?? '')
    } finally {
      await store.close()
    }
  },
}

type Action = (
  store: Store,
  context: CommandContext,
  args: CommandArgs,
  id: string,
) => Promise<CommandResult> | CommandResult

const ACTIONS: Readonly<Record<string, Action>> = {
  list(store, context, args) {
    const sessions = store.listSessions(args.flags.all ? undefined : context.root)
    const lines = sessions.map(session => {
      const date = new Date(session.updated_at).toISOString().slice(0, 16).replace('T', ' ')
      return `${session.id.slice(0, 12)}  ${date}  ${String(session.messages).padStart(4)}  ${session.title.slice(0, MAX_TITLE)}`
    })
    return { exitCode: EXIT.done, json: { schema_version: 1, sessions }, text: lines.join('\n') || 'No sessions yet.' }
  },

  show(store, context, _, id) {
    const found = store.readSession(required(id), context.root)
    if (!found.ok) throw new CommandFailure(found.error.message, EXIT.failed)
    const messages = found.value.messages()
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, session: found.value.header, messages },
      text: messages.map(textOf).join('\n\n'),
    }
  },

  async export(store, context, args, id) {
    const name = textFlag(args, 'format') ?? 'json'
    const format = EXPORT_FORMATS.find(each => each === name)
    if (!format) throw new CommandFailure(`--format "${name}" is not one of ${EXPORT_FORMATS.join(', ')}`, EXIT.usage)
    const found = store.readSession(required(id), context.root)
    if (!found.ok) throw new CommandFailure(found.error.message, EXIT.failed)
    const messages = found.value.messages()
    const data = { schema_version: 1, session: found.value.header, messages }
    const text = format === 'json' ? `${JSON.stringify(data, null, 2)}\n` : `${messages.map(textOf).join('\n\n')}\n`
    const output = textFlag(args, 'output')
    if (output === undefined) return { exitCode: EXIT.done, raw: text }
    const written = await context.files.replace(resolve(output), new TextEncoder().encode(text))
    if (!written.ok) throw new CommandFailure(`${output}: ${written.error.message}`, EXIT.failed)
    return { exitCode: EXIT.done, text: `${output}: ${text.length} characters` }
  },

  async delete(store, context, _, id) {
    const deleted = await store.deleteSession(required(id), context.root)
    if (!deleted.ok) throw new CommandFailure(deleted.error.message, EXIT.failed)
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, ...deleted.value },
      text: `Deleted ${deleted.value.id} (${deleted.value.bytes} bytes).`,
    }
  },

  async purge(store, context, args) {
    const older = textFlag(args, 'older')
    const days = older === undefined ? undefined : Number(/^(\d+)d$/.exec(older)?.[1] ?? Number.NaN)
    if (days !== undefined && Number.isNaN(days))
      throw new CommandFailure(`--older wants days such as 90d, not "${older}"`, EXIT.usage)
    const purged = await store.purge({
      project: context.root,
      ...(days !== undefined && { olderThanMs: days * DAY_MS }),
    })
    const text = `Removed ${purged.messages} archived messages of ${purged.sessions} sessions (${purged.bytes} bytes).`
    return { exitCode: EXIT.done, json: { schema_version: 1, ...purged }, text }
  },
}

function required(id: string): string {
  if (id === '')
    throw new CommandFailure('name a session by the beginning of its id; see kode sessions list', EXIT.usage)
  return id
}

function textOf(message: Message): string {
  if (message.role === 'tool') return `[${message.name}: ${message.status}]\n${message.text}`
  const parts = message.parts.map(part => {
    if (part.type === 'text') return part.text
    return part.type === 'tool_call' ? `→ ${part.name} ${part.arguments}` : ''
  })
  return `[${message.role}]\n${parts.filter(part => part !== '').join('\n')}`
}
