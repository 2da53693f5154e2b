import type { Command, CommandContext } from '#shared/commands/command'
import { mcpCommand } from '#shared/commands/mcp'
import { EXIT } from '#shared/protocol/exit-codes'
import type { ContextMaker } from '#shared/servers/mcp/kode-tools'
import { COMMON_OPTIONS, MODEL_OPTIONS, numberFlag, type OptionSpecs, PORT, parse, textFlag, UsageError } from './args'
import { commandContext, runNamedCommand } from './command-door'
import type { Interruption } from './interruption'
import type { Output } from './output'
import { projectRoot } from './project-root'
import { VERSION } from './version'

const OPTIONS: OptionSpecs = { ...COMMON_OPTIONS, ...MODEL_OPTIONS, ...mcpCommand.options }

/** `kode mcp …`: the command of the shelf, and `serve`, which only a command line has. */
export async function runMcp(args: readonly string[], output: Output, interruption: Interruption): Promise<number> {
  const serves = args.find(arg => !arg.startsWith('-')) === 'serve' && !args.includes('--help') && !args.includes('-h')
  if (serves) return serve(args, output, interruption)
  return (await runNamedCommand('mcp', withRawProgram(args), output, interruption.signal)) ?? EXIT.usage
}

/** In `add NAME COMMAND ARGS…` everything from the command on is the server's own, whatever it looks like. */
function withRawProgram(args: readonly string[]): readonly string[] {
  const words: string[] = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg === '--') return args
    if (arg.startsWith('-')) {
      const option = Object.entries(OPTIONS).find(([name, { short }]) => arg === `--${name}` || arg === `-${short}`)
      if (option?.[1].type === 'string') at++
    } else if (words.push(arg) === 3) {
      return words[0] === 'add' ? [...args.slice(0, at), '--', ...args.slice(at)] : args
    }
  }
  return args
}

/** Until the client goes away or a signal comes. */
async function serve(args: readonly string[], output: Output, interruption: Interruption): Promise<number> {
  const { flags, words } = parse(args, OPTIONS)
  if (words.join(' ') !== 'serve') throw new UsageError('kode mcp serve takes flags only')
  const port = numberFlag(flags, 'port', PORT)
  if (port !== undefined && !flags.http) throw new UsageError('--port wants --http')
  const root = projectRoot(textFlag(flags, 'project-root') ?? textFlag(flags, 'project-dir'))
  const contextFor: ContextMaker = (command: Command, { signal, input, progress }): CommandContext => ({
    ...commandContext(command, root, flags, output, signal),
    readInput: () => Promise.resolve(input),
    progress,
    // stdout belongs to the protocol.
    print: progress,
    printError: text => output.errors(text),
  })
  const { serveMcpOnHttp, serveMcpOnStdio } = await import('#shared/servers/mcp/serve')
  if (!flags.http) {
    await serveMcpOnStdio(VERSION, contextFor, interruption.signal)
    return EXIT.done
  }
  const token = process.env.KODE_MCP_TOKEN
  const options = { port: port ?? 0, ...(token && { token }), tell: (text: string) => output.note(text) }
  await serveMcpOnHttp(VERSION, contextFor, options, interruption.signal)
  return EXIT.done
}
