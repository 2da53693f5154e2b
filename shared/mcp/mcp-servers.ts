import { cutMiddle } from '#shared/base/cut'
import { fail } from '#shared/base/result'
import type { ImagePart, UserPart } from '#shared/protocol/messages'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { Tool } from '#shared/tools/tool'
import { ServerConnection, type ServerState } from './connection'
import type { ListedPrompt } from './listed'
import { mcpTool } from './mcp-tool'
import { programLine } from './program-line'
import { textOf } from './result-output'
import { type ServerConfig, type WebTarget, whereIs } from './server-config'
import { argumentWords, partsOfPrompt, promptArguments } from './server-prompt'
import { instructionSection, plainText } from './server-text'
import { type LoginStore, StoredLogin } from './stored-login'
import { toolName } from './tool-name'
import { webLine } from './web-line'

export interface McpParts {
  servers: readonly ServerConfig[]
  /** Absolute, links resolved. */
  root: string
  env: Readonly<Record<string, string | undefined>>
  version: string
  sandbox: Sandbox
  logins: LoginStore
  now(): number
  log(text: string): void
}

/** A server as people see it. */
export interface ServerView {
  name: string
  from: string
  where: string
  state: ServerState | 'disabled'
  /** Why it is not connected. */
  trouble: string
  tools: number
}

/** All servers of a project: what they offer, under names that are unique. */
export class McpServers {
  readonly #parts: McpParts
  #configs: readonly ServerConfig[]
  #connections: readonly ServerConnection[]
  readonly #listeners = new Set<() => void>()
  #started: Promise<void> | undefined

  constructor(parts: McpParts) {
    this.#parts = parts
    this.#configs = parts.servers
    this.#connections = parts.servers.filter(config => config.isEnabled).map(config => this.#connection(config))
  }

  /** Takes another configuration: what did not change stays connected. */
  async update(servers: readonly ServerConfig[]): Promise<void> {
    const known = new Map(this.#connections.map(each => [JSON.stringify(each.config), each]))
    this.#configs = servers
    this.#connections = servers
      .filter(config => config.isEnabled)
      .map(config => known.get(JSON.stringify(config)) ?? this.#connection(config))
    this.#started = undefined
    await Promise.all([...known.values()].filter(each => !this.#connections.includes(each)).map(each => each.close()))
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Connects to all of them side by side; resolves when each has answered or failed. */
  start(): Promise<void> {
    this.#started ??= Promise.all(this.#connections.map(each => each.connect())).then(() => undefined)
    return this.#started
  }

  /** Calls back when the tools are others than before. */
  subscribe(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** One line for each server that could not be reached. */
  troubles(): string[] {
    return this.#connections
      .filter(each => each.state === 'failed' || each.state === 'connecting')
      .map(each => `MCP server ${each.config.name}: ${each.trouble || 'it is still starting'}`)
  }

  /** What the servers offer, in an order that does not change by itself. */
  tools(): Tool[] {
    const taken = new Set<string>()
    return this.#connections.flatMap(server =>
      server.tools
        .filter(tool => isOffered(tool.name, server.config))
        .map(tool => {
          const name = toolName(server.config.name, tool.name, other => taken.has(other.toLowerCase()))
          taken.add(name.toLowerCase())
          return mcpTool(name, tool, server)
        }),
    )
  }

  /** The prompts of the servers, by the names of their slash commands. */
  prompts(): { name: string; summary: string }[] {
    return this.#connections.flatMap(server =>
      server.prompts.map(prompt => ({
        name: promptName(server.config.name, prompt),
        summary: `[${server.config.name}] ${plainText(prompt.description).split('\n', 1)[0]}`,
      })),
    )
  }

  /** What `/server__prompt arguments` stands for; undefined when there is no such prompt. */
  async promptParts(line: string, signal: AbortSignal): Promise<UserPart[] | undefined> {
    const [, wanted = '', rest = ''] = /^\/(?:mcp__)?(\S+)\s*(.*)$/s.exec(line) ?? []
    for (const server of this.#connections) {
      const prompt = server.prompts.find(each => promptName(server.config.name, each) === wanted)
      if (!prompt) continue
      const args = promptArguments(prompt, argumentWords(rest))
      const missing = prompt.arguments.filter(each => each.isRequired && args[each.name] === undefined)
      const got =
        missing.length > 0
          ? fail(`it needs ${missing.map(each => each.name).join(', ')}`)
          : await server.getPrompt(prompt.name, args, signal)
      if (got.ok) return partsOfPrompt(server.config.name, prompt.name, got.value)
      const note = `[The prompt ${prompt.name} of ${server.config.name} could not be had: ${got.error}. Tell the user.]`
      return [{ type: 'text', text: `${line}\n\n${note}` }]
    }
    return undefined
  }

  /** What `server:uri` leads to; undefined when there is no such server or resource. */
  async resourceParts(target: string, signal: AbortSignal): Promise<UserPart[] | undefined> {
    const at = target.indexOf(':')
    const server = at > 0 ? this.find(target.slice(0, at)) : undefined
    const read = await server?.readResource(target.slice(at + 1), signal)
    if (!server || !read?.ok) return undefined
    const images: ImagePart[] = []
    const texts = read.value.contents.map(resource => textOf({ type: 'resource', resource }, images))
    const text = plainText(texts.filter(each => each !== '').join('\n'))
    const shown = cutMiddle(text, MAX_RESOURCE_CHARS)
    const framed = `<resources from="${server.config.name}">\n${shown}\n</resources>`
    return [...(text === '' ? [] : [{ type: 'text' as const, text: framed }]), ...images]
  }

  /**
   * What the servers say about themselves, for the model.
   *
   * @param told names of servers that it knows already; those that speak now are added
   */
  instructions(told: Set<string>): string {
    const speaking = this.#connections.filter(each => each.instructions !== '' && !told.has(each.config.name))
    for (const { config } of speaking) told.add(config.name)
    return instructionSection(speaking.map(({ config, instructions }) => ({ name: config.name, instructions })))
  }

  views(): ServerView[] {
    return this.#configs.map(config => {
      const connection = this.find(config.name)
      return {
        name: config.name,
        from: config.from,
        where: whereIs(config.target),
        state: connection?.state ?? 'disabled',
        trouble: connection?.trouble ?? '',
        tools: connection?.tools.filter(tool => isOffered(tool.name, config)).length ?? 0,
      }
    })
  }

  find(name: string): ServerConnection | undefined {
    return this.#connections.find(each => each.config.name === name)
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map(each => each.close()))
  }

  #login(target: WebTarget): StoredLogin | undefined {
    if (target.oauth === false || hasOwnToken(target)) return undefined
    return new StoredLogin(target.url, this.#parts.logins, target.oauth)
  }

  #connection(config: ServerConfig): ServerConnection {
    const { target } = config
    const { root, env, version, sandbox, now, log } = this.#parts
    const onChange = () => this.#changed()
    const openLine =
      target.kind === 'web'
        ? webLine(config.name, target, this.#login(target), env)
        : programLine(target, { root, env, sandbox })
    return new ServerConnection({ config, root, version, openLine, now, log, onChange })
  }
}

/** Of what a mention brings along; as for files. */
const MAX_RESOURCE_CHARS = 40_000

function promptName(server: string, prompt: ListedPrompt): string {
  return toolName(server, prompt.name, () => false)
}

/** A token of the user's own goes before any login. */
function hasOwnToken({ headers }: WebTarget): boolean {
  return Object.keys(headers).some(name => name.toLowerCase() === 'authorization')
}

function isOffered(tool: string, { enabledTools, disabledTools }: ServerConfig): boolean {
  return enabledTools ? enabledTools.includes(tool) : !disabledTools.includes(tool)
}
