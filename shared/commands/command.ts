import type { Spending } from '#shared/agent/limits'
import type { OpenModel } from '#shared/agent/open-model'
import type { AgentRunner } from '#shared/agent/reading-agents'
import type { KodePaths } from '#shared/config/paths'
import type { Settings } from '#shared/config/settings'
import type { FileSystem, Processes, Web } from '#shared/host/host'
import type { McpServers } from '#shared/mcp/mcp-servers'
import type { OrchestrationEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'

/** Something a user can ask for by name: `kode name` on a terminal, `/name` in the chat, a command over ACP. */
export interface Command {
  name: string
  /** One line for menus and help. */
  summary: string
  /** What follows the name, such as `<prompt…>`. */
  usage: string
  doors: readonly Door[]
  options: Readonly<Record<string, CommandOption>>
  /** Takes the flags that choose a model. */
  needsModel?: boolean
  /** Prints JSON even without `--json`. */
  isJsonByDefault?: boolean
  run(context: CommandContext, args: CommandArgs): Promise<CommandResult>
}

/** What menus and completion tell of a command. */
export type CommandEntry = Pick<Command, 'name' | 'summary' | 'usage' | 'doors' | 'options'>

export type Door = 'cli' | 'chat' | 'acp'

export interface CommandOption {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** What the value is called in help, such as `FILE`. */
  value?: string
  help: string
}

export interface CommandArgs {
  words: readonly string[]
  flags: Readonly<Record<string, string | boolean | string[] | undefined>>
}

/** What a command may use, the same at every door. */
export interface CommandContext {
  /** Absolute project folder, links resolved. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  paths: KodePaths
  files: FileSystem
  processes: Processes
  web: Web
  version: string
  now(): number
  /** Everything that can follow `kode` at this door. */
  commands(): Promise<readonly CommandEntry[]>
  /** Reads the settings; what is wrong with them ends the command with exit code 2. */
  settings(): Promise<Settings>
  /** What is piped in; empty on a terminal. */
  readInput(): Promise<string>
  /** One line about how it goes, for people; never part of the result. */
  progress(text: string): void
  /** What agents of a pipeline are at, for people; absent where nobody looks on. */
  tell?(event: OrchestrationEvent): void
  /** Starts kode's own agents, to read in the project; absent where a door cannot. */
  openAgents?(settings: Partial<Settings>): Promise<AgentRunner>
  /** A piece of the result that cannot wait for the end. */
  print(text: string): void
  /** Text for people as it comes, such as the errors of a command that is passed through. */
  printError(text: string): void
  /** The MCP servers of the conversation that the command is called in. */
  mcp?: McpServers
  /** Who is asked in the conversation that the command is called in, and whose money that is; absent on a command line. */
  conversation?: { smallModel(): Promise<OpenModel>; spending: Spending }
  /** Puts a question of yes or no to the user; absent where nobody can answer. */
  confirm?(question: string): Promise<boolean>
  /** Asks the user for a text that is not shown; empty when they gave up. Absent where nobody can answer. */
  askSecret?(question: string): Promise<string>
  signal: AbortSignal
}

export interface CommandResult {
  exitCode: number
  /** The stable contract, printed when JSON is wanted. */
  json?: unknown
  /** For people. */
  text?: string
  /** Printed as it is, instead of either. */
  raw?: string
}

/** Ends a command with one line for people; the doors turn it into their own kind of error. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A text flag; undefined when it was not given. */
export function textFlag(args: CommandArgs, name: string): string | undefined {
  const value = args.flags[name]
  return typeof value === 'string' ? value : undefined
}

/** A whole number from 1; undefined when the flag was not given. */
export function wholeNumber(args: CommandArgs, name: string): number | undefined {
  const text = textFlag(args, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new CommandFailure(`--${name} wants a whole number from 1, not "${text}"`, EXIT.usage)
}
