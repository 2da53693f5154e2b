import { dirname } from 'node:path'
import { applyEdits, modify, type ParseError, parse } from 'jsonc-parser'
import { fail, ok, type Result } from '#shared/base/result'
import type { FileSystem } from '#shared/host/host'

/** Sets or removes one server in a file, and leaves the rest of its text as it is. */
export async function writeServer(
  path: string,
  name: string,
  entry: Record<string, unknown> | undefined,
  files: FileSystem,
): Promise<Result<{ text: string }, string>> {
  const bytes = await files.read(path, 1_000_000)
  if (!bytes.ok && bytes.error.kind !== 'not-found' && bytes.error.kind !== 'not-directory') {
    return fail(`${path}: ${bytes.error.message}`)
  }
  const before = bytes.ok ? new TextDecoder().decode(bytes.value) : '{}\n'
  const errors: ParseError[] = []
  parse(before, errors, { allowTrailingComma: true })
  if (errors.length > 0) return fail(`${path} is not valid JSON; mend it first`)
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' }
  const text = applyEdits(before, modify(before, ['mcpServers', name], entry, { formattingOptions }))
  const made = await files.makeFolder(dirname(path))
  if (!made.ok) return fail(`${path}: ${made.error.message}`)
  // Headers and variables may hold secrets.
  const written = await files.replace(path, new TextEncoder().encode(text), bytes.ok ? undefined : 0o600)
  return written.ok ? ok({ text }) : fail(`${path}: ${written.error.message}`)
}
