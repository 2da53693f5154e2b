import { cutMiddle } from '#shared/base/cut'
import { uncommittedDiff, uncommittedSummary } from '#shared/context/environment'
import type { ChatCommand } from './chat-command'

/** Source: spec/koda.md §3.2. */
const MAX_DIFF_CHARS = 30_000

/** What git says has changed, reviewed or committed by the model on request. */
export const diffCommand: ChatCommand = {
  name: 'diff',
  summary: 'what is not committed; review lets the model look at it, commit lets it write the message',
  usage: '[review | commit]',
  needsIdle: true,
  async run({ root, env, processes }, [action]) {
    const summary = await uncommittedSummary(root, env, processes)
    if (summary === undefined) throw new Error('This project is not a git repository.')
    if (summary === '') return { text: 'Nothing has changed since the last commit.' }
    const request = action === undefined ? '' : REQUESTS[action]
    if (request === undefined) throw new Error(`/diff ${action}? There are: /diff, /diff review, /diff commit.`)
    if (request === '') return { text: `${summary}\n/diff review looks at it, /diff commit commits it.` }
    const diff = await uncommittedDiff(root, env, processes)
    const texts = [request, `<changes>\n${summary}\n</changes>`, `<diff>\n${cutMiddle(diff, MAX_DIFF_CHARS)}\n</diff>`]
    return { prompt: texts.map(text => ({ type: 'text', text })) }
  },
}

const REQUESTS: Readonly<Record<string, string>> = {
  review:
    'Review these changes: mistakes first, then what could be simpler. Name file and line, and say so if nothing is wrong.',
  commit:
    'Write a conventional commit message for these changes and commit them with git. Stage what belongs together; leave out what looks unfinished or secret, and say so.',
}
