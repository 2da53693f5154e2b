import type { ChatCommand } from './chat-command'

/** What stands for the conversation in lists; until it is given, the first prompt does. */
export const titleCommand: ChatCommand = {
  name: 'title',
  summary: 'gives this conversation a title; without words the model finds one',
  usage: '[words]',
  needsIdle: true,
  async run({ session, signal }, words) {
    if (session.messages().length === 0) throw new Error('Nothing was said yet.')
    const title = words.join(' ') || (await session.suggestTitle(signal))
    if (title === undefined) throw new Error('No title came; give one: /title words.')
    await session.setTitle(title)
    return { text: `It is called "${title}" now.` }
  },
}
