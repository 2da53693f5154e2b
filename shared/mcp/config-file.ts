import { createHash } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import {
  CALL_TIMEOUT_MS,
  isServerName,
  type ServerConfig,
  START_TIMEOUT_MS,
  serverNameFrom,
  type WebTarget,
} from './server-config'

const texts = v.array(v.string())
const table = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))
const milliseconds = v.pipe(v.number(), v.minValue(1))

/** The common shape of `mcpServers`, and the shapes of the reference and of other editors beside it. */
const entrySchema = v.looseObject({
  type: v.optional(v.picklist(['stdio', 'local', 'http', 'streamable-http', 'streamableHttp', 'sse', 'remote'])),
  command: v.optional(v.union([v.pipe(v.string(), v.minLength(1)), v.pipe(texts, v.minLength(1))])),
  args: v.optional(texts),
  env: v.optional(table),
  environment: v.optional(table),
  cwd: v.optional(v.string()),
  sandbox: v.optional(v.boolean()),
  url: v.optional(v.string()),
  serverUrl: v.optional(v.string()),
  headers: v.optional(table),
  token: v.optional(v.string()),
  allow_local: v.optional(v.boolean()),
  allowLocal: v.optional(v.boolean()),
  oauth: v.optional(
    v.union([
      v.literal(false),
      v.looseObject({
        clientId: v.optional(v.string()),
        client_id: v.optional(v.string()),
        clientSecret: v.optional(v.string()),
        client_secret: v.optional(v.string()),
        client_metadata_url: v.optional(v.string()),
        clientMetadataUrl: v.optional(v.string()),
        scope: v.optional(v.string()),
      }),
    ]),
  ),
  disabled: v.optional(v.boolean()),
  enabled: v.optional(v.boolean()),
  enabled_tools: v.optional(texts),
  enabledTools: v.optional(texts),
  disabled_tools: v.optional(texts),
  disabledTools: v.optional(texts),
  timeout: v.optional(milliseconds),
  start_timeout: v.optional(milliseconds),
  startTimeout: v.optional(milliseconds),
})

type Entry = v.InferOutput<typeof entrySchema>

/** Where the entries of a file come from, and what their variables mean. */
export interface EntrySource {
  source: ServerConfig['source']
  /** How the file is called in messages. */
  from: string
  root: string
  env: Readonly<Record<string, string | undefined>>
}

/** What is right in a file, and one line for each thing that is wrong; a wrong entry costs itself. */
export interface ReadServers {
  servers: ServerConfig[]
  problems: string[]
}

/** The entries of a file by name: under `mcpServers`, `servers` or `mcp`. */
export function entriesIn(text: string, file: string): Result<Record<string, unknown>, string> {
  const errors: ParseError[] = []
  const json: unknown = parse(text, errors, { allowTrailingComma: true })
  const first = errors[0]
  if (first) {
    const line = text.slice(0, first.offset).split('\n').length
    return fail(`${file}:${line}: ${printParseErrorCode(first.error)}`)
  }
  if (!isRecord(json)) return fail(`${file}: expected an object with "mcpServers"`)
  const entries = json.mcpServers ?? json.servers ?? json.mcp ?? {}
  return isRecord(entries) ? ok(entries) : fail(`${file}: mcpServers: expected an object, found another thing`)
}

/** Makes configurations of entries. */
export function serversFrom(entries: Readonly<Record<string, unknown>>, source: EntrySource): ReadServers {
  const read: ReadServers = { servers: [], problems: [] }
  for (const [name, entry] of Object.entries(entries)) {
    const server = serverFrom(name, entry, source)
    if (server.ok) read.servers.push(server.value)
    else read.problems.push(`${source.from}: ${name}: ${server.error}`)
  }
  return read
}

function serverFrom(givenName: string, entry: unknown, source: EntrySource): Result<ServerConfig, string> {
  const parsed = v.safeParse(entrySchema, entry)
  if (!parsed.success) {
    const issue = parsed.issues[0]
    const key = v.getDotPath(issue)
    return fail(key === null ? issue.message : `${key}: ${issue.message}`)
  }
  const given = parsed.output
  const missing = new Set<string>()
  // An editor hands in what it has filled in itself.
  const fill = (text: string) => (source.source === 'client' ? text : withVariables(text, source, missing))
  const target = targetOf(given, source.root, fill)
  if (!target.ok) return target
  if (missing.size > 0 && isOn(given)) return fail(`it needs ${[...missing].join(', ')} in the environment`)
  const enabledTools = given.enabled_tools ?? given.enabledTools
  return ok({
    name: isServerName(givenName) ? givenName : serverNameFrom(givenName),
    source: source.source,
    from: source.from,
    target: target.value,
    isEnabled: isOn(given),
    ...(enabledTools && { enabledTools }),
    disabledTools: given.disabled_tools ?? given.disabledTools ?? [],
    startTimeoutMs: given.start_timeout ?? given.startTimeout ?? START_TIMEOUT_MS,
    callTimeoutMs: given.timeout ?? CALL_TIMEOUT_MS,
  })
}

function isOn({ disabled, enabled }: Entry): boolean {
  return disabled !== true && enabled !== false
}

type Fill = (text: string) => string

function targetOf(given: Entry, root: string, fill: Fill): Result<ServerConfig['target'], string> {
  const url = given.url ?? given.serverUrl
  if (given.command !== undefined && url !== undefined) return fail('it has both a command and a url')
  if (given.command !== undefined) {
    const [command = '', ...args] = [given.command].flat().map(fill)
    const cwd = given.cwd === undefined ? undefined : fill(given.cwd)
    return ok({
      kind: 'program',
      command,
      args: [...args, ...(given.args ?? []).map(fill)],
      env: filled({ ...given.environment, ...given.env }, fill),
      ...(cwd !== undefined && { cwd: isAbsolute(cwd) ? cwd : join(root, cwd) }),
      isSandboxed: given.sandbox ?? false,
    })
  }
  if (url === undefined) return fail('it has neither a command nor a url')
  const whole = fill(url)
  if (!URL.canParse(whole) || !/^https?:$/.test(new URL(whole).protocol)) {
    return fail(`url: expected an http or https address, found "${url}"`)
  }
  return ok({
    kind: 'web',
    url: whole,
    headers: {
      ...(given.token !== undefined && { Authorization: `Bearer ${fill(given.token)}` }),
      ...filled(given.headers ?? {}, fill),
    },
    transport: transportOf(given.type),
    allowsLocal: given.allow_local ?? given.allowLocal ?? false,
    oauth: oauthOf(given.oauth, fill),
  })
}

function transportOf(type: Entry['type']): WebTarget['transport'] {
  if (type === 'sse') return 'sse'
  return type === undefined || type === 'remote' ? 'auto' : 'http'
}

function oauthOf(given: Entry['oauth'], fill: Fill): WebTarget['oauth'] {
  if (given === false) return false
  const clientId = given?.clientId ?? given?.client_id
  const clientMetadataUrl = given?.clientMetadataUrl ?? given?.client_metadata_url
  const clientSecret = given?.clientSecret ?? given?.client_secret
  return {
    ...(clientId !== undefined && { clientId: fill(clientId) }),
    ...(clientSecret !== undefined && { clientSecret: fill(clientSecret) }),
    ...(clientMetadataUrl !== undefined && { clientMetadataUrl }),
    ...(given?.scope !== undefined && { scope: given.scope }),
  }
}

function filled(values: Readonly<Record<string, string | number | boolean>>, fill: Fill): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(String(value))]))
}

/**
 * `${NAME}`, `${NAME:-what else}`, `${env:NAME}`, and VS Code's `${workspaceFolder}`; a name that is not set is noted, and
 * so is what an editor would ask the user for (`${input:…}`).
 */
function withVariables(text: string, { env, root }: EntrySource, missing: Set<string>): string {
  return text.replace(
    /\$\{(?:input:([^}]+)|(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?)\}/g,
    (whole, input: string | undefined, name: string | undefined, other?: string) => {
      if (name === 'workspaceFolder') return root
      const value = (name && env[name]) || other
      if (value === undefined) missing.add(input ?? name ?? '')
      return value ?? whole
    },
  )
}

/** What a consent is about: this text and no other. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
