import type { Message } from '#shared/protocol/messages'
import type { Conversation, HistoryEntry, SessionHeader } from './conversation'
import { withDatabase } from './database'
import { type SessionSummary, summaryOf } from './messages'
import { EXPORT_STEPS } from './migrations'
import { textOfEntry, textOfMessage } from './recall'
import type { SessionUsage } from './usage'

/** Everything of one session, as `kode sessions show --json` and the JSON export print it. */
export interface ExportedSession {
  schema_version: 1
  session: SessionSummary
  messages: ExportedMessage[]
  meta: Record<string, unknown>
  usage: SessionUsage
}

export type ExportedMessage = Message & {
  /** Milliseconds since 1970. */
  at: number
  /** When compaction put it away. */
  archived_at?: number
  /** The whole output of a tool, where the message has a shortened one. */
  full_text?: string
  changes?: { path: string; status: string }[]
  agent?: string
}

/** A session that was read, with its header. */
export type ReadSession = Conversation & { header: SessionHeader }

/** A session as plain data. */
export function exportAsData(session: ReadSession): ExportedSession {
  return {
    schema_version: 1,
    session: summaryOf(session, session.header, 0),
    messages: session.entries.map(({ at, message, archivedAt, fullText, changes, agent }) => ({
      ...message,
      at,
      ...(archivedAt !== undefined && { archived_at: archivedAt }),
      ...(fullText !== undefined && { full_text: fullText }),
      ...(changes && { changes }),
      ...(agent !== undefined && { agent }),
    })),
    meta: Object.fromEntries(session.meta),
    usage: session.usage,
  }
}

/** A session as a document for people. */
export function exportAsMarkdown(session: ReadSession): string {
  const { session: summary, usage } = exportAsData(session)
  const head = [
    `# ${summary.title || summary.id}`,
    '',
    `- Session: \`${summary.id}\``,
    `- Project: \`${summary.project}\``,
    `- Model: ${summary.model} (${summary.provider}), mode ${summary.mode}`,
    `- Started: ${new Date(summary.created_at).toISOString()}`,
    `- Tokens: ${usage.total.usage.input} in, ${usage.total.usage.output} out`,
  ]
  return `${[...head, ...session.entries.flatMap(markdownOf)].join('\n')}\n`
}

function markdownOf(entry: HistoryEntry): string[] {
  const { message } = entry
  const mark = entry.archivedAt === undefined ? '' : ' (archived)'
  if (message.role === 'tool') {
    const title = `### Result of ${message.name}: ${message.status}${mark}`
    const images = (message.images ?? []).map(image => `*[image, ${image.media_type}]*`)
    return ['', title, '', fenced(textOfEntry(entry)), ...images]
  }
  const title =
    message.role === 'user' ? `## User${message.origin === 'typed' ? '' : `, ${message.origin}`}` : '## Assistant'
  const parts = message.parts.map(part => {
    if (part.type === 'image') return `*[image, ${part.media_type}]*`
    if (part.type === 'tool_call') return `**${part.name}**\n\n${fenced(part.arguments)}`
    if (part.type === 'thinking') return part.text === '' ? '' : part.text.replace(/^/gm, '> ')
    return part.text
  })
  const end = message.role === 'assistant' && message.stop === 'cut' ? ['', '*[cut off]*'] : []
  return ['', `${title}${mark}`, ...parts.filter(part => part !== '').flatMap(part => ['', part]), ...end]
}

/** A fence longer than every run of backticks inside. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(run => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}

/** A session as a standard SQLite file. */
export async function exportAsSqlite(session: ReadSession): Promise<Uint8Array> {
  const { session: summary, meta, usage } = exportAsData(session)
  return withDatabase(EXPORT_STEPS, undefined, database => {
    const insert = (table: string, row: Record<string, string | number | null>) => {
      const columns = Object.keys(row)
      const marks = columns.map(() => '?').join(', ')
      database.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, Object.values(row))
    }
    database.run('BEGIN')
    insert('sessions', {
      id: summary.id,
      project_root: summary.project,
      agent_name: summary.agent,
      provider: summary.provider,
      model: summary.model,
      mode: summary.mode,
      title: summary.title,
      created_at: summary.created_at,
      last_accessed_at: summary.updated_at,
    })
    for (const each of session.entries) {
      insert('messages', { session_id: summary.id, ...rowOf(each, summary.agent) })
      for (const { path, status } of each.changes ?? []) {
        insert('touched_files', { session_id: summary.id, message_id: each.message.id, path, status })
      }
    }
    for (const [key, value] of Object.entries(meta)) {
      insert('session_metadata', { session_id: summary.id, key, value: JSON.stringify(value) ?? 'null' })
    }
    for (const [agent, total] of Object.entries(usage.by_agent)) {
      insert('usage', {
        session_id: summary.id,
        agent_name: agent,
        requests: total.requests,
        ...tokenColumns(total.usage),
        cost_usd: total.cost_usd,
      })
    }
    database.run('COMMIT')
    return database.export()
  })
}

function rowOf({ at, message, archivedAt, fullText, agent }: HistoryEntry, sessionAgent: string) {
  const calls = message.role === 'assistant' ? message.parts.filter(part => part.type === 'tool_call') : []
  const usage = message.role === 'assistant' ? message.usage : undefined
  return {
    message_id: message.id,
    role: message.role,
    content: textOfMessage(message),
    full_content: fullText ?? null,
    tool_calls: calls.length > 0 ? JSON.stringify(calls) : null,
    tool_call_id: message.role === 'tool' ? message.call_id : null,
    tool_name: message.role === 'tool' ? message.name : null,
    status: message.role === 'tool' ? message.status : null,
    agent_name: agent ?? sessionAgent,
    ...(usage && tokenColumns(usage)),
    created_at: at,
    compacted_at: archivedAt ?? null,
    is_complete: message.role === 'assistant' && message.stop === 'cut' ? 0 : 1,
    json: JSON.stringify(message),
  }
}

function tokenColumns(usage: SessionUsage['total']['usage']) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    cache_read_tokens: usage.cache_read,
    cache_creation_tokens: usage.cache_write,
    thinking_tokens: usage.thinking,
  }
}
