import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool, type ToolContext } from './tool'

const MAX_TIMEOUT_S = 3_600

const input = v.object({
  question: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
  options: v.optional(v.pipe(v.array(v.string()), v.description('Answers to choose from')), []),
  multiple: v.optional(v.pipe(v.boolean(), v.description('Several options may be chosen')), false),
  default: v.optional(v.pipe(v.string(), v.description('Counts when nobody answers'))),
  timeout: v.optional(
    v.pipe(v.number(), v.minValue(1), v.maxValue(MAX_TIMEOUT_S), v.description('Seconds to wait; without: for ever')),
  ),
})
type Input = v.InferOutput<typeof input>

/** A question the model cannot answer itself. */
export const askUserTool = defineTool({
  name: 'AskUser',
  aliases: ['ask_user', 'ask_question'],
  description: 'Asks the user something only they can know. Do not ask for permission: that is asked by itself.',
  input,
  isReadOnly: false,
  async prepare(request, context) {
    return {
      kind: 'action',
      title: request.question,
      effect: effectOf('read_only', 'asks the user'),
      run: async signal => ({ text: await answer(request, context, signal) }),
    }
  },
})

async function answer(request: Input, context: ToolContext, signal: AbortSignal): Promise<string> {
  const { timeout, default: fallback } = request
  const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000)
  const given = await context.ask(request, limit ? AbortSignal.any([signal, limit]) : signal)
  if (given.trim() !== '') return given
  const nothing = limit?.aborted ? `No answer within ${timeout} s.` : 'No answer.'
  return `${nothing} ${fallback === undefined ? 'Decide yourself and say what you assumed.' : `The default counts: ${fallback}`}`
}
