import { systemKeychain } from '#shared/config/keychain'
import type { KodePaths } from '#shared/config/paths'
import type { ProjectFile } from '#shared/config/project-file'
import type { FileSystem, Processes } from '#shared/host/host'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { Consents } from './consent'
import type { ConfigText } from './find-config'
import { consentNote, loadServers } from './load-servers'
import { McpServers } from './mcp-servers'
import { LoginStore } from './stored-login'

export interface OpenMcp {
  /** Absolute, links resolved. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  version: string
  files: FileSystem
  processes: Processes
  paths: KodePaths
  sandbox: Sandbox
  texts: readonly ConfigText[]
  project: ProjectFile['mcp']
  given?: Readonly<Record<string, unknown>>
  now(): number
  log(text: string): void
}

/**
 * Reads the configuration and makes the servers ready; nothing is started yet.
 *
 * @param known servers to go on with under the new configuration
 */
export async function openMcp(
  options: OpenMcp,
  known?: McpServers,
): Promise<{ servers: McpServers; warnings: string[] }> {
  const { root, env, version, sandbox, now, log } = options
  const consents = new Consents(options.files, options.paths)
  const loaded = await loadServers({ ...options, consents })
  const warnings = [...loaded.problems, ...loaded.unallowed.map(consentNote)]
  if (known) {
    await known.update(loaded.servers)
    return { servers: known, warnings }
  }
  const logins = new LoginStore({
    files: options.files,
    paths: options.paths,
    keychain: systemKeychain(options.processes, env),
  })
  const servers = new McpServers({ servers: loaded.servers, root, env, version, sandbox, logins, now, log })
  return { servers, warnings }
}
