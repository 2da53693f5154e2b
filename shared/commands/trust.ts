import { readAsset } from '#shared/host/node/assets'
import { EXIT } from '#shared/protocol/exit-codes'
import { ShellParser } from '#shared/trust/shell-parser'
import { checkCommand, checkJsonLine, describeTrustCheck } from '#shared/trust/trust-check'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
} from './command'

/** What a command line can do at worst, and what each mode decides. */
export const trustCommand: Command = {
  name: 'trust',
  summary: 'tells what a command line can do at worst and what each mode decides',
  usage: 'check [--mode MODE] -- <command line> | check --stdin',
  doors: ['cli', 'chat'],
  options: {
    mode: { type: 'string', value: 'MODE', help: 'tell the decision of this mode first' },
    stdin: { type: 'boolean', help: 'JSON strings line by line; one JSON object per line comes out' },
  },
  async run(context, args) {
    if (args.words[0] !== 'check') throw new CommandFailure('usage: kode trust check -- <command line>', EXIT.usage)
    const parser = new ShellParser(readAsset)
    return args.flags.stdin ? checkLines(context, parser) : checkOne(context, args, parser)
  },
}

async function checkOne(context: CommandContext, args: CommandArgs, parser: ShellParser): Promise<CommandResult> {
  const line = args.words.slice(1).join(' ')
  if (line === '') throw new CommandFailure('no command line; put it after --', EXIT.usage)
  const mode = textFlag(args, 'mode')
  if (mode !== undefined && mode !== 'plan' && mode !== 'safe' && mode !== 'auto') {
    throw new CommandFailure(`--mode "${mode}" is not one of plan, safe, auto`, EXIT.usage)
  }
  const check = await checkCommand(line, placeOf(context), parser)
  return { exitCode: EXIT.done, json: check, text: describeTrustCheck(check, mode).join('\n') }
}

/** Exactly one line out for each line in, in order, whatever it is. */
async function checkLines(context: CommandContext, parser: ShellParser): Promise<CommandResult> {
  const input = await context.readInput()
  const lines = input.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) context.print(`${await checkJsonLine(line.replace(/\r$/, ''), placeOf(context), parser)}\n`)
  return { exitCode: EXIT.done }
}

function placeOf({ root, paths, env }: CommandContext) {
  return { root, home: paths.home, ...(env.TMPDIR && { tmp: env.TMPDIR }) }
}
