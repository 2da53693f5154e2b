import { type CredentialPlaces, keepCredential, readKeptKeys, removeCredential } from '#shared/config/credentials'
import { systemKeychain } from '#shared/config/keychain'
import { EXIT } from '#shared/protocol/exit-codes'
import type { KnownProvider } from '#shared/providers/known-providers'
import { type Command, type CommandArgs, type CommandContext, CommandFailure, type CommandResult } from './command'

/** Which providers there are, which have a key, and the keeping of keys outside every project. */
export const providersCommand: Command = {
  name: 'providers',
  summary: 'lists providers and their keys; keeps or forgets a key',
  usage: 'list | login <provider> [--no-check] < KEY | logout <provider>',
  doors: ['cli', 'chat'],
  options: { 'no-check': { type: 'boolean', help: 'keep the key without trying it' } },
  async run(context, args) {
    const [action = 'list', name] = args.words
    if (action === 'list' || action === 'ls') return list(context)
    if (action === 'login') return login(context, await providerNamed(name), args)
    if (action === 'logout') return logout(context, await providerNamed(name))
    throw new CommandFailure(`there is no "providers ${action}"; use list, login or logout`, EXIT.usage)
  },
}

async function list({ files, paths, env }: CommandContext): Promise<CommandResult> {
  const { KNOWN_PROVIDERS } = await import('#shared/providers/known-providers')
  const kept = await readKeptKeys({ files, paths })
  if (!kept.ok) throw new CommandFailure(kept.error, EXIT.usage)
  const providers = KNOWN_PROVIDERS.filter(each => each.wire !== 'mock').map(each => ({
    name: each.name,
    aliases: each.aliases,
    default_model: each.defaultModel,
    /** The variable that holds a key now, if one does; it goes before a kept key. */
    variable: each.keyVariables.find(variable => env[variable]) ?? null,
    has_kept_key: kept.value.keys[each.name] !== undefined || kept.value.keychain.includes(each.name),
    is_in_keychain: kept.value.keychain.includes(each.name),
    needs_key: each.keyVariables.length > 0,
  }))
  const text = providers.map(each => `${each.name.padEnd(12)} ${keyState(each)}`).join('\n')
  return { exitCode: EXIT.done, json: { schema_version: 1, providers }, text }
}

function keyState(each: {
  variable: string | null
  has_kept_key: boolean
  is_in_keychain: boolean
  needs_key: boolean
}): string {
  if (each.variable) return `key from ${each.variable}`
  if (each.is_in_keychain) return 'key kept in the keychain'
  if (each.has_kept_key) return 'key kept'
  return each.needs_key ? 'no key' : 'needs no key'
}

async function login(context: CommandContext, provider: KnownProvider, args: CommandArgs): Promise<CommandResult> {
  const typed = await context.askSecret?.(`Key of ${provider.name} (not shown): `)
  const key = (typed ?? (await context.readInput())).trim()
  if (key === '' || /\s/.test(key)) {
    const what = key === '' ? 'no key came in' : 'what came in is not one key'
    throw new CommandFailure(`${what}; pipe it: kode providers login ${provider.name} < file-with-the-key`, EXIT.usage)
  }
  if (args.flags['no-check'] !== true) await tryKey(context, provider, key)
  const kept = await keepCredential(placesOf(context), provider.name, key)
  if (!kept.ok) throw new CommandFailure(kept.error, EXIT.failed)
  const shadow = provider.keyVariables.find(variable => context.env[variable])
  const note = shadow ? `; ${shadow} is set and goes before it` : ''
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, provider: provider.name, kept: true, place: kept.value },
    text: `the key of ${provider.name} is kept${kept.value === 'keychain' ? ' in the keychain' : ''}${note}`,
  }
}

/** A key that the provider refuses is not worth keeping. */
async function tryKey(context: CommandContext, provider: KnownProvider, key: string): Promise<void> {
  const [{ createProvider }, { checkEndpoint }] = await Promise.all([
    import('#shared/providers/registry'),
    import('#shared/providers/check'),
  ])
  const baseUrl = context.env.KODE_BASE_URL
  const made = createProvider({ provider: provider.name, apiKey: key, ...(baseUrl && { baseUrl }) }, context.env)
  if (!made.ok) throw new CommandFailure(made.error.message, EXIT.usage)
  const checked = await checkEndpoint(made.value, provider.defaultModel, context.signal)
  if ('check' in checked) return
  const { message } = checked.failure
  throw new CommandFailure(`${message}. The key was not kept; --no-check keeps it untried.`, EXIT.provider)
}

async function logout(context: CommandContext, provider: KnownProvider): Promise<CommandResult> {
  const removed = await removeCredential(placesOf(context), provider.name)
  if (!removed.ok) throw new CommandFailure(removed.error, EXIT.failed)
  return {
    exitCode: EXIT.done,
    json: { schema_version: 1, provider: provider.name, removed: removed.value },
    text: removed.value ? `the key of ${provider.name} is forgotten` : `no key of ${provider.name} was kept`,
  }
}

function placesOf({ files, paths, processes, env }: CommandContext): CredentialPlaces {
  return { files, paths, keychain: systemKeychain(processes, env) }
}

async function providerNamed(name: string | undefined): Promise<KnownProvider> {
  const { findProvider, similarProviders } = await import('#shared/providers/known-providers')
  if (name === undefined) throw new CommandFailure('name a provider, such as kode providers login openai', EXIT.usage)
  const known = findProvider(name)
  if (known && known.wire !== 'mock') return known
  const similar = similarProviders(name)
  const hint = similar.length > 0 ? `; did you mean ${similar.join(' or ')}?` : '; kode providers list names them'
  throw new CommandFailure(`there is no provider "${name}"${hint}`, EXIT.usage)
}
