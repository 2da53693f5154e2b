import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import type { Keychain } from './keychain'
import { whileLocked } from './locked-file'
import type { KodePaths } from './paths'

/** API keys by provider, as `kode providers login` keeps them: never in a project, and readable by the user alone. */
export type Credentials = Readonly<Record<string, string>>

/** Where keys are kept: in a file of the user's own, or in the keychain of the system, which the file then names. */
export interface CredentialPlaces {
  files: FileSystem
  paths: KodePaths
  keychain: Keychain
}

/** What the file says. A provider is in one of both. */
export interface KeptKeys {
  keys: Credentials
  /** Providers whose key is in the keychain. */
  keychain: readonly string[]
}

/** Reads the keys; none where none were kept. The keychain is only asked for what was put there. */
export async function readCredentials(
  places: CredentialPlaces,
): Promise<Result<{ keys: Credentials; warnings: string[] }, string>> {
  const kept = await readKeptKeys(places)
  if (!kept.ok) return kept
  const found = await Promise.all(
    kept.value.keychain.map(async provider => ({ provider, key: await places.keychain.read(provider) })),
  )
  const keys = { ...kept.value.keys }
  const warnings: string[] = []
  for (const { provider, key } of found) {
    if (key !== undefined) keys[provider] = key
    else warnings.push(`the keychain does not give the key of ${provider}: unlock it, or log in again`)
  }
  return ok({ keys, warnings })
}

/** Reads where keys are, without asking the keychain. A file that others could read is closed to them. */
export async function readKeptKeys({
  files,
  paths,
}: Pick<CredentialPlaces, 'files' | 'paths'>): Promise<Result<KeptKeys, string>> {
  const path = pathOf(paths)
  const bytes = await files.read(path, MAX_BYTES)
  if (!bytes.ok) return isAbsent(bytes.error) ? ok({ keys: {}, keychain: [] }) : fail(`${path}: ${bytes.error.message}`)
  const stat = await files.stat(path)
  if (stat.ok && (stat.value.mode & OTHERS) !== 0) await files.setMode(path, OWNER_ONLY)
  const parsed = parse(new TextDecoder().decode(bytes.value))
  return parsed ? ok(parsed) : fail(`${path} is damaged; remove it and run \`kode providers login\` again`)
}

/** Keeps one provider's key, in place of an earlier one: in the keychain where there is one that takes it, else in the file. */
export async function keepCredential(
  places: CredentialPlaces,
  provider: string,
  key: string,
): Promise<Result<'keychain' | 'file', string>> {
  const kept = await readKeptKeys(places)
  if (!kept.ok) return kept
  const isInKeychain = await places.keychain.keep(provider, key)
  const written = await change(places, provider, rest =>
    isInKeychain
      ? { ...rest, keychain: [...rest.keychain, provider] }
      : { ...rest, keys: { ...rest.keys, [provider]: key } },
  )
  return written.ok ? ok(isInKeychain ? 'keychain' : 'file') : written
}

/** Forgets one provider's key. @returns whether there was one */
export async function removeCredential(places: CredentialPlaces, provider: string): Promise<Result<boolean, string>> {
  const kept = await readKeptKeys(places)
  if (!kept.ok) return kept
  const isInKeychain = kept.value.keychain.includes(provider)
  if (kept.value.keys[provider] === undefined && !isInKeychain) return ok(false)
  if (isInKeychain) {
    await places.keychain.remove(provider)
    if ((await places.keychain.read(provider)) !== undefined)
      return fail(`the keychain does not let go of the key of ${provider}; remove it there`)
  }
  const written = await change(places, provider, rest => rest)
  return written.ok ? ok(true) : written
}

/** Writes what `add` makes of everything but one provider's key. The keychain, which may ask the user, is not waited for. */
function change(
  places: Pick<CredentialPlaces, 'files' | 'paths'>,
  provider: string,
  add: (rest: KeptKeys) => KeptKeys,
): Promise<Result<void, string>> {
  return whileLocked(pathOf(places.paths), places, async () => {
    const kept = await readKeptKeys(places)
    return kept.ok ? write(places, add(without(kept.value, provider))) : kept
  })
}

function without({ keys, keychain }: KeptKeys, provider: string): KeptKeys {
  return {
    keys: Object.fromEntries(Object.entries(keys).filter(([name]) => name !== provider)),
    keychain: keychain.filter(name => name !== provider),
  }
}

const OWNER_ONLY = 0o600
const OTHERS = 0o077
const MAX_BYTES = 1_000_000

/** The sandbox hides this folder from commands. */
function pathOf(paths: KodePaths): string {
  return join(paths.db, 'keys.json')
}

async function write(
  { files, paths }: Pick<CredentialPlaces, 'files' | 'paths'>,
  kept: KeptKeys,
): Promise<Result<void, string>> {
  const text = `${JSON.stringify({ version: 1, ...kept }, null, 2)}\n`
  const written = await files.replace(pathOf(paths), new TextEncoder().encode(text), OWNER_ONLY)
  return written.ok ? ok(undefined) : fail(`${pathOf(paths)}: ${written.error.message}`)
}

function parse(text: string): KeptKeys | undefined {
  try {
    const { keys, keychain = [] } = JSON.parse(text) as { keys?: unknown; keychain?: unknown }
    if (typeof keys !== 'object' || keys === null || !Array.isArray(keychain)) return undefined
    const entries = Object.entries(keys)
    if (![...entries.map(entry => entry[1]), ...keychain].every(each => typeof each === 'string')) return undefined
    return { keys: Object.fromEntries(entries), keychain }
  } catch {
    return undefined
  }
}

function isAbsent(error: FileError): boolean {
  return error.kind === 'not-found' || error.kind === 'not-directory'
}
