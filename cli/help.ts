import type { Command } from '#shared/commands/command'
import { loadAllCommands, loadCommand } from '#shared/commands/registry'
import { EXIT_MEANINGS } from '#shared/protocol/exit-codes'
import { AGENT_OPTIONS, COMMON_OPTIONS, MODEL_OPTIONS, type OptionSpecs } from './args'
import { SERVER_HELP } from './server-options'

/** `kode --help`, or the help of one command. */
export async function helpText(name?: string): Promise<string> {
  if (name === SERVER_HELP.name) return entryHelp(SERVER_HELP)
  const command = name === undefined ? undefined : await loadCommand(name)
  if (command) return commandHelp(command)
  const commands = (await loadAllCommands()).filter(each => each.doors.includes('cli'))
  return `${[
    'kode: a coding agent that cannot land unverified code',
    '',
    'Usage: kode [flags]               a conversation on this terminal',
    '       kode [flags] prompt…       one agent turn; the answer is printed on stdout',
    '       kode <command> [flags] …   see below; kode help <command> tells more',
    '',
    'Commands:',
    ...table([...commands, SERVER_HELP].map(each => [`${each.name} ${each.usage}`.trim(), each.summary])),
    '',
    'Flags:',
    ...optionLines({ ...AGENT_OPTIONS, ...COMMON_OPTIONS }),
    '',
    'Trust: auto runs what stays inside the project and asks for the rest; safe asks for every change; plan only reads.',
    'Without a terminal nobody can be asked: in auto, deleting and writing outside the project are denied; in safe, every change is.',
    '',
    'Environment: KODE_LLM_API_KEY (or OPENAI_API_KEY, ANTHROPIC_API_KEY, …), KODE_LLM_ENDPOINT, KODE_LLM_MODEL, NO_COLOR.',
    '',
    'Exit codes:',
    ...table(Object.entries(EXIT_MEANINGS)),
  ].join('\n')}\n`
}

/** What one command takes. */
export function commandHelp(command: Command): string {
  return entryHelp({ ...command, options: { ...command.options, ...(command.needsModel && MODEL_OPTIONS) } })
}

/** Help of anything that is called by a name. */
export function entryHelp(entry: { name: string; usage: string; summary: string; options: OptionSpecs }): string {
  const options = { ...entry.options, ...COMMON_OPTIONS }
  return `${[`kode ${entry.name} ${entry.usage}`.trim(), '', entry.summary, '', 'Flags:', ...optionLines(options)].join('\n')}\n`
}

function optionLines(options: OptionSpecs): string[] {
  return table(
    Object.entries(options).map(([name, option]) => [
      `${option.short ? `-${option.short}, ` : '    '}--${name}${option.value ? ` ${option.value}` : ''}`,
      option.help,
    ]),
  )
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(Math.max(...rows.map(([left]) => left.length)), 44)
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
