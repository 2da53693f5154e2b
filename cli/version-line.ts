import { nodeProcesses } from '#shared/host/node/processes'
import { describeSandbox } from '#shared/sandbox/open'

/** One line for bug reports: product, version, state of the sandbox. */
export async function versionLine(version: string): Promise<string> {
  return `kode ${version} (sandbox: ${await describeSandbox(nodeProcesses(), process.env)})`
}
