import * as v from 'valibot'
import { defineTool, type Prepared, type Tool, type ToolContext } from '#shared/tools/tool'
import { type Effect, effectOf } from '#shared/trust/effects'

/** A tool that does what a test says; `log` tells what really ran. */
export function fakeTool(
  name: string,
  run: (input: { text: string }, context: ToolContext) => Promise<string> | string,
  more: { effect?: Effect; isReadOnly?: boolean; prepared?: Prepared } = {},
): Tool {
  return defineTool({
    name,
    description: name,
    input: v.object({ text: v.optional(v.string(), '') }),
    isReadOnly: more.isReadOnly ?? false,
    async prepare(input, context) {
      return (
        more.prepared ?? {
          kind: 'action',
          title: input.text,
          effect: more.effect ?? effectOf('read_only', 'reads'),
          run: async () => ({ text: await run(input, context) }),
        }
      )
    },
  })
}
