import type { ProjectFile } from '#shared/config/project-file'
import { contentHash, entriesIn, type ReadServers, serversFrom } from './config-file'
import type { Consents } from './consent'
import type { ConfigText } from './find-config'
import { type ServerConfig, whereIs } from './server-config'

/** Servers that a project names and that the user did not agree to yet. */
export interface Unallowed {
  /** Relative to the project. */
  file: string
  hash: string
  servers: ServerConfig[]
}

export interface LoadedServers {
  servers: ServerConfig[]
  unallowed: Unallowed[]
  /** One line for people each. */
  problems: string[]
}

export interface LoadParts {
  root: string
  env: Readonly<Record<string, string | undefined>>
  texts: readonly ConfigText[]
  /** From the project's own settings. */
  project: ProjectFile['mcp']
  /** Handed in by an ACP client, in the shape of a file's entries. */
  given?: Readonly<Record<string, unknown>>
  consents: Consents
}

/**
 * All servers for a project. Of two with the same name the first counts: the client's, the user's, the project's.
 * What a project names is handed out only once the user agreed to exactly this text.
 */
export async function loadServers(parts: LoadParts): Promise<LoadedServers> {
  const { root, env, consents } = parts
  const loaded: LoadedServers = { servers: [], unallowed: [], problems: [] }
  const take = ({ servers, problems }: ReadServers) => {
    loaded.problems.push(...problems)
    for (const server of servers) {
      if (!loaded.servers.some(known => known.name === server.name)) loaded.servers.push(server)
      else if (server.source !== 'client') {
        loaded.problems.push(`${server.from}: ${server.name}: another server of this name goes before it`)
      }
    }
  }
  take(serversFrom(parts.given ?? {}, { source: 'client', from: 'the editor', root, env }))
  for (const { source, from, text } of sourcesOf(parts)) {
    const entries = entriesIn(text, from)
    if (!entries.ok) {
      loaded.problems.push(entries.error)
      continue
    }
    const read = serversFrom(entries.value, { source, from, root, env })
    const hash = contentHash(text)
    if (source === 'user' || (await consents.isAllowed(root, from, hash))) take(read)
    else if (Object.keys(entries.value).length > 0) loaded.unallowed.push({ file: from, hash, servers: read.servers })
  }
  return loaded
}

function sourcesOf({ texts, project }: LoadParts): ConfigText[] {
  const settings = project && Object.keys(project).length > 0
  if (!settings) return [...texts]
  return [...texts, { source: 'project', from: '.kode/kode.json', text: JSON.stringify({ mcp: project }) }]
}

/** What the user is told before they agree: every program and address. */
export function consentNote({ file, servers }: Unallowed): string {
  const what = servers.map(server => `${server.name}: ${whereIs(server.target)}`).join('; ')
  return `${file} names MCP servers that are not started without your consent (${what || 'none that is valid'}). Look at the file, then: kode mcp allow`
}
