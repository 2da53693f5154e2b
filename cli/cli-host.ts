import { kodePaths } from '#shared/config/paths'
import type { Host } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { logFile } from '#shared/host/node/log-file'
import { nodeProcesses } from '#shared/host/node/processes'
import { nodeWeb } from '#shared/host/node/web'

/** Host of the command line, where nobody can answer. */
export function cliHost(): Host {
  return {
    files: nodeFiles(),
    processes: nodeProcesses(),
    web: nodeWeb(),
    log: logFile(kodePaths(process.env).logs, process.env.KODE_LOG),
    now: () => Date.now(),
    approve: async () => ({ kind: 'unavailable' }),
    ask: async () => '',
  }
}
