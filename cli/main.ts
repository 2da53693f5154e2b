import { EXIT } from '#shared/protocol/exit-codes'
import { AGENT_OPTIONS, COMMON_OPTIONS, type ParsedArgs, parse, textFlag, UsageError } from './args'
import { type CliEnd, Interruption } from './interruption'
import { terminalOutput } from './output'
import { projectRoot } from './project-root'

const interruption = new Interruption()
const output = terminalOutput(process.env, () => interruption.readerGone())
let isDying = false
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, async error => {
    // Whatever fails while the failure is told ends the process at once.
    if (isDying) process.exit(EXIT.failed)
    isDying = true
    await tellCrash(error)
    interruption.exit(EXIT.failed)
  })
}
const end = await main(process.argv.slice(2))
await interruption.exit(end)

/** Arguments → command → exit code. What goes wrong in a way that was to be expected is one line on stderr. */
async function main(args: readonly string[]): Promise<CliEnd> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (error instanceof UsageError) {
      output.note(`error: ${error.message}`)
      output.note('Try: kode --help')
      return EXIT.usage
    }
    if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') {
      output.note(`error: ${error.message}`)
      return error.exitCode
    }
    await tellCrash(error)
    return EXIT.failed
  }
}

/** A bug: recorded, so that `kode debug-bundle` can hand it on. */
async function tellCrash(error: unknown): Promise<void> {
  output.note(`error: kode failed unexpectedly: ${error instanceof Error ? error.stack : String(error)}`)
  const [{ recordCrash }, { kodePaths }, { VERSION }] = await Promise.all([
    import('#shared/host/node/log-file'),
    import('#shared/config/paths'),
    import('./version'),
  ])
  const path = recordCrash(kodePaths(process.env).logs, VERSION, error)
  if (path) output.note(`Recorded in ${path}; kode debug-bundle packs it.`)
}

async function dispatch(args: readonly string[]): Promise<CliEnd> {
  const name = args[0] ?? ''
  if (name === 'sessions' && args[1] === 'resume') return dispatch(['--resume', ...args.slice(2)])
  if (name === 'help' || (name === '--help' && args.length === 1) || (name === '-h' && args.length === 1)) {
    const { helpText } = await import('./help')
    output.result(await helpText(args[1]))
    return EXIT.done
  }
  if (name === 'server') {
    const { runServer } = await import('./server-door')
    return runServer(args.slice(1), output, interruption)
  }
  if (name === 'mcp') {
    const { runMcp } = await import('./mcp-door')
    return runMcp(args.slice(1), output, interruption)
  }
  if (name !== '' && !name.startsWith('-')) {
    const { runNamedCommand } = await import('./command-door')
    const exitCode = await runNamedCommand(name, args.slice(1), output, interruption.signal)
    if (exitCode !== undefined) return exitCode
  }
  const { words, flags } = parse(args, { ...COMMON_OPTIONS, ...AGENT_OPTIONS })
  // Alone it is answered by the launcher.
  if (flags.version) await import('./version-line')
  if (flags.help) {
    const { helpText } = await import('./help')
    output.result(await helpText())
    return EXIT.done
  }
  const root = projectRoot(textFlag(flags, 'project-root') ?? textFlag(flags, 'project-dir'))
  if (words.length === 0 && wantsConversation(flags)) {
    const { runInteractive } = await import('./interactive/interactive')
    return runInteractive({ flags, root, output, interruption })
  }
  const { runAgent } = await import('./agent-run')
  return runAgent({ words, flags, root, output, interruption })
}

/** Without a prompt, on a terminal, and with nothing asked for that only a script reads. */
function wantsConversation(flags: ParsedArgs['flags']): boolean {
  const isScripted = ['prompt', 'json', 'output-format', 'input-format', 'output-schema'].some(name => name in flags)
  return !isScripted && process.stdin.isTTY && process.stdout.isTTY
}
