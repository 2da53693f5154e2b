import { uncommittedDiff } from '#shared/context/environment'
import { instructionsOf } from '#shared/context/skills/skill'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import type { FileSystem, Processes } from '#shared/host/host'
import type { McpServers } from '#shared/mcp/mcp-servers'
import type { UserPart } from '#shared/protocol/messages'

/** Where what a user's words name is found. */
export interface WordSources {
  /** Absolute, links resolved. */
  root: string
  files: FileSystem
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  skills(): Promise<SkillShelf>
  servers: McpServers | undefined
}

/**
 * A user's words as the model gets them: with the files and resources that they mention, with the instructions of
 * the skill that they begin with (`/review src`), or as the prompt of an MCP server that they name.
 */
export async function partsOf(text: string, sources: WordSources): Promise<UserPart[]> {
  const { root, files, env, processes, servers } = sources
  const signal = AbortSignal.timeout(SERVERS_TIMEOUT_MS)
  const isCommand = text.startsWith('/')
  const prompt = isCommand ? await servers?.promptParts(text, signal) : undefined
  if (prompt) return prompt
  const skill = isCommand ? skillParts(text, await sources.skills()) : []
  if (!text.includes('@')) return [{ type: 'text', text }, ...skill]
  const { withMentions } = await import('#shared/context/mentions')
  const resource = async (target: string) => servers?.resourceParts(target, signal)
  const diff = () => uncommittedDiff(root, env, processes)
  return [...(await withMentions(text, { root, files, diff, resource })), ...skill]
}

function skillParts(text: string, skills: SkillShelf): UserPart[] {
  const [, name, task = ''] = /^\/([\w.-]+)(?:\s+(.*))?$/s.exec(text.trim()) ?? []
  if (name === undefined) return []
  const found = skills.find(name)
  return found.ok && found.value.isUserInvocable ? [{ type: 'text', text: instructionsOf(found.value, task) }] : []
}

/** For all that one message fetches from MCP servers. */
const SERVERS_TIMEOUT_MS = 30_000
