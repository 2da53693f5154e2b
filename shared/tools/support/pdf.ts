import { fail, ok, type Result } from '#shared/base/result'
import { readPdf } from '#shared/host/node/pdf-text'

/** A long file is read piece by piece: the last one is not unpacked again. */
let last: { hash: string; lines: string } | undefined

/**
 * The lines of a PDF, page by page. An error says why there are none and what to do.
 *
 * @param hash of the bytes
 */
export async function pdfLines(bytes: Uint8Array, hash: string, signal: AbortSignal): Promise<Result<string, string>> {
  if (last?.hash === hash) return ok(last.lines)
  const read = await readPdf(bytes, signal)
  if (!read.ok) return fail(`is a PDF without text to read: ${read.error}. ${OTHER_PROGRAMS}`)
  const { pages, pageCount, stopped } = read.value
  if (pages.every(page => page.trim() === '')) {
    return fail(`is a PDF without text: its ${pageCount} pages are images or blank. ${OTHER_PROGRAMS}`)
  }
  const shown = pages.map((page, index) => `--- page ${index + 1} of ${pageCount} ---\n${page.trimEnd()}`)
  if (stopped !== undefined) shown.push(`[only ${pages.length} of ${pageCount} pages were read: ${stopped}]`)
  const lines = shown.join('\n')
  if (stopped === undefined) last = { hash, lines }
  return ok(lines)
}

const OTHER_PROGRAMS = 'Where they are installed, pdftotext and qpdf read more files, and ocrmypdf reads images.'
