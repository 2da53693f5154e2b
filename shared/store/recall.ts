import { escaped } from '#shared/base/escaped'
import type { Message } from '#shared/protocol/messages'
import type { HistoryEntry } from './conversation'

/** One place where a message says what was looked for. */
export interface Hit {
  /** Number of the message in its session, from 1. */
  turn: number
  role: Message['role']
  message_id: string
  snippet: string
  is_archived: boolean
}

/** Looks through messages for a text, whatever its case, or a pattern; newest first. */
export function searchEntries(entries: readonly HistoryEntry[], query: string | RegExp): Hit[] {
  const pattern =
    typeof query === 'string'
      ? new RegExp(escaped(query), 'iu')
      : new RegExp(query.source, query.flags.replace(/[gy]/g, ''))
  const hits = entries.flatMap((entry, index): Hit[] => {
    const text = textOfEntry(entry)
    const match = pattern.exec(text)
    if (!match) return []
    return [
      {
        turn: index + 1,
        role: entry.message.role,
        message_id: entry.message.id,
        snippet: snippetAt(text, match.index, match[0].length),
        is_archived: entry.archivedAt !== undefined,
      },
    ]
  })
  return hits.reverse()
}

/** Everything a message says, the full output of a tool rather than the shortened one. */
export function textOfEntry(entry: HistoryEntry): string {
  return entry.fullText ?? textOfMessage(entry.message)
}

/** Everything a message says: texts, thinking, calls. */
export function textOfMessage(message: Message): string {
  if (message.role === 'tool') return message.text
  const texts = message.parts.map(part => {
    if (part.type === 'image') return ''
    return part.type === 'tool_call' ? `${part.name} ${part.arguments}` : part.text
  })
  return texts.filter(text => text !== '').join('\n')
}

/** Characters before and after the place that was found. */
const BEFORE = 50
const AFTER = 150

/** The surroundings of a place, cut between characters. */
export function snippetAt(text: string, index: number, length: number): string {
  const before = [...text.slice(Math.max(0, index - 2 * BEFORE), index)].slice(-BEFORE).join('')
  const after = [...text.slice(index + length, index + length + 2 * AFTER)].slice(0, AFTER).join('')
  const isCutBefore = index > before.length
  const isCutAfter = index + length + after.length < text.length
  return `${isCutBefore ? '…' : ''}${before}${text.slice(index, index + length)}${after}${isCutAfter ? '…' : ''}`.trim()
}
