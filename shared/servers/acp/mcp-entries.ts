import type { McpServer } from '@agentclientprotocol/sdk'

/** The MCP servers that a client hands in, in the shape of `mcpServers`. What an editor runs may be on this machine. */
export function mcpEntries(servers: readonly McpServer[]): Record<string, unknown> {
  return Object.fromEntries(servers.map(server => [server.name, entryOf(server)]))
}

function entryOf(server: McpServer): Record<string, unknown> {
  if ('command' in server) return { command: server.command, args: server.args, env: pairs(server.env) }
  if ('url' in server) {
    return { type: server.type, url: server.url, headers: pairs(server.headers), allow_local: true }
  }
  return {}
}

function pairs(list: readonly { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}
