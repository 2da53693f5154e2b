import type { Client } from '@modelcontextprotocol/client'
import * as v from 'valibot'

/** A tool as its server lists it; what makes no sense is left out. */
export interface ListedTool {
  name: string
  description: string
  /** Whatever the server said. */
  inputSchema: unknown
  hints: { readOnly?: boolean; destructive?: boolean; openWorld?: boolean }
}

export interface ListedResource {
  uri: string
  name: string
}

export interface ListedPrompt {
  name: string
  description: string
  arguments: { name: string; isRequired: boolean }[]
}

/** A server that lists more is taken at its first ones: each costs part of every request. */
const MAX_TOOLS = 256
const MAX_PAGES = 64

const flag = v.fallback(v.optional(v.boolean()), undefined)
const text = v.fallback(v.optional(v.string(), ''), '')

const toolSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  title: text,
  description: text,
  inputSchema: v.optional(v.unknown()),
  annotations: v.fallback(
    v.optional(v.object({ readOnlyHint: flag, destructiveHint: flag, openWorldHint: flag }), {}),
    {},
  ),
})

const pageSchema = v.looseObject({
  tools: v.array(v.unknown()),
  nextCursor: v.fallback(v.optional(v.string()), undefined),
})

/** Every tool of a server that has a name, each once; one that is garbage costs itself. */
export async function listTools(client: Client, signal: AbortSignal): Promise<ListedTool[]> {
  if (!client.getServerCapabilities()?.tools) return []
  const tools = new Map<string, ListedTool>()
  for (const given of await rawTools(client, signal)) {
    const parsed = v.safeParse(toolSchema, given)
    if (!parsed.success || tools.size >= MAX_TOOLS || tools.has(parsed.output.name)) continue
    const { name, title, description, inputSchema, annotations } = parsed.output
    tools.set(name, {
      name,
      description: description || title,
      inputSchema,
      hints: {
        ...(annotations.readOnlyHint !== undefined && { readOnly: annotations.readOnlyHint }),
        ...(annotations.destructiveHint !== undefined && { destructive: annotations.destructiveHint }),
        ...(annotations.openWorldHint !== undefined && { openWorld: annotations.openWorldHint }),
      },
    })
  }
  return [...tools.values()]
}

/** The SDK refuses a whole list for one bad entry; then it is read again, entry by entry. */
async function rawTools(client: Client, signal: AbortSignal): Promise<readonly unknown[]> {
  try {
    return (await client.listTools(undefined, { signal, cacheMode: 'refresh' })).tools
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'INVALID_RESULT')) throw error
  }
  const tools: unknown[] = []
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const listed = await client.request({ method: 'tools/list', params }, pageSchema, { signal })
    tools.push(...listed.tools)
    if (listed.nextCursor === undefined || listed.nextCursor === cursor || tools.length >= MAX_TOOLS) break
    cursor = listed.nextCursor
  }
  return tools
}

/** Empty where the server has none, or cannot say. */
export async function listResources(client: Client, signal: AbortSignal): Promise<ListedResource[]> {
  if (!client.getServerCapabilities()?.resources) return []
  const { resources } = await client.listResources(undefined, { signal })
  return resources.map(({ uri, name }) => ({ uri, name }))
}

/** Empty where the server has none, or cannot say. */
export async function listPrompts(client: Client, signal: AbortSignal): Promise<ListedPrompt[]> {
  if (!client.getServerCapabilities()?.prompts) return []
  const { prompts } = await client.listPrompts(undefined, { signal })
  return prompts.map(({ name, title, description, arguments: args }) => ({
    name,
    description: description ?? title ?? '',
    arguments: (args ?? []).map(each => ({ name: each.name, isRequired: each.required ?? false })),
  }))
}
