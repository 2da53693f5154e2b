import { join } from 'node:path'

const MODULES = join(import.meta.dirname, '../../node_modules')
const PACKAGES = join(MODULES, '@modelcontextprotocol')

/** How a reference server is started, as an entry of `mcpServers`. */
export function referenceServer(name: 'everything' | 'filesystem' | 'memory', ...args: string[]) {
  return { command: process.execPath, args: [join(PACKAGES, `server-${name}`, 'dist/index.js'), ...args] }
}

/** Debian's Chromium as tools. The browser's own sandbox needs what a test machine may not give. */
export function browserServer() {
  const options = ['--headless', '--isolated', '--no-sandbox', '--executable-path', '/usr/bin/chromium']
  return { command: process.execPath, args: [join(MODULES, '@playwright/mcp/cli.js'), ...options] }
}

/** A server that behaves as badly as it is told; see hostile-mcp-server.mjs. */
export function hostileServer(...habits: string[]) {
  return { command: process.execPath, args: [join(import.meta.dirname, 'hostile-mcp-server.mjs'), ...habits] }
}

/** The text of an `mcp.json`. */
export function mcpJson(mcpServers: Record<string, unknown>): string {
  return JSON.stringify({ mcpServers })
}
