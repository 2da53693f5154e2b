import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

/** Which agents there are. */
export const listAgentsTool = defineTool({
  name: 'ListAgents',
  aliases: ['list_agents'],
  description: 'Lists the agents for InvokeAgent.',
  input: v.object({
    detail: v.optional(v.pipe(v.boolean(), v.description('With the beginning of each prompt')), false),
  }),
  isReadOnly: true,
  async prepare({ detail }, context) {
    return {
      kind: 'action',
      title: '',
      effect: effectOf('read_only', 'lists agents'),
      async run() {
        const agents = await context.session.agents.list()
        const lines = agents.map(({ name, description, source, prompt }) => {
          const more = detail && prompt !== '' ? `\n  ${prompt.replaceAll('\n', '\n  ')}` : ''
          return `${name} [${source}]: ${description}${more}`
        })
        return { text: lines.join('\n') }
      },
    }
  },
})
