import type { AgentSession } from '#shared/agent/session'
import type { Processes } from '#shared/host/host'
import type { UserPart } from '#shared/protocol/messages'

/** A command about the conversation it is typed in: the same at a terminal, in the chat panel and over ACP. */
export interface ChatCommand {
  name: string
  /** One line for menus and help. */
  summary: string
  /** What follows the name, such as `[n]`. */
  usage: string
  /** Refused while a turn runs. */
  needsIdle: boolean
  /** Rejects with one line for people. */
  run(chat: ConversationContext, words: readonly string[]): Promise<ChatAnswer>
}

/** What the user is shown, or what the model is asked in their place. */
export type ChatAnswer = { text: string } | { prompt: UserPart[] }

export interface ConversationContext {
  session: AgentSession
  /** Absolute project folder. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  /** For git. */
  processes: Processes
  /** Puts a text into the user's clipboard; absent where there is none. */
  copy?(text: string): Promise<void> | void
  signal: AbortSignal
}

/** `3` of `/expand 3`; 1 without a number. */
export function placeFrom(words: readonly string[]): number {
  const place = Number(words[0] ?? 1)
  if (Number.isInteger(place) && place >= 1) return place
  throw new Error(`"${words[0]}" is no number from 1 on; 1 is the latest.`)
}
