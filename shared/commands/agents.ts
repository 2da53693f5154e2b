import { AgentShelf } from '#shared/context/agents/agent-shelf'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Command } from './command'

/** Who can be asked. */
export const agentsCommand: Command = {
  name: 'agents',
  summary: 'lists agents: built-in, your own, and of this project',
  usage: '',
  doors: ['cli', 'chat'],
  options: {},
  async run({ root, paths, files, printError }) {
    const shelf = await AgentShelf.read(root, paths.agents, files)
    for (const warning of shelf.warnings) printError(`warning: ${warning}`)
    const agents = shelf.all()
    return {
      exitCode: EXIT.done,
      json: {
        schema_version: 1,
        agents: agents.map(({ name, description, source, path, trust, model, allowedTools, disallowedTools }) => ({
          name,
          description,
          source,
          trust,
          disallowed_tools: disallowedTools,
          ...(path && { path }),
          ...(model && { model }),
          ...(allowedTools && { allowed_tools: allowedTools }),
        })),
        warnings: shelf.warnings,
      },
      text: agents
        .map(
          ({ name, description, source, trust }) =>
            `${name.padEnd(16)} ${trust.padEnd(5)} ${source.padEnd(9)} ${description}`,
        )
        .join('\n'),
    }
  },
}
