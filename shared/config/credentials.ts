import { join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import type { KodePaths } from './paths'

/** API keys by provider, as `kode providers login` keeps them: never in a project, and readable by the user alone. */
export type Credentials = Readonly<Record<string, string>>

/** Reads the keys; none where none were kept. A file that others could read is closed to them. */
export async function readCredentials(files: FileSystem, paths: KodePaths): Promise<Result<Credentials, string>> {
  const path = pathOf(paths)
  const bytes = await files.read(path, MAX_BYTES)
  if (!bytes.ok) return isAbsent(bytes.error) ? ok({}) : fail(`${path}: ${bytes.error.message}`)
  const stat = await files.stat(path)
  if (stat.ok && (stat.value.mode & OTHERS) !== 0) await files.setMode(path, OWNER_ONLY)
  const parsed = parse(new TextDecoder().decode(bytes.value))
  return parsed ? ok(parsed) : fail(`${path} is damaged; remove it and run \`kode providers login\` again`)
}

/** Keeps one provider's key, in place of an earlier one. */
export async function keepCredential(
  files: FileSystem,
  paths: KodePaths,
  provider: string,
  key: string,
): Promise<Result<void, string>> {
  const known = await readCredentials(files, paths)
  return known.ok ? write(files, paths, { ...known.value, [provider]: key }) : known
}

/** Forgets one provider's key. @returns whether there was one */
export async function removeCredential(
  files: FileSystem,
  paths: KodePaths,
  provider: string,
): Promise<Result<boolean, string>> {
  const known = await readCredentials(files, paths)
  if (!known.ok) return known
  if (known.value[provider] === undefined) return ok(false)
  const rest = Object.fromEntries(Object.entries(known.value).filter(([name]) => name !== provider))
  const written = await write(files, paths, rest)
  return written.ok ? ok(true) : written
}

const OWNER_ONLY = 0o600
const OTHERS = 0o077
const MAX_BYTES = 1_000_000

/** The sandbox hides this folder from commands. */
function pathOf(paths: KodePaths): string {
  return join(paths.db, 'keys.json')
}

async function write(files: FileSystem, paths: KodePaths, keys: Credentials): Promise<Result<void, string>> {
  const text = `${JSON.stringify({ version: 1, keys }, null, 2)}\n`
  const written = await files.replace(pathOf(paths), new TextEncoder().encode(text), OWNER_ONLY)
  return written.ok ? ok(undefined) : fail(`${pathOf(paths)}: ${written.error.message}`)
}

function parse(text: string): Credentials | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown }
    if (typeof keys !== 'object' || keys === null) return undefined
    const entries = Object.entries(keys)
    return entries.every(entry => typeof entry[1] === 'string') ? Object.fromEntries(entries) : undefined
  } catch {
    return undefined
  }
}

function isAbsent(error: FileError): boolean {
  return error.kind === 'not-found' || error.kind === 'not-directory'
}
