import { textOfEntry } from '#shared/store/recall'
import { type ChatCommand, placeFrom } from './chat-command'

/** What was too long to show when it came. */
export const expandCommand: ChatCommand = {
  name: 'expand',
  summary: 'shows the whole output of the latest tool call, or the n-th latest',
  usage: '[n]',
  needsIdle: false,
  async run({ session }, words) {
    const place = placeFrom(words)
    const results = session.history().filter(entry => entry.message.role === 'tool')
    const entry = results.at(-place)
    if (entry?.message.role !== 'tool') throw new Error(`There are only ${results.length} tool calls.`)
    return { text: `${entry.message.name} (${entry.message.status})\n${textOfEntry(entry)}` }
  },
}
