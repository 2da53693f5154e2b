import type { Command, CommandContext } from '#shared/commands/command'
import { EXIT } from '#shared/protocol/exit-codes'
import type { ContextMaker } from '#shared/servers/mcp/kode-tools'
import { COMMON_OPTIONS, numberFlag, parse, textFlag, UsageError } from './args'
import { commandContext } from './command-door'
import type { Interruption } from './interruption'
import type { Output } from './output'
import { projectRoot } from './project-root'
import { MCP_HELP } from './server-options'
import { VERSION } from './version'

/** `kode mcp serve …`, until the client goes away or a signal comes. */
export async function runMcp(args: readonly string[], output: Output, interruption: Interruption): Promise<number> {
  const { flags, words } = parse(args, { ...COMMON_OPTIONS, ...MCP_HELP.options })
  if (flags.help) {
    const { entryHelp } = await import('./help')
    output.result(entryHelp(MCP_HELP))
    return EXIT.done
  }
  if (words.join(' ') !== 'serve') throw new UsageError('kode mcp wants serve')
  const port = numberFlag(flags, 'port')
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
