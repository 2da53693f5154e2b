import { EXIT } from '#shared/protocol/exit-codes'
import { COMMON_OPTIONS, numberFlag, PORT, parse, UsageError } from './args'
import { cliHost } from './cli-host'
import type { Interruption } from './interruption'
import type { Output } from './output'
import { SERVER_HELP } from './server-options'
import { modelSettings } from './settings-flags'
import { VERSION } from './version'

/** `kode server …`, until the client goes away or a signal comes. */
export async function runServer(args: readonly string[], output: Output, interruption: Interruption): Promise<number> {
  const { flags, words } = parse(args, { ...COMMON_OPTIONS, ...SERVER_HELP.options })
  if (flags.help) {
    const { entryHelp } = await import('./help')
    output.result(entryHelp(SERVER_HELP))
    return EXIT.done
  }
  const port = numberFlag(flags, 'port', PORT)
  if (words.length > 0 || (port === undefined) === (flags.stdio !== true)) {
    throw new UsageError('kode server wants --stdio or --port N')
  }
  const { approve: _, ask: __, ...machine } = cliHost()
  const settings = modelSettings(flags)
  const parts = { machine, settings: { mode: 'safe' as const, ...settings }, env: process.env, version: VERSION }
  if (port === undefined) {
    const { serveStdio } = await import('#shared/servers/acp/stdio')
    await serveStdio(parts, interruption.signal)
    return EXIT.done
  }
  const { serveWebSockets } = await import('#shared/servers/acp/web-sockets')
  const token = process.env.KODE_SERVER_TOKEN
  await serveWebSockets(parts, { port, ...(token && { token }), tell: text => output.note(text) }, interruption.signal)
  return EXIT.done
}
