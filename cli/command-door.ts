import { type Command, type CommandContext, CommandFailure } from '#shared/commands/command'
import { loadAllCommands, loadCommand } from '#shared/commands/registry'
import { kodePaths } from '#shared/config/paths'
import { loadSettings, type Settings } from '#shared/config/settings'
import { EXIT } from '#shared/protocol/exit-codes'
import { COMMON_OPTIONS, MODEL_OPTIONS, type ParsedArgs, parse, textFlag } from './args'
import { cliHost } from './cli-host'
import { canConfirm, confirmOnTerminal } from './confirm'
import type { Output } from './output'
import { projectRoot } from './project-root'
import { orchestrationLine } from './render/orchestration'
import { SERVER_HELP } from './server-options'
import { modelSettings } from './settings-flags'
import { readStdin } from './stdin'
import { VERSION } from './version'

/** A door of its own, beside the shelf. */
const SERVER = { ...SERVER_HELP, doors: ['cli'] as const }

/** Runs `kode <name> …`; undefined when no command is called so. */
export async function runNamedCommand(
  name: string,
  args: readonly string[],
  output: Output,
  signal: AbortSignal,
): Promise<number | undefined> {
  const command = await loadCommand(name)
  if (!command?.doors.includes('cli')) return undefined

  const { words, flags } = parse(args, {
    ...COMMON_OPTIONS,
    ...(command.needsModel && MODEL_OPTIONS),
    ...command.options,
  })
  if (flags.help) {
    const { commandHelp } = await import('./help')
    output.result(commandHelp(command))
    return EXIT.done
  }
  const root = projectRoot(textFlag(flags, 'project-root') ?? textFlag(flags, 'project-dir'))
  const result = await command.run(commandContext(command, root, flags, output, signal), { words, flags })
  const wantsJson = flags.json === true || command.isJsonByDefault === true
  if (result.raw !== undefined) output.result(result.raw)
  else if (wantsJson && result.json !== undefined) output.result(`${JSON.stringify(result.json, null, 2)}\n`)
  else if (result.text !== undefined && result.text !== '') output.result(`${result.text}\n`)
  return result.exitCode
}

/** What a command may use when it is called from a terminal. */
export function commandContext(
  command: Command,
  root: string,
  flags: ParsedArgs['flags'],
  output: Output,
  signal: AbortSignal,
): CommandContext {
  const host = cliHost()
  return {
    root,
    env: process.env,
    paths: kodePaths(process.env),
    files: host.files,
    processes: host.processes,
    web: host.web,
    version: VERSION,
    now: () => host.now(),
    commands: async () => [...(await loadAllCommands()), SERVER],
    settings: () => settingsFor(command, root, flags, host, output),
    readInput: () => (process.stdin.isTTY ? Promise.resolve('') : readStdin()),
    progress: text => output.note(text),
    tell: event => output.note(orchestrationLine(event)),
    openAgents: async settings => {
      const { readingAgents } = await import('#shared/kode')
      const wanted = { ...modelSettings(flags), ...settings }
      return readingAgents(host, { root, settings: wanted, env: process.env, version: VERSION, isInteractive: false })
    },
    print: text => output.result(text),
    printError: text => output.errors(text),
    ...(canConfirm(process.env) && {
      confirm: question => confirmOnTerminal(question, signal),
      askSecret: async question => (await import('./ask-line')).askLine(question, signal, { isSecret: true }),
    }),
    signal,
  }
}

async function settingsFor(
  command: Command,
  root: string,
  flags: ParsedArgs['flags'],
  { files, processes }: ReturnType<typeof cliHost>,
  output: Output,
): Promise<Settings> {
  const loaded = await loadSettings({
    root,
    files,
    processes,
    env: process.env,
    flags: command.needsModel ? modelSettings(flags) : {},
  })
  if (!loaded.ok) throw new CommandFailure(loaded.error, EXIT.usage)
  for (const warning of loaded.value.warnings) output.note(`warning: ${warning}`)
  return loaded.value.settings
}
