import { writeSync } from 'node:fs'
import { nodeProcesses } from '#shared/host/node/processes'
import { describeSandbox } from '#shared/sandbox/working-wall'
import { VERSION } from './version'

// One line for bug reports: product, version, state of the sandbox.
writeSync(1, `kode ${VERSION} (sandbox: ${await describeSandbox(nodeProcesses(), process.env)})\n`)
process.exit(0)
