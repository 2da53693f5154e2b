import { fail, ok, type Result } from '#shared/base/result'
import type { EditProblem, TextFormat } from './change-set'
import { applyLineHunks, type LineHunk, type PatchedText } from './line-hunks'
import { decodeWithStrayBytes, encodeWithStrayBytes, hasStrayBytes } from './stray-bytes'
import { decodeText, encodeText, isUtf16 } from './text-file'

/** Text after a patch, and its encoding where the patch changed that too. */
export interface PatchedFile extends PatchedText {
  format?: TextFormat
}

/**
 * Applies the hunks of a patch to the text of a file. A patch that speaks of bytes (some that are no UTF-8, or a byte
 * order mark) is applied to the bytes of the file, as git does; any other to its characters, whatever its encoding.
 */
export function patchText(
  text: string,
  format: TextFormat,
  hunks: readonly LineHunk[],
  path: string,
): Result<PatchedFile, EditProblem> {
  if (isUtf16(format) || !hunks.some(speaksOfBytes)) return applyLineHunks(text, hunks, path)
  const bytes = encodeText(text, format)
  if (!bytes.ok) return applyLineHunks(text, hunks, path)
  const patched = applyLineHunks(decodeWithStrayBytes(Buffer.from(bytes.value)), hunks, path)
  if (!patched.ok) return patched
  const newBytes = encodeWithStrayBytes(patched.value.text)
  const decoded = newBytes.ok ? decodeText(newBytes.value) : undefined
  if (!decoded) {
    const message = `${path} would become a binary file: the patch brings bytes that are no text.`
    return fail({ kind: 'binary-file', path, message })
  }
  const { encoding, hasBom } = decoded.base
  return ok({ text: decoded.text, notes: patched.value.notes, format: { encoding, hasBom } })
}

function speaksOfBytes(hunk: LineHunk): boolean {
  return hunk.lines.some(line => line.text.startsWith('\ufeff') || hasStrayBytes(line.text))
}
