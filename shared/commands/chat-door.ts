import type { Command, CommandContext } from './command'
import { loadAllCommands, loadCommand } from './registry'

/** A command as a menu shows it. */
export type MenuEntry = Pick<Command, 'name' | 'summary'>

/** What the chat brings along; its commands read no input and print into their result. */
export type ChatContext = Omit<CommandContext, 'commands' | 'readInput' | 'askSecret' | 'print' | 'printError'>

/** Commands of the shelf that have a door to the chat. */
export async function chatCommands(): Promise<MenuEntry[]> {
  return (await loadAllCommands()).filter(command => command.doors.includes('chat'))
}

/** Runs such a command. Rejects with one line for people. @returns its result for people */
export async function runInChat(name: string, words: readonly string[], context: ChatContext): Promise<string> {
  const command = await loadCommand(name)
  if (!command?.doors.includes('chat')) throw new Error(`There is no command /${name}.`)
  const printed: string[] = []
  const print = (text: string) => printed.push(text)
  const door = { commands: loadAllCommands, readInput: async () => '', print, printError: print }
  const result = await command.run({ ...context, ...door }, { words, flags: {} })
  return [...printed, result.text ?? ''].filter(text => text !== '').join('\n')
}
