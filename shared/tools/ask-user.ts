import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

const input = v.object({
  question: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
  options: v.optional(v.pipe(v.array(v.string()), v.description('Answers to choose from')), []),
})

/** A question the model cannot answer itself. */
export const askUserTool = defineTool({
  name: 'AskUser',
  aliases: ['ask_user', 'ask_question'],
  description: 'Asks the user something only they can know. Do not ask for permission: that is asked by itself.',
  input,
  isReadOnly: false,
  async prepare({ question, options }, context) {
    return {
      kind: 'action',
      title: question,
      effect: effectOf('read_only', 'asks the user'),
      async run(signal) {
        const answer = await context.ask(question, options, signal)
        return { text: answer.trim() === '' ? 'No answer. Decide yourself and say what you assumed.' : answer }
      },
    }
  },
})
