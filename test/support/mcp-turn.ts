import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TrustMode } from '#shared/protocol/approvals'
import { agentSession, resultsOf } from './agent-session'
import { calls, FakeProvider, says } from './fake-provider'
import { mcpJson } from './mcp-servers'
import { tempProject } from './temp-project'

export type McpTurn = Parameters<typeof agentSession>[2] & { root?: string; mode?: TrustMode }

/** A headless session with servers in the user's own file, and the results of one turn. */
export async function turnWith(servers: Record<string, unknown>, asked: [string, unknown][], more: McpTurn = {}) {
  const { root = tempProject(), mode, ...options } = more
  mkdirSync(join(root, '../.config/kode'), { recursive: true })
  writeFileSync(join(root, '../.config/kode/mcp.json'), mcpJson(servers))
  const model = new FakeProvider(...asked.map(call => calls(call)), says('done'))
  const opened = await agentSession(root, model, options)
  if (mode) opened.session.setMode(mode)
  await opened.session.prompt([{ type: 'text', text: 'go' }])
  const results = resultsOf(opened.session).map(({ status, text }) => ({ status, text }))
  const notices = opened.events.flatMap(event => (event.type === 'notice' ? [event.text] : []))
  return { ...opened, root, model, results, notices }
}
