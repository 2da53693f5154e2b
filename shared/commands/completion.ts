import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandEntry, CommandFailure } from './command'

/** Completion scripts, made from the shelf of commands. */
export const completionCommand: Command = {
  name: 'completion',
  summary: 'prints a completion script',
  usage: 'bash|zsh|fish',
  doors: ['cli'],
  options: {},
  async run(context, args) {
    const commands = (await context.commands()).filter(command => command.doors.includes('cli'))
    const shell = args.words[0]
    if (shell === 'bash') return { exitCode: EXIT.done, raw: bash(commands) }
    if (shell === 'zsh') return { exitCode: EXIT.done, raw: zsh(commands) }
    if (shell === 'fish') return { exitCode: EXIT.done, raw: fish(commands) }
    throw new CommandFailure('name a shell: kode completion bash|zsh|fish', EXIT.usage)
  },
}

function flagsOf(command: CommandEntry): string[] {
  return Object.keys(command.options).map(name => `--${name}`)
}

function bash(commands: readonly CommandEntry[]): string {
  const cases = commands.map(command => `    ${command.name}) words="${flagsOf(command).join(' ')}" ;;`)
  return `_kode() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${commands.map(command => command.name).join(' ')}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(command => command.name).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kode kode
`
}

function zsh(commands: readonly CommandEntry[]): string {
  const described = commands.map(
    command => `    '${command.name}:${command.summary.replaceAll("'", '').replaceAll(':', ' ')}'`,
  )
  const cases = commands.map(command => `    ${command.name}) compadd -- ${flagsOf(command).join(' ')}; _files ;;`)
  return `#compdef kode
_kode() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case $words[2] in
${cases.join('\n')}
  esac
}
compdef _kode kode
`
}

function fish(commands: readonly CommandEntry[]): string {
  const lines = commands.flatMap(command => [
    `complete -c kode -n __fish_use_subcommand -a ${command.name} -d '${command.summary.replaceAll("'", '')}'`,
    ...Object.entries(command.options).map(
      ([name, option]) =>
        `complete -c kode -n '__fish_seen_subcommand_from ${command.name}' -l ${name} -d '${option.help.replaceAll("'", '')}'`,
    ),
  ])
  return `${lines.join('\n')}\n`
}
