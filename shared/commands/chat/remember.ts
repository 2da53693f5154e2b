import type { ChatCommand } from './chat-command'

/** Keeps for later conversations what this one has found out. */
export const rememberCommand: ChatCommand = {
  name: 'memory save',
  summary: 'remembers what this conversation found out about the project',
  usage: '',
  needsIdle: true,
  async run({ session }) {
    if (session.messages().length === 0) throw new Error('Nothing was said yet.')
    return { prompt: [{ type: 'text', text: REQUEST }] }
  },
}

const REQUEST =
  'Remember with MemoryWrite, in one short entry, what of this conversation a later one about this project must know: ' +
  'decisions, commands that work, where things are, what surprised. Leave out what the code itself says.'
