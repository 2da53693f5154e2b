import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AssistantMessage, Message, ToolMessage, UserMessage } from '#shared/protocol/messages'
import type { SessionLog } from '#shared/store/messages'
import { type NewSession, openStore, type Store } from '#shared/store/sessions'

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kode-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function storeIn(folder: string, now: () => number = Date.now): Store {
  const store = openStore({ folder, now })
  if (!store.ok) throw new Error(store.error.message)
  return store.value
}

export function sessionIn(store: Store, wanted: Partial<NewSession> = {}): SessionLog {
  const session = store.createSession({
    project: '/work/one',
    agent: 'kode',
    provider: 'openai',
    model: 'model-1',
    mode: 'safe',
    ...wanted,
  })
  if (!session.ok) throw new Error(session.error.message)
  return session.value
}

export async function reopen(store: Store, id: string) {
  const opened = await store.openSession(id)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

export function user(id: string, text: string): UserMessage {
  return { role: 'user', id, parts: [{ type: 'text', text }], origin: 'typed' }
}

export function assistant(id: string, text: string, ...callIds: string[]): AssistantMessage {
  return {
    role: 'assistant',
    id,
    parts: [
      { type: 'text', text },
      ...callIds.map(callId => ({
        type: 'tool_call' as const,
        id: callId,
        name: 'Read',
        arguments: '{"path":"a.ts"}',
      })),
    ],
    model: 'model-1',
    stop: callIds.length > 0 ? 'tool_calls' : 'end',
  }
}

export function result(id: string, callId: string, text: string): ToolMessage {
  return { role: 'tool', id, call_id: callId, name: 'Read', text, status: 'ok' }
}

export function idsOf(messages: readonly Message[]): string[] {
  return messages.map(message => message.id)
}
