import { ok, type Result } from '#shared/base/result'
import type { KodePaths } from '#shared/config/paths'
import type { Settings } from '#shared/config/settings'
import type { AgentShelf } from '#shared/context/agents/agent-shelf'
import { DEFAULT_AGENT } from '#shared/context/agents/built-in'
import type { AgentDefinition } from '#shared/context/agents/definition'
import type { FileSystem } from '#shared/host/host'

/** The agent that talks to the user; where it is kode itself, no file is looked at. An error is one line for people. */
export async function chooseAgent(
  settings: Settings,
  root: string,
  paths: KodePaths,
  files: FileSystem,
): Promise<Result<{ agent: AgentDefinition; warnings: readonly string[] }, string>> {
  if (settings.agent === undefined) return ok({ agent: DEFAULT_AGENT, warnings: [] })
  const shelf = await readShelf(settings, root, paths, files)
  const found = shelf.find(settings.agent)
  return found.ok ? ok({ agent: found.value, warnings: shelf.warnings }) : found
}

/** All agents that there are for a run with such settings. */
export async function readShelf(
  { isBare }: Settings,
  root: string,
  paths: KodePaths,
  files: FileSystem,
): Promise<AgentShelf> {
  const { AgentShelf } = await import('#shared/context/agents/agent-shelf')
  return isBare ? AgentShelf.builtIn() : AgentShelf.read(root, paths.agents, files)
}
