import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

const DEFAULT_AGENT = 'task'
const TITLE_CHARS = 100

const input = v.object({
  prompt: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank'), v.description('All it needs to know')),
  agent_name: v.optional(v.string(), DEFAULT_AGENT),
  session_id: v.optional(v.pipe(v.string(), v.description('Goes on with an earlier one'))),
  background: v.optional(v.boolean(), false),
})

/** Work handed to another agent. */
export const invokeAgentTool = defineTool({
  name: 'InvokeAgent',
  aliases: ['invoke_agent', 'task', 'agent'],
  description:
    'Hands work to another agent with a context of its own and returns its answer: explore finds things out, plan, verify, task changes files in a copy of its own that is merged back. Several calls in one reply run side by side. background: go on meanwhile, its result comes by itself.',
  input,
  isReadOnly: true,
  isDelegating: true,
  async prepare({ prompt, agent_name, session_id, background }, context) {
    const { agents } = context.session
    const checked = await agents.check(agent_name, background)
    if (!checked.ok) return { kind: 'refused', text: `Error: ${checked.error}` }
    return {
      kind: 'action',
      title: `${agent_name}: ${prompt.split('\n', 1)[0]}`.slice(0, TITLE_CHARS),
      effect: effectOf('read_only', 'starts another agent, which may do no more than you'),
      async run(signal, onOutput, callId) {
        const request = { agent: agent_name, prompt, callId, ...(session_id && { sessionId: session_id }) }
        if (!background) return agents.invoke(request, signal, onOutput)
        const started = await agents.start(request)
        if (!started.ok) return { isError: true, text: `Error: ${started.error}` }
        return {
          text: `Started as ${started.value.id}. Its result comes by itself; WaitTask waits, CancelTask ends it.`,
        }
      },
    }
  },
})
