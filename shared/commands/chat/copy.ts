import { textOf } from '#shared/agent/model-call'
import { type ChatCommand, placeFrom } from './chat-command'

const PREVIEW_CHARS = 60

/** One of the answers, into the clipboard. */
export const copyCommand: ChatCommand = {
  name: 'copy',
  summary: 'copies the latest answer, or the n-th latest',
  usage: '[n]',
  needsIdle: false,
  async run({ session, copy }, words) {
    if (!copy) throw new Error('There is no clipboard here.')
    const place = placeFrom(words)
    const answers = session.history().flatMap(({ message }) => {
      const text = textOf(message).trim()
      return text === '' ? [] : [text]
    })
    const answer = answers.at(-place)
    if (answer === undefined) throw new Error(`There are only ${answers.length} answers.`)
    await copy(answer)
    const line = answer.split('\n', 1)[0]!
    return { text: `Copied: ${line.length > PREVIEW_CHARS ? `${line.slice(0, PREVIEW_CHARS)}…` : line}` }
  },
}
