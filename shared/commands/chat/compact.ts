import type { ChatCommand } from './chat-command'

/** Makes room before the window is full. */
export const compactCommand: ChatCommand = {
  name: 'compact',
  summary: 'summarises older messages now, to make room',
  usage: '',
  needsIdle: true,
  async run({ session, signal }) {
    const before = session.messages().length
    const isDone = await session.compact(signal)
    if (!isDone) return { text: 'Nothing was put away: there is too little to summarise, or no summary came.' }
    const count = before - session.messages().length + 1
    return {
      text: `A summary stands for ${count} older messages now. They are kept: RecallContext and search find them.`,
    }
  },
}
