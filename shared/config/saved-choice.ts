import { join } from 'node:path'
import * as v from 'valibot'
import type { Result } from '#shared/base/result'
import type { FileError, FileSystem } from '#shared/host/host'
import type { KodePaths } from './paths'

/** What the user chose in a conversation, for the next ones. Never an endpoint or a key. */
export interface SavedChoice {
  provider?: string | undefined
  model?: string | undefined
}

const stored = v.object({ provider: v.optional(v.string()), model: v.optional(v.string()) })
const MAX_BYTES = 10_000

/** Nothing where nothing was chosen; a damaged file counts as none, since the next choice replaces it. */
export async function readSavedChoice(files: FileSystem, paths: KodePaths): Promise<SavedChoice> {
  const bytes = await files.read(pathOf(paths), MAX_BYTES)
  if (!bytes.ok) return {}
  try {
    const parsed = v.safeParse(stored, JSON.parse(new TextDecoder().decode(bytes.value)))
    return parsed.success ? parsed.output : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Keeps a choice in place of the one before. */
export function saveChoice(choice: SavedChoice, files: FileSystem, paths: KodePaths): Promise<Result<void, FileError>> {
  return files.replace(pathOf(paths), new TextEncoder().encode(`${JSON.stringify(choice)}\n`), 0o600)
}

function pathOf(paths: KodePaths): string {
  return join(paths.db, 'choice.json')
}
