import * as v from 'valibot'
import { messageOf } from '#shared/base/message-of'
import { searchEntries, textOfEntry } from '#shared/store/recall'
import { effectOf } from '#shared/trust/effects'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const MAX_HITS = 10
const TURN_CHARS = 2_000

const input = v.object({
  query: v.optional(v.pipe(v.string(), v.description('Text to look for'))),
  turn: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description('Number of a message, from 1'))),
  regex: v.optional(v.pipe(v.boolean(), v.description('query is a regular expression')), false),
  offset: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.description('Hits, or characters of the turn, to skip')),
    0,
  ),
})
type Input = v.InferOutput<typeof input>

/** Messages that compaction put away, and the whole text of shortened results. */
export const recallContextTool = defineTool({
  name: 'RecallContext',
  aliases: ['recall', 'recall_context'],
  description: 'Looks in the whole conversation, also in what was summarised, cleared or cut: by text, or one message.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    if (request.turn === undefined && (request.query ?? '').trim() === '') {
      return { kind: 'refused', text: 'Error: RecallContext needs a query or a turn.' }
    }
    return {
      kind: 'action',
      title: request.turn === undefined ? (request.query ?? '') : `turn ${request.turn}`,
      effect: effectOf('read_only', 'looks through the conversation'),
      run: async () => (request.turn === undefined ? search(request, context) : show(request.turn, request, context)),
    }
  },
})

function search({ query = '', regex, offset }: Input, context: ToolContext): ToolOutput {
  let pattern: string | RegExp = query
  try {
    if (regex) pattern = new RegExp(query, 'iu')
  } catch (error) {
    return { isError: true, text: `Error: ${messageOf(error)}` }
  }
  const entries = context.session.history()
  // The call itself is part of the conversation, and no answer to it.
  const question = entries.findLast(entry => entry.message.role === 'assistant')?.message.id
  const hits = searchEntries(entries, pattern).filter(hit => hit.message_id !== question)
  if (hits.length === 0) return { text: `Nothing in this conversation matches ${query}.` }
  const shown = hits.slice(offset, offset + MAX_HITS)
  const left = hits.length - offset - shown.length
  const more = left > 0 ? [`… and ${left} more; go on with offset ${offset + shown.length}`] : []
  return { text: [...shown.map(hit => `Turn ${hit.turn} (${hit.role}): ${hit.snippet}`), ...more].join('\n') }
}

function show(turn: number, { offset }: Input, context: ToolContext): ToolOutput {
  const entries = context.session.history()
  const entry = entries[turn - 1]
  if (!entry) return { isError: true, text: `Error: there are only ${entries.length} messages.` }
  const characters = [...textOfEntry(entry)]
  const end = Math.min(characters.length, offset + TURN_CHARS)
  const more = end < characters.length ? `\n[characters ${offset} to ${end} of ${characters.length}]` : ''
  return { text: `Turn ${turn} (${entry.message.role}):\n${characters.slice(offset, end).join('')}${more}` }
}
