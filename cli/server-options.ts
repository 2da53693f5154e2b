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
