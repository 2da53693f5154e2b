import type { Tool } from '#shared/tools/tool'
import { type Effect, effectOf } from '#shared/trust/effects'
import type { ServerConnection } from './connection'
import type { ListedTool } from './listed'
import { outputOf } from './result-output'
import { plainText, toolDescription } from './server-text'
import { offeredSchema } from './tool-schema'

const MAX_TITLE_CHARS = 300

/** A server's tool as one of kode's: it passes trust like any other. */
export function mcpTool(name: string, listed: ListedTool, server: ServerConnection): Tool {
  const schema = offeredSchema(listed.inputSchema)
  const effect = effectOfTool(name, listed, server)
  return {
    name,
    // As some other agents call it.
    aliases: [`mcp__${name}`.toLowerCase()],
    description: toolDescription(server.config.name, listed.description),
    inputSchema: () => schema,
    isReadOnly: effect.class === 'read_only',
    async prepare(input, context) {
      const given = typeof input === 'object' && input !== null ? { ...input } : {}
      return {
        kind: 'action',
        title: titleOf(server.config.name, listed.name, given),
        effect,
        async run(signal, onOutput) {
          const told = throttled(
            text => onOutput(`${plainText(text)}\n`),
            () => context.now(),
          )
          const caller = { signal, onProgress: told, ask: context.ask }
          const result = await server.call(listed, given, caller)
          if (result.ok) return outputOf(result.value, context.contextFactor, context.env)
          return { isError: true, text: `Error: ${server.config.name}: ${result.error}` }
        },
      }
    },
  }
}

/**
 * What a call can do at worst, as far as the server says. Without a word from it, or with one that leaves it open, it
 * counts as what can destroy: it is asked about wherever somebody can answer, and a rule can name it.
 */
function effectOfTool(name: string, { hints }: ListedTool, { config }: ServerConnection): Effect {
  const network = config.target.kind === 'web' ? [new URL(config.target.url).hostname] : []
  const more = { programs: [name], network }
  if (hints.readOnly) return effectOf('read_only', `${config.name} says that it only reads`, more)
  if (hints.destructive === false) return effectOf('remote_action', `acts through ${config.name}`, more)
  if (hints.destructive) return effectOf('destructive', `${config.name} says that it can destroy`, more)
  return effectOf('destructive', `${config.name} does not say what it can do`, more)
}

function titleOf(server: string, tool: string, input: object): string {
  const args = Object.keys(input).length === 0 ? '' : ` ${plainText(JSON.stringify(input))}`
  const title = `${server}: ${plainText(tool)}${args}`
  return title.length > MAX_TITLE_CHARS ? `${title.slice(0, MAX_TITLE_CHARS)}…` : title
}

/** No more than a few words per second reach the surface, however often a server speaks. */
function throttled(tell: (text: string) => void, now: () => number): (text: string) => void {
  let last = -Infinity
  return text => {
    if (now() - last < PROGRESS_EVERY_MS) return
    last = now()
    tell(text)
  }
}

const PROGRESS_EVERY_MS = 200
