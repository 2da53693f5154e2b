import { onTestFinished } from 'vitest'
import type { Settings } from '#shared/config/settings'
import type { Host } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { nodeWeb } from '#shared/host/node/web'
import { createKode, type Session } from '#shared/kode'
import type { KodeEvent } from '#shared/protocol/events'
import type { ToolMessage } from '#shared/protocol/messages'
import type { Provider } from '#shared/providers/provider'

/** A session of the real core in a project, with a model from a test; the sandbox, rg and git are real. */
export async function agentSession(
  root: string,
  provider: Provider,
  more: {
    host?: Partial<Host>
    env?: Record<string, string>
    model?: string
    settings?: Partial<Settings>
    isInteractive?: boolean
  } = {},
) {
  const host: Host = {
    files: nodeFiles(),
    processes: nodeProcesses(),
    web: nodeWeb(),
    log: { write: () => undefined },
    now: () => Date.now(),
    approve: async () => ({ kind: 'unavailable' }),
    ask: async () => '',
    ...more.host,
  }
  const kode = await createKode(host, {
    root,
    settings: { ...(more.model && { model: more.model }), ...more.settings },
    env: { PATH: process.env.PATH, HOME: `${root}/..`, ...more.env },
    version: 'test',
    isInteractive: more.isInteractive ?? false,
    provider,
  })
  if (!kode.ok) throw new Error(kode.error.message)
  const opened = await kode.value.openSession()
  if (!opened.ok) throw new Error(opened.error.message)
  const session = opened.value
  const events: KodeEvent[] = []
  session.subscribe(event => events.push(event))
  onTestFinished(async () => {
    await session.close()
    await kode.value.close()
  })
  return { session, events, kode: kode.value }
}

/** What the tools answered so far, in order. */
export function resultsOf(session: Session): ToolMessage[] {
  return session.messages().filter(message => message.role === 'tool')
}
