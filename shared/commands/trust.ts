import { readAsset } from '#shared/host/node/assets'
import { EXIT } from '#shared/protocol/exit-codes'
import type { TrustRule } from '#shared/trust/rules'
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
import { projectRules } from './support/project-sandbox'

/** What a command line can do at worst, and what each mode decides. */
export const trustCommand: Command = {
  name: 'trust',
  summary: 'tells what a command line can do at worst and what each mode decides; lists and revokes rules',
  usage: 'check [--mode MODE] -- <command line> | check --stdin | rules [add|revoke <rule>]',
  doors: ['cli', 'chat'],
  options: {
    mode: { type: 'string', value: 'MODE', help: 'tell the decision of this mode first' },
    stdin: { type: 'boolean', help: 'JSON strings line by line; one JSON object per line comes out' },
  },
  async run(context, args) {
    const [action, ...words] = args.words
    if (action === 'rules') return changeRules(context, words)
    if (action !== 'check') {
      throw new CommandFailure('usage: kode trust check -- <command line>, or kode trust rules', EXIT.usage)
    }
    const parser = new ShellParser(readAsset)
    const rules = await (await projectRules(context)).rules()
    return args.flags.stdin ? checkLines(context, parser, rules) : checkOne(context, args, parser, rules)
  },
}

/** `rules`, `rules add RULE`, `rules revoke RULE`. */
async function changeRules(context: CommandContext, [action, ...words]: readonly string[]): Promise<CommandResult> {
  const book = await projectRules(context)
  const text = words.join(' ').trim()
  if (action !== undefined) {
    if ((action !== 'add' && action !== 'revoke') || text === '') {
      throw new CommandFailure('usage: kode trust rules, kode trust rules add|revoke <rule>', EXIT.usage)
    }
    const changed = action === 'add' ? await book.remember(text) : await book.revoke(text)
    if (!changed.ok) throw new CommandFailure(changed.error.message, EXIT.failed)
  }
  const loaded = await book.load()
  if (!loaded.ok) throw new CommandFailure(loaded.error.message, EXIT.refused)
  const { rules, problems } = loaded.value
  const lines = rules.map(rule => (rule.source === 'user' ? rule.text : `${rule.text}  (${rule.source})`))
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, rules: rules.map(rule => ({ rule: rule.text, source: rule.source })), problems },
    text: [...(lines.length > 0 ? lines : ['No rules.']), ...problems.map(each => `not in force: ${each}`)].join('\n'),
  }
}

async function checkOne(
  context: CommandContext,
  args: CommandArgs,
  parser: ShellParser,
  rules: readonly TrustRule[],
): Promise<CommandResult> {
  const line = args.words.slice(1).join(' ')
  if (line === '') throw new CommandFailure('no command line; put it after --', EXIT.usage)
  const mode = textFlag(args, 'mode')
  if (mode !== undefined && mode !== 'plan' && mode !== 'safe' && mode !== 'auto') {
    throw new CommandFailure(`--mode "${mode}" is not one of plan, safe, auto`, EXIT.usage)
  }
  const check = await checkCommand(line, placeOf(context), parser, rules)
  return { exitCode: EXIT.done, json: check, text: describeTrustCheck(check, mode).join('\n') }
}

/** Exactly one line out for each line in, in order, whatever it is. */
async function checkLines(
  context: CommandContext,
  parser: ShellParser,
  rules: readonly TrustRule[],
): Promise<CommandResult> {
  const input = await context.readInput()
  const lines = input.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines)
    context.print(`${await checkJsonLine(line.replace(/\r$/, ''), placeOf(context), parser, rules)}\n`)
  return { exitCode: EXIT.done }
}

function placeOf({ root, paths, env }: CommandContext) {
  return { root, home: paths.home, ...(env.TMPDIR && { tmp: env.TMPDIR }) }
}
