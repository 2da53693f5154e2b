/** One MCP server, as somebody configured it; variables are filled in. */
export interface ServerConfig {
  /** Letters, digits, `-` and single `_`: the first part of its tools' names. */
  name: string
  /** Who named it. Its hints about what its tools do are believed; whether it may start at all is decided before. */
  source: 'user' | 'project' | 'client'
  /** The file that names it, for people. */
  from: string
  target: ProgramTarget | WebTarget
  isEnabled: boolean
  /** Of its own tool names; undefined: all. It goes before the denied ones. */
  enabledTools?: readonly string[]
  disabledTools: readonly string[]
  /** For the whole start, from the program's start to the list of tools. */
  startTimeoutMs: number
  /** Without a word from the server. */
  callTimeoutMs: number
}

/** A program that speaks over its stdin and stdout. */
export interface ProgramTarget {
  kind: 'program'
  command: string
  args: readonly string[]
  /** On top of what every command gets. */
  env: Readonly<Record<string, string>>
  /** Absolute; undefined: the project. */
  cwd?: string
  isSandboxed: boolean
}

/** A server at an address. */
export interface WebTarget {
  kind: 'web'
  url: string
  headers: Readonly<Record<string, string>>
  /** `sse` is the older way; `auto` falls back to it. */
  transport: 'auto' | 'http' | 'sse'
  /** Private and loopback addresses are refused otherwise. */
  allowsLocal: boolean
  /** What the server's authorization demands beside what can be found out; `false`: never log in. */
  oauth: OAuthConfig | false
}

export interface OAuthConfig {
  clientId?: string
  clientSecret?: string
  /** An address where this client describes itself, for servers that take one instead of a registration. */
  clientMetadataUrl?: string
  scope?: string
}

/** Source: spec/koda.md §14.2. */
export const START_TIMEOUT_MS = 30_000
export const CALL_TIMEOUT_MS = 120_000

/** Whether a name can stand before `__` in the name of a tool. */
export function isServerName(name: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9-]|_(?!_))*$/.test(name) && !name.endsWith('_') && name.length <= 40
}

/** The nearest such name, for names that other programs chose. */
export function serverNameFrom(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9-]+/g, '_')
    .replace(/^[_-]+/, '')
    .slice(0, 40)
    .replace(/_+$/, '')
  return plain === '' ? 'server' : plain
}

/** Where a server is, in one line: what is run or asked, never a header or a variable's value. */
export function whereIs(target: ServerConfig['target']): string {
  if (target.kind === 'web') return target.url
  return [target.command, ...target.args].join(' ')
}
