import * as vscode from 'vscode'
import type { ChatAnswer } from '#shared/commands/chat/chat-command'
import { nodeProcesses } from '#shared/host/node/processes'
import type { Conversation } from './conversation'

/** Runs a command about the conversation itself; undefined when the line calls none. Rejects with a message for the user. */
export async function runChatCommand(line: string, conversation: Conversation): Promise<ChatAnswer | undefined> {
  const { chatCommandOf } = await import('#shared/commands/chat/registry')
  const found = chatCommandOf(line)
  if (!found) return undefined
  const { root } = await conversation.kode()
  const session = await conversation.session()
  const copy = async (text: string) => vscode.env.clipboard.writeText(text)
  const { signal } = new AbortController()
  return found.command.run({ session, root, env: process.env, processes: nodeProcesses(), copy, signal }, found.words)
}
