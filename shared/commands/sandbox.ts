import { shellWord } from '#shared/base/shell-word'
import { EXIT } from '#shared/protocol/exit-codes'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { type Command, type CommandContext, CommandFailure, type CommandResult, textFlag } from './command'
import { openProjectSandbox } from './support/project-sandbox'

/** A command run this way has as much time as it wants. */
const NO_TIME_LIMIT_MS = 24 * 3_600_000

/** The very sandbox that the agent's shell uses. */
export const sandboxCommand: Command = {
  name: 'sandbox',
  summary: "runs a command in the sandbox of the agent's shell, or tells what it allows",
  usage: 'run [--net allow-list|none] -- <command> | check',
  doors: ['cli'],
  options: {
    net: {
      type: 'string',
      value: 'allow-list|none',
      help: 'which hosts it may reach; default: allow-list, as the agent',
    },
  },
  async run(context, args) {
    const [action, ...words] = args.words
    if (action !== 'run' && action !== 'check') {
      throw new CommandFailure('usage: kode sandbox run -- <command>, or kode sandbox check', EXIT.usage)
    }
    const net = textFlag(args, 'net')
    if (net !== undefined && net !== 'allow-list' && net !== 'none') {
      throw new CommandFailure(`--net "${net}" is not one of allow-list, none`, EXIT.usage)
    }
    const sandbox = await openProjectSandbox(context, { useSandbox: true, ...(net && { net }) })
    try {
      return action === 'check' ? check(sandbox) : await runIn(sandbox, words, context)
    } finally {
      await sandbox.close()
    }
  },
}

function check(sandbox: Sandbox): CommandResult {
  const policy = sandbox.effectivePolicy()
  const json = { schema_version: 1, level: sandbox.level, description: sandbox.description, policy }
  return {
    exitCode: sandbox.level === 'none' ? EXIT.failed : EXIT.done,
    json,
    text: `${sandbox.description}\n${JSON.stringify(policy, null, 2)}`,
  }
}

async function runIn(sandbox: Sandbox, words: readonly string[], context: CommandContext): Promise<CommandResult> {
  if (words.length === 0) throw new CommandFailure('no command; put it after --', EXIT.usage)
  if (sandbox.level === 'none') throw new CommandFailure(`nothing was run: ${sandbox.description}`, EXIT.refused)
  // One word is a command line; several are one command with its arguments, as the shell had split them.
  const command = words.length === 1 ? (words[0] ?? '') : words.map(quoted).join(' ')
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const ended = await sandbox.run({
    command,
    cwd: context.root,
    timeoutMs: NO_TIME_LIMIT_MS,
    signal: context.signal,
    onOutput(piece, stream) {
      const text = decoders[stream].decode(piece, { stream: true })
      if (stream === 'stdout') context.print(text)
      else context.printError(text)
    },
  })
  if (!ended.ok) throw new CommandFailure(ended.error.message, EXIT.refused)
  for (const violation of ended.value.violations) context.progress(violation)
  return { exitCode: ended.value.exitCode }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellWord(word)
}
