import { join } from 'node:path'

const PACKAGES = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol')

/** How a reference server is started, as an entry of `mcpServers`. */
export function referenceServer(name: 'everything' | 'filesystem' | 'memory', ...args: string[]) {
  return { command: process.execPath, args: [join(PACKAGES, `server-${name}`, 'dist/index.js'), ...args] }
}

/** A server that behaves as badly as it is told; see hostile-mcp-server.mjs. */
export function hostileServer(...habits: string[]) {
  return { command: process.execPath, args: [join(import.meta.dirname, 'hostile-mcp-server.mjs'), ...habits] }
}

/** The text of an `mcp.json`. */
export function mcpJson(mcpServers: Record<string, unknown>): string {
  return JSON.stringify({ mcpServers })
}
