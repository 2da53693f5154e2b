import { resolve } from 'node:path'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Message } from '#shared/protocol/messages'
import { exportAsData } from '#shared/store/export'
import type { SessionProblem } from '#shared/store/session-problem'
import { openStore, type Store } from '#shared/store/sessions'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
} from './command'

const EXPORT_FORMATS = ['json', 'markdown', 'sqlite'] as const
const DAY_MS = 86_400_000
const MAX_TITLE = 60
const MAX_HITS = 50
/** Bytes; they take about a second. */
const TELL_INDEXING_FROM = 20_000_000

/** What happened, kept. */
export const sessionsCommand: Command = {
  name: 'sessions',
  summary: 'lists, shows, searches, resumes, exports and deletes sessions',
  usage: 'list | show <id> | search <words…> | resume <id> [prompt…] | export <id> | delete <id> | purge',
  doors: ['cli'],
  options: {
    follow: { type: 'boolean', help: 'show: also what is said from now on, as long as a process runs the session' },
    all: { type: 'boolean', help: 'list, search, purge: of every project' },
    format: { type: 'string', value: 'FORMAT', help: `export: ${EXPORT_FORMATS.join(', ')}; default json` },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'export: where to; default stdout, sqlite needs one' },
    older: { type: 'string', value: 'Nd', help: 'purge: only what was put away longer ago, such as 90d' },
  },
  async run(context, args) {
    const opened = openStore({ folder: context.paths.db, now: context.now })
    if (!opened.ok) throw new CommandFailure(opened.error.message, EXIT.failed)
    const store = opened.value
    try {
      const [action = 'list'] = args.words
      const act = ACTIONS[action]
      if (!act)
        throw new CommandFailure(`kode sessions ${action}? There are: ${Object.keys(ACTIONS).join(', ')}`, EXIT.usage)
      return await act(store, context, args)
    } finally {
      await store.close()
    }
  },
}

type Action = (store: Store, context: CommandContext, args: CommandArgs) => Promise<CommandResult> | CommandResult

const ACTIONS: Readonly<Record<string, Action>> = {
  list(store, context, args) {
    const isEvery = args.flags.all === true
    const sessions = store.listSessions(isEvery ? undefined : context.root)
    const lines = sessions.map(session => {
      const begin = `${session.id.slice(0, SHOWN_ID)}  ${dateOf(session.updated_at)}  ${String(session.messages).padStart(4)}`
      const marks = [isEvery && session.project, session.running && '(running)'].filter(mark => mark !== false)
      return [begin, ...marks, session.title.slice(0, MAX_TITLE)].join('  ')
    })
    return { exitCode: EXIT.done, json: { schema_version: 1, sessions }, text: lines.join('\n') || 'No sessions yet.' }
  },

  async show(store, context, args) {
    if (args.flags.follow === true) return follow(store, context, args)
    const found = store.readSession(idFrom(args), context.root)
    if (!found.ok) throw failureOf(found.error)
    const data = exportAsData(found.value)
    return { exitCode: EXIT.done, json: data, text: data.messages.map(textOf).join('\n\n') }
  },

  async search(store, context, args) {
    const query = args.words.slice(1).join(' ')
    if (query.trim() === '') throw new CommandFailure('name words to search for', EXIT.usage)
    let nextTold = TELL_INDEXING_FROM
    const hits = await store.search(query, {
      ...(args.flags.all !== true && { project: context.root }),
      limit: MAX_HITS,
      onProgress: (done, total) => {
        if (total < TELL_INDEXING_FROM || done < nextTold) return
        context.progress(`indexed ${Math.round(done / 1e6)} of ${Math.round(total / 1e6)} MB of conversations`)
        nextTold = done + TELL_INDEXING_FROM
      },
    })
    const lines = hits.map(hit => {
      const where = `${hit.session_id.slice(0, SHOWN_ID)}  ${dateOf(hit.at)}  ${hit.role}`
      return `${where}  ${hit.snippet.replace(/\s+/g, ' ')}`
    })
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, query, hits },
      text: lines.join('\n') || 'No message holds all of these words.',
    }
  },

  async export(store, context, args) {
    const id = idFrom(args)
    const name = textFlag(args, 'format') ?? 'json'
    const format = EXPORT_FORMATS.find(each => each === name)
    if (!format) throw new CommandFailure(`--format "${name}" is not one of ${EXPORT_FORMATS.join(', ')}`, EXIT.usage)
    const output = textFlag(args, 'output')
    if (format === 'sqlite' && output === undefined)
      throw new CommandFailure('a SQLite file is no text: name it with --output FILE', EXIT.usage)
    const exported = await store.exportSession(id, format, context.root)
    if (!exported.ok) throw failureOf(exported.error)
    if (output === undefined) return { exitCode: EXIT.done, raw: new TextDecoder().decode(exported.value) }
    const written = await context.files.replace(resolve(output), exported.value)
    if (!written.ok) throw new CommandFailure(`${output}: ${written.error.message}`, EXIT.failed)
    const bytes = exported.value.length
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, format, output, bytes },
      text: `${output}: ${bytes} bytes`,
    }
  },

  async delete(store, context, args) {
    const deleted = await store.deleteSession(idFrom(args), context.root)
    if (!deleted.ok) throw failureOf(deleted.error)
    return {
      exitCode: EXIT.done,
      json: { schema_version: 1, ...deleted.value },
      text: `Deleted ${deleted.value.id} (${deleted.value.bytes_freed} bytes freed).`,
    }
  },

  async purge(store, context, args) {
    const older = textFlag(args, 'older')
    const days = older === undefined ? undefined : Number(/^(\d+)d$/.exec(older)?.[1] ?? Number.NaN)
    if (days !== undefined && Number.isNaN(days))
      throw new CommandFailure(`--older wants days such as 90d, not "${older}"`, EXIT.usage)
    const purged = await store.purge({
      ...(args.flags.all !== true && { project: context.root }),
      ...(days !== undefined && { olderThanMs: days * DAY_MS }),
    })
    const skipped = purged.skipped.length === 0 ? '' : ` Left alone, since they run: ${purged.skipped.join(', ')}.`
    const text = `Removed ${purged.messages} archived messages of ${purged.sessions} sessions (${purged.bytes_freed} bytes freed).${skipped}`
    return { exitCode: EXIT.done, json: { schema_version: 1, ...purged }, text }
  },
}

/** Prints messages as they are saved; with `--json` one a line. */
async function follow(store: Store, context: CommandContext, args: CommandArgs): Promise<CommandResult> {
  const found = store.findSession(idFrom(args), context.root)
  if (!found.ok) throw failureOf(found.error)
  for await (const message of store.followSession(found.value, context.signal)) {
    context.print(args.flags.json === true ? `${JSON.stringify(message)}\n` : `${textOf(message)}\n\n`)
  }
  return { exitCode: EXIT.done }
}

/** Nine characters of an id are the time, three more tell apart what began at once. */
const SHOWN_ID = 12

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}

function idFrom(args: CommandArgs): string {
  const id = args.words[1] ?? ''
  if (id === '')
    throw new CommandFailure('name a session by the beginning of its id; see kode sessions list', EXIT.usage)
  return id
}

function failureOf(problem: SessionProblem): CommandFailure {
  const choice = problem.kind === 'ambiguous' ? problem.ids.map(id => `\n  ${id}`).join('') : ''
  return new CommandFailure(problem.message + choice, EXIT.failed)
}

function textOf(message: Message & { archived_at?: number; full_text?: string }): string {
  const mark = message.archived_at === undefined ? '' : ', archived'
  if (message.role === 'tool')
    return `[${message.name}: ${message.status}${mark}]\n${message.full_text ?? message.text}`
  const parts = message.parts.map(part => {
    if (part.type === 'text') return part.text
    return part.type === 'tool_call' ? `→ ${part.name} ${part.arguments}` : ''
  })
  return `[${message.role}${mark}]\n${parts.filter(part => part !== '').join('\n')}`
}
