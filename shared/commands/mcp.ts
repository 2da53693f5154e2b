import { join } from 'node:path'
import { ok } from '#shared/base/result'
import type { CredentialPlaces } from '#shared/config/credentials'
import { systemKeychain } from '#shared/config/keychain'
import { whileLocked } from '#shared/config/locked-file'
import { contentHash, entriesIn, serversFrom } from '#shared/mcp/config-file'
import { Consents } from '#shared/mcp/consent'
import { findConfigTexts, PROJECT_FILES } from '#shared/mcp/find-config'
import type { LoadedServers } from '#shared/mcp/load-servers'
import type { McpServers, ServerView } from '#shared/mcp/mcp-servers'
import { isServerName, type ServerConfig, whereIs } from '#shared/mcp/server-config'
import { EXIT } from '#shared/protocol/exit-codes'
import {
  type Command,
  type CommandArgs,
  type CommandContext,
  CommandFailure,
  type CommandResult,
  textFlag,
  wholeNumber,
} from './command'
import { openProjectSandbox } from './support/project-sandbox'

/** The MCP servers whose tools the agent has: which there are, how they do, and the keeping of them. */
export const mcpCommand: Command = {
  name: 'mcp',
  summary: 'lists, adds and tries MCP servers for the agent; serve: kode itself as an MCP server',
  usage:
    'list | add NAME COMMAND ARGS… | add-http NAME URL | remove NAME | test [NAME] | reconnect NAME | login NAME | logout NAME | allow | disallow | serve [--http [--port N]]',
  doors: ['cli', 'chat'],
  needsModel: true,
  options: {
    env: { type: 'string', short: 'e', multiple: true, value: 'NAME=VALUE', help: 'add: a variable for the server' },
    header: { type: 'string', short: 'H', multiple: true, value: 'NAME: VALUE', help: 'add-http: a header' },
    token: { type: 'string', value: 'TOKEN', help: 'add-http: sent as a bearer token' },
    'allow-local': { type: 'boolean', help: 'add-http: the address may be private or on this machine' },
    'client-id': { type: 'string', value: 'ID', help: 'add-http: for a login where kode cannot register itself' },
    sse: { type: 'boolean', help: 'add-http: only the older transport' },
    sandbox: { type: 'boolean', help: 'add: run the server in the sandbox' },
    timeout: { type: 'string', value: 'MS', help: 'add, add-http: how long a call may be silent' },
    project: { type: 'boolean', help: 'add, add-http, remove: in .kode/mcp.json of the project' },
    http: { type: 'boolean', help: 'serve: over Streamable HTTP at /mcp on the loopback interface, instead of stdio' },
    port: { type: 'string', value: 'N', help: 'serve: with --http; default: any free one' },
  },
  run(context, args) {
    const [action = 'list', name, ...rest] = args.words
    switch (action) {
      case 'list':
      case 'ls':
        return list(context)
      case 'add':
        return add(context, args, named(name), programEntry(args, rest))
      case 'add-http':
        return add(context, args, named(name), webEntry(args, rest))
      case 'remove':
      case 'rm':
        return remove(context, args, named(name))
      case 'test':
      case 'reconnect':
        return test(context, name)
      case 'login':
        return login(context, named(name))
      case 'logout':
        return logout(context, named(name))
      case 'allow':
        return allow(context)
      case 'disallow':
        return disallow(context)
      case 'serve':
        throw new CommandFailure('kode mcp serve works on a command line only', EXIT.usage)
      default:
        throw new CommandFailure(`there is no "mcp ${action}"; the usage is: mcp ${mcpCommand.usage}`, EXIT.usage)
    }
  },
}

function named(name: string | undefined): string {
  if (name !== undefined) return name
  throw new CommandFailure('name a server; kode mcp list names them', EXIT.usage)
}

async function load(context: CommandContext): Promise<LoadedServers> {
  const { loadServers } = await import('#shared/mcp/load-servers')
  const { root, env, files, paths } = context
  const { project } = await context.settings()
  const texts = await findConfigTexts(root, paths, files)
  return loadServers({ root, env, texts, project: project.mcp, consents: new Consents(files, paths) })
}

/** The session's own servers, or, where there is no session, connections for this command alone. */
async function withServers<T>(
  context: CommandContext,
  configs: readonly ServerConfig[],
  use: (servers: McpServers) => Promise<T>,
): Promise<T> {
  if (context.mcp) return use(context.mcp)
  const [{ McpServers }, { LoginStore }] = await Promise.all([
    import('#shared/mcp/mcp-servers'),
    import('#shared/mcp/stored-login'),
  ])
  const { root, env, version } = context
  const sandbox = await openProjectSandbox(context, { useSandbox: true })
  const logins = new LoginStore(placesOf(context))
  const parts = {
    servers: configs,
    root,
    env,
    version,
    sandbox,
    logins,
    now: () => context.now(),
    log: () => undefined,
  }
  const servers = new McpServers(parts)
  try {
    return await use(servers)
  } finally {
    await servers.close()
    await sandbox.close()
  }
}

async function list(context: CommandContext): Promise<CommandResult> {
  const { servers, unallowed, problems } = await load(context)
  const views = await withServers(context, servers, async live => {
    await live.start()
    return live.views()
  })
  const waiting = unallowed.map(({ file, servers: held }) => ({
    file,
    servers: held.map(({ name, target }) => ({ name, where: whereIs(target) })),
  }))
  const lines = [
    ...views.map(line),
    ...waiting.flatMap(({ file, servers: held }) =>
      held.map(({ name, where }) => `${name}: not allowed yet (${file}): ${where}; allow it with: mcp allow`),
    ),
    ...problems,
  ]
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, servers: views, waiting, problems },
    text: lines.length > 0 ? lines.join('\n') : 'No MCP servers. Add one with: kode mcp add NAME COMMAND ARGS…',
  }
}

function line({ name, where, state, trouble, tools, from }: ServerView): string {
  const how = state === 'connected' ? `connected, ${tools} tools` : trouble === '' ? state : `${state}: ${trouble}`
  return `${name}: ${how}\n  ${where} (${from})`
}

function programEntry(args: CommandArgs, [command, ...rest]: readonly string[]): Record<string, unknown> {
  if (command === undefined) throw new CommandFailure('usage: kode mcp add NAME COMMAND ARGS…', EXIT.usage)
  const env = pairs(args, 'env', '=')
  return {
    command,
    args: rest,
    ...(Object.keys(env).length > 0 && { env }),
    ...(args.flags.sandbox === true && { sandbox: true }),
  }
}

function webEntry(args: CommandArgs, [url, ...rest]: readonly string[]): Record<string, unknown> {
  if (url === undefined || rest.length > 0) throw new CommandFailure('usage: kode mcp add-http NAME URL', EXIT.usage)
  const headers = pairs(args, 'header', ':')
  const token = textFlag(args, 'token')
  const clientId = textFlag(args, 'client-id')
  return {
    url,
    ...(args.flags.sse === true && { type: 'sse' }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(token !== undefined && { token }),
    ...(clientId !== undefined && { oauth: { client_id: clientId } }),
    ...(args.flags['allow-local'] === true && { allow_local: true }),
  }
}

function pairs(args: CommandArgs, flag: string, divider: string): Record<string, string> {
  const given = args.flags[flag]
  const texts = Array.isArray(given) ? given : []
  return Object.fromEntries(
    texts.map(text => {
      const at = text.indexOf(divider)
      if (at < 1) throw new CommandFailure(`--${flag} wants NAME${divider}VALUE, not "${text}"`, EXIT.usage)
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
    }),
  )
}

async function add(
  context: CommandContext,
  args: CommandArgs,
  name: string,
  given: Record<string, unknown>,
): Promise<CommandResult> {
  if (!isServerName(name)) {
    const rule = 'letters, digits, "-" and single "_", at most 40'
    throw new CommandFailure(`"${name}" cannot be the name of a server: use ${rule}`, EXIT.usage)
  }
  const timeout = wholeNumber(args, 'timeout')
  const entry = { ...given, ...(timeout !== undefined && { timeout }) }
  const { path, from } = fileFor(context, args)
  const read = serversFrom({ [name]: entry }, { source: 'user', from, root: context.root, env: context.env })
  const [server] = read.servers
  if (!server) throw new CommandFailure(read.problems.join('\n'), EXIT.usage)
  if (name in (await entriesOf(context, path))) {
    throw new CommandFailure(`${from} has a server "${name}"; remove it first: kode mcp remove ${name}`, EXIT.usage)
  }
  await writeEntry(context, args, name, entry)
  const note = carriesSecretInClear(server)
    ? '\nIts token goes over plain http: whoever is on the way can read it.'
    : ''
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, name, file: path, where: whereIs(server.target) },
    text: `${name} is in ${path}. Try it with: kode mcp test ${name}${note}`,
  }
}

function carriesSecretInClear({ target }: ServerConfig): boolean {
  return target.kind === 'web' && target.url.startsWith('http:') && Object.keys(target.headers).length > 0
}

function fileFor({ root, paths }: CommandContext, args: CommandArgs): { path: string; from: string } {
  if (args.flags.project !== true) return { path: paths.mcp, from: paths.mcp }
  return { path: join(root, PROJECT_FILE), from: PROJECT_FILE }
}

const PROJECT_FILE = '.kode/mcp.json'

async function entriesOf({ files }: CommandContext, path: string): Promise<Record<string, unknown>> {
  const bytes = await files.read(path, 1_000_000)
  if (!bytes.ok) return {}
  const entries = entriesIn(new TextDecoder().decode(bytes.value), path)
  if (!entries.ok) throw new CommandFailure(entries.error, EXIT.usage)
  return entries.value
}

/** What the user writes into a project's file is allowed by that, as long as the rest of the file was. */
async function writeEntry(
  context: CommandContext,
  args: CommandArgs,
  name: string,
  entry: Record<string, unknown> | undefined,
): Promise<void> {
  const { path, from } = fileFor(context, args)
  const { root, files, paths } = context
  const consents = new Consents(files, paths)
  const { writeServer } = await import('#shared/mcp/edit-config')
  const written = await whileLocked(path, context, async () => {
    const before = await files.read(path, 1_000_000)
    const wasAllowed =
      !before.ok || (await consents.isAllowed(root, from, contentHash(new TextDecoder().decode(before.value))))
    const server = await writeServer(path, name, entry, files)
    if (!server.ok) return server
    const isAllowed = args.flags.project === true && wasAllowed
    return isAllowed ? consents.allow(root, from, contentHash(server.value.text)) : ok(undefined)
  })
  if (!written.ok) throw new CommandFailure(written.error, EXIT.failed)
}

async function remove(context: CommandContext, args: CommandArgs, name: string): Promise<CommandResult> {
  const { path, from } = fileFor(context, args)
  if (!(name in (await entriesOf(context, path)))) {
    const elsewhere = args.flags.project === true ? '' : '; one of the project: kode mcp remove --project NAME'
    throw new CommandFailure(`${from} has no server "${name}"${elsewhere}`, EXIT.failed)
  }
  await writeEntry(context, args, name, undefined)
  return { exitCode: EXIT.done, json: { schema_version: 1, name, removed: true }, text: `${name} is removed` }
}

async function test(context: CommandContext, name: string | undefined): Promise<CommandResult> {
  const { servers } = await load(context)
  const chosen = name === undefined ? servers.filter(server => server.isEnabled) : [await find(context, name)]
  const results = await withServers(context, chosen, live =>
    Promise.all(
      chosen.map(async config => {
        const server = live.find(config.name)
        const connected = await server?.reconnect()
        const resources = connected?.ok ? await server?.resources(context.signal) : undefined
        return {
          name: config.name,
          where: whereIs(config.target),
          ok: connected?.ok ?? false,
          trouble: connected && !connected.ok ? connected.error : connected ? '' : 'it is disabled',
          protocol: connected?.ok ? (connected.value.getNegotiatedProtocolVersion() ?? null) : null,
          tools: server?.tools.map(tool => tool.name) ?? [],
          prompts: server?.prompts.map(prompt => prompt.name) ?? [],
          resources: resources?.ok ? resources.value.map(resource => resource.uri) : [],
        }
      }),
    ),
  )
  const text = results.map(result =>
    result.ok
      ? [
          `${result.name}: works (protocol ${result.protocol ?? 'unknown'})`,
          `  tools: ${result.tools.join(', ') || 'none'}`,
          ...(result.prompts.length > 0 ? [`  prompts: ${result.prompts.join(', ')}`] : []),
          ...(result.resources.length > 0 ? [`  resources: ${result.resources.length}`] : []),
        ].join('\n')
      : `${result.name}: ${result.trouble}`,
  )
  return {
    exitCode: results.every(result => result.ok) ? EXIT.done : EXIT.failed,
    json: { schema_version: 1, servers: results },
    text: text.join('\n') || 'No MCP servers.',
  }
}

async function find(context: CommandContext, name: string): Promise<ServerConfig> {
  const { servers, unallowed, problems } = await load(context)
  const server = servers.find(each => each.name === name)
  if (server) return server
  const waits = unallowed.find(each => each.servers.some(held => held.name === name))
  if (waits) throw new CommandFailure(`${name} of ${waits.file} is not allowed yet: kode mcp allow`, EXIT.refused)
  const problem = problems.find(text => text.includes(`: ${name}: `))
  throw new CommandFailure(problem ?? `there is no MCP server "${name}"; kode mcp list names them`, EXIT.usage)
}

async function findWeb(context: CommandContext, name: string) {
  const { target } = await find(context, name)
  if (target.kind === 'web') return target
  throw new CommandFailure(`${name} is a program on this machine; there is nowhere to log in`, EXIT.usage)
}

async function login(context: CommandContext, name: string): Promise<CommandResult> {
  const target = await findWeb(context, name)
  const [{ logIn }, { LoginStore }] = await Promise.all([
    import('#shared/mcp/log-in'),
    import('#shared/mcp/stored-login'),
  ])
  const loggedIn = await logIn({
    name,
    target,
    store: new LoginStore(placesOf(context)),
    version: context.version,
    env: context.env,
    open: url => openBrowser(context, url),
    signal: context.signal,
  })
  if (!loggedIn.ok) throw new CommandFailure(`${name}: ${loggedIn.error}`, EXIT.failed)
  await context.mcp?.find(name)?.reconnect()
  return { exitCode: EXIT.done, json: { schema_version: 1, name, logged_in: true }, text: `${name}: logged in` }
}

/** Whoever has no browser here opens the address elsewhere. */
function openBrowser({ env, root, processes, progress, signal }: CommandContext, url: URL): void {
  progress(`Log in at: ${url.href}`)
  const program = env.BROWSER || (process.platform === 'darwin' ? 'open' : 'xdg-open')
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  const opened = processes.run({ program, args: [url.href], cwd: root, env: Object.fromEntries(variables), signal })
  void opened.then(end => {
    if (!end.ok) progress('No browser could be opened here: open the address yourself.')
  })
}

async function logout(context: CommandContext, name: string): Promise<CommandResult> {
  const target = await findWeb(context, name)
  const { LoginStore } = await import('#shared/mcp/stored-login')
  const removed = await new LoginStore(placesOf(context)).remove(target.url)
  await context.mcp?.find(name)?.reconnect()
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, name, removed },
    text: removed ? `the login of ${name} is forgotten` : `no login of ${name} was kept`,
  }
}

function placesOf({ files, paths, processes, env }: CommandContext): CredentialPlaces {
  return { files, paths, keychain: systemKeychain(processes, env) }
}

async function allow(context: CommandContext): Promise<CommandResult> {
  const { unallowed } = await load(context)
  const consents = new Consents(context.files, context.paths)
  for (const { file, hash } of unallowed) {
    const kept = await consents.allow(context.root, file, hash)
    if (!kept.ok) throw new CommandFailure(kept.error, EXIT.failed)
  }
  const allowed = unallowed.flatMap(({ file, servers }) =>
    servers.map(({ name, target }) => ({ file, name, where: whereIs(target) })),
  )
  const lines = allowed.map(({ file, name, where }) => `allowed: ${name} (${file}): ${where}`)
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, allowed },
    text: lines.length > 0 ? lines.join('\n') : 'Nothing of this project waits for your consent.',
  }
}

async function disallow(context: CommandContext): Promise<CommandResult> {
  const consents = new Consents(context.files, context.paths)
  const revoked: string[] = []
  for (const file of [...PROJECT_FILES, '.kode/kode.json']) {
    const result = await consents.revoke(context.root, file)
    if (!result.ok) throw new CommandFailure(result.error, EXIT.failed)
    if (result.value) revoked.push(file)
  }
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, revoked },
    text: revoked.length > 0 ? `no longer allowed: ${revoked.join(', ')}` : 'Nothing of this project was allowed.',
  }
}
