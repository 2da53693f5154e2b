import { sleep } from '#shared/base/cancel'
import type { KodeEvent } from '#shared/protocol/events'
import type { Tool } from '#shared/tools/tool'
import { type ConfigText, findConfigTexts } from './find-config'
import type { McpServers } from './mcp-servers'
import type { OpenMcp } from './open-mcp'

/** What stays the same however often the configuration changes. */
export type ProjectServersParts = Omit<OpenMcp, 'texts'> & {
  /** Without the configuration of user and project. */
  isBare: boolean
  onTools(tools: readonly Tool[]): void
}

/** The MCP servers of one project; nothing of MCP is loaded where there are none. */
export class ProjectServers {
  readonly #parts: ProjectServersParts
  readonly #toldTroubles = new Set<string>()
  #servers: McpServers | undefined
  /** What the configuration leaves to be said to the user. */
  warnings: readonly string[] = []

  private constructor(parts: ProjectServersParts) {
    this.#parts = parts
  }

  /** @param texts what `findConfigTexts` found */
  static async open(parts: ProjectServersParts, texts: readonly ConfigText[]): Promise<ProjectServers> {
    const servers = new ProjectServers(parts)
    await servers.#load(texts)
    return servers
  }

  /** The servers, where there are any. */
  get servers(): McpServers | undefined {
    return this.#servers
  }

  /** Goes on with the configuration as it is now; what was added, removed or allowed is there from the next turn on. */
  async reload(): Promise<void> {
    const { isBare, root, paths, files } = this.#parts
    await this.#load(isBare ? [] : await findConfigTexts(root, paths, files))
  }

  /** Starts the servers; one that takes long brings its tools later, and one that failed is told of once. */
  async ready(emit: (event: KodeEvent) => void): Promise<void> {
    const servers = this.#servers
    if (!servers) return
    const slow = new AbortController()
    await Promise.race([servers.start(), sleep(PATIENCE_MS, slow.signal)])
    slow.abort()
    for (const text of servers.troubles()) {
      if (this.#toldTroubles.has(text)) continue
      this.#toldTroubles.add(text)
      emit({ type: 'notice', level: 'warning', text })
    }
  }

  async close(): Promise<void> {
    await this.#servers?.close()
  }

  async #load(texts: readonly ConfigText[]): Promise<void> {
    const { isBare, project, given, onTools } = this.#parts
    const isEmpty = texts.length === 0 && Object.keys(given ?? {}).length === 0 && (isBare || !project)
    if (isEmpty && !this.#servers) return
    const { openMcp } = await import('./open-mcp')
    const { servers, warnings } = await openMcp(
      { ...this.#parts, texts, project: isBare ? undefined : project },
      this.#servers,
    )
    this.warnings = warnings
    if (servers === this.#servers) return
    this.#servers = servers
    servers.subscribe(() => onTools(servers.tools()))
  }
}

/** How long a first turn waits for servers when somebody sits in front of it. */
const PATIENCE_MS = 5_000
