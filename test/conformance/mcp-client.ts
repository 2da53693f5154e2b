// A client for the conformance suite: kode's own connection and login, with a browser that agrees at once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kodePaths } from '#shared/config/paths'
import { nodeFiles } from '#shared/host/node/files'
import { serversFrom } from '#shared/mcp/config-file'
import type { ServerConnection } from '#shared/mcp/connection'
import type { ListedTool } from '#shared/mcp/listed'
import { logIn } from '#shared/mcp/log-in'
import { McpServers } from '#shared/mcp/mcp-servers'
import { LoginStore } from '#shared/mcp/stored-login'

interface ScenarioContext {
  client_id?: string
  client_secret?: string
  toolCalls?: { name: string; arguments: Record<string, unknown> }[]
}

const url = process.argv.at(-1) ?? ''
const context: ScenarioContext = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')
const folder = mkdtempSync(join(tmpdir(), 'kode-conformance-'))
const keychain = { read: async () => undefined, keep: async () => false, remove: async () => undefined }
const store = new LoginStore({ files: nodeFiles(), paths: kodePaths({ HOME: folder }), keychain })

const entry = {
  url,
  allow_local: true,
  oauth: {
    ...(context.client_id && { client_id: context.client_id, client_secret: context.client_secret }),
    client_metadata_url: 'https://conformance-test.local/client-metadata.json',
  },
}
const read = serversFrom({ suite: entry }, { source: 'user', from: 'suite', root: folder, env: {} })
const [config] = read.servers
if (config?.target.kind !== 'web') throw new Error(read.problems.join('\n'))
const { target } = config

const servers = new McpServers({
  servers: [config],
  root: folder,
  env: process.env,
  version: '1.0.0',
  // Only programs are ever run in it.
  sandbox: { level: 'none' } as never,
  logins: store,
  now: () => Date.now(),
  log: text => console.error(text),
})
const server = servers.find('suite')
if (!server) throw new Error('no server')
const failed = await run(server)
await servers.close()
rmSync(folder, { recursive: true })
process.exit(failed ? 1 : 0)

/** Connects, logs in where that is wanted, and calls every tool, or what the scenario asks for. */
async function run(server: ServerConnection): Promise<boolean> {
  const connected = await withLogin(server, () => server.connect())
  if (!connected.ok) {
    console.error(connected.error)
    return true
  }
  let hasFailed = false
  for (const { tool, input } of plannedCalls(server.tools)) {
    const result = await withLogin(server, () =>
      server.call(tool, input, {
        signal: new AbortController().signal,
        onProgress: text => console.error(text),
        ask: async () => '',
      }),
    )
    if (!result.ok) console.error(`${tool.name}: ${result.error}`)
    hasFailed ||= !result.ok
  }
  return hasFailed
}

function plannedCalls(tools: readonly ListedTool[]): { tool: ListedTool; input: Record<string, unknown> }[] {
  const { toolCalls } = context
  if (!toolCalls) return tools.map(tool => ({ tool, input: sampleInput(tool.inputSchema, tools) }))
  return toolCalls.flatMap(call => {
    const tool = tools.find(each => each.name === call.name)
    return tool ? [{ tool, input: call.arguments }] : []
  })
}

async function withLogin<T>(
  server: ServerConnection,
  work: () => Promise<{ ok: true; value: T } | { ok: false; error: string }>,
) {
  for (let attempt = 0; ; attempt++) {
    const done = await work()
    if (done.ok || attempt === 1 || !done.error.includes('wants a login')) return done
    const loggedIn = await logIn({
      name: 'suite',
      target,
      store,
      version: '1.0.0',
      env: {},
      open: address => void browse(address),
      signal: AbortSignal.timeout(20_000),
    })
    if (!loggedIn.ok) return { ok: false as const, error: loggedIn.error }
    await server.reconnect()
  }
}

/** Goes where it is sent, as a browser whose user clicks yes. */
async function browse(address: URL): Promise<void> {
  const reply = await fetch(address, { redirect: 'manual' })
  const location = reply.headers.get('location')
  if (location) await browse(new URL(location, address))
}

/** A tool that wants a schema gets the first tool's, as it arrived. */
function sampleInput(schema: unknown, tools: readonly ListedTool[]): Record<string, unknown> {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  const samples: Record<string, unknown> = {
    number: 5,
    integer: 5,
    boolean: true,
    array: [],
    object: tools[0]?.inputSchema,
  }
  return Object.fromEntries(Object.entries(properties).map(([name, { type }]) => [name, samples[type ?? ''] ?? 'test']))
}
