import { MODEL_OPTIONS } from './args'

/** `kode server`: what it takes, for parsing and for help. */
export const SERVER_HELP = {
  name: 'server',
  summary: 'serves editors that speak the Agent Client Protocol',
  usage: '--stdio | --port N',
  options: {
    stdio: { type: 'boolean', help: 'one client, over stdin and stdout' },
    port: {
      type: 'string',
      value: 'N',
      help: 'clients over WebSockets on the loopback interface; 0 picks a free port',
    },
    mode: { type: 'string', value: 'MODE', help: 'plan, safe or auto; default: safe' },
    'no-sandbox': { type: 'boolean', help: 'for diagnosis: run commands unconfined (not in auto)' },
    ...MODEL_OPTIONS,
  },
} as const

/** `kode mcp`: what it takes, for parsing and for help. */
export const MCP_HELP = {
  name: 'mcp',
  summary: 'serves planning, verification and verified changes to MCP clients',
  usage: 'serve [--http [--port N]]',
  options: {
    http: { type: 'boolean', help: 'over Streamable HTTP at /mcp on the loopback interface, instead of stdio' },
    port: { type: 'string', value: 'N', help: 'with --http; default: any free one' },
    ...MODEL_OPTIONS,
  },
} as const
