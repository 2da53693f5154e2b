import { cancelCommand } from './cancel'
import type { ChatCommand } from './chat-command'
import { compactCommand } from './compact'
import { copyCommand } from './copy'
import { diffCommand } from './diff'
import { expandCommand } from './expand'
import { rememberCommand } from './remember'
import { titleCommand } from './title'

/** Every command about the conversation itself. Adding one: its file, and its name here. */
export const CHAT_COMMANDS: readonly ChatCommand[] = [
  compactCommand,
  diffCommand,
  expandCommand,
  copyCommand,
  rememberCommand,
  titleCommand,
  cancelCommand,
]

/** The command that a typed line calls, and its words; `/memory save` is found before the shelf's `/memory`. */
export function chatCommandOf(line: string): { command: ChatCommand; words: string[] } | undefined {
  const typed = line.slice(1).trim().split(/\s+/)
  for (const command of CHAT_COMMANDS) {
    const name = command.name.split(' ')
    if (name.every((word, place) => typed[place] === word)) return { command, words: typed.slice(name.length) }
  }
  return undefined
}
