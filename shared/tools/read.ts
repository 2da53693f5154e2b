import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import { imageTypeOf } from '#shared/edits/image-type'
import { decodeText, hashOf } from '#shared/edits/text-file'
import type { ImagePart } from '#shared/protocol/messages'
import { effectOf } from '#shared/trust/effects'
import { resolveFrom } from './support/tool-path'
import { defineTool, type ToolContext, type ToolOutput } from './tool'

const MAX_BYTES = 20_000
/** Larger files are refused before they are read. */
const MAX_FILE_BYTES = 50_000_000

const input = v.object({
  file_path: v.pipe(v.string(), v.minLength(1), v.description('File to read')),
  start_line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description('First line, from 1'))),
  num_lines: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
})
type Input = v.InferOutput<typeof input>

/** Lines of a file, numbered. */
export const readTool = defineTool({
  name: 'Read',
  aliases: ['read_file'],
  description:
    'Reads a text file, image, PDF or Jupyter notebook. Lines come numbered. Read a file before you edit it.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    const path = resolveFrom(context.root, request.file_path)
    return {
      kind: 'action',
      title: request.file_path,
      effect: effectOf('read_only', 'reads a file', { reads: [path] }),
      run: signal => readNumbered(path, request, context, signal),
    }
  },
})

async function readNumbered(
  path: string,
  request: Input,
  context: ToolContext,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const bytes = await context.files.read(path, MAX_FILE_BYTES)
  if (!bytes.ok)
    return { isError: true, text: `Error: ${readFailure(bytes.error.kind, request.file_path, bytes.error.message)}` }

  const mediaType = imageTypeOf(bytes.value)
  if (mediaType) {
    const data = Buffer.from(bytes.value).toString('base64')
    return { text: `Image ${request.file_path}`, images: [{ type: 'image', media_type: mediaType, data }] }
  }
  const hash = hashOf(bytes.value)
  const shown = await showContent(path, bytes.value, hash, request, signal)
  if (!shown.ok) return { isError: true, text: `Error: ${request.file_path} ${shown.error}` }

  const { piece, ...output } = shown.value
  context.readLedger.note(path, hash)
  if (context.readLedger.show(`${path}:${piece}`, hash)) {
    return { text: `${request.file_path} is unchanged since you read these lines; they are above.` }
  }
  const instructions = await context.newInstructionsFor(path)
  return instructions === '' ? output : { ...output, text: `${output.text}\n\n${instructions}` }
}

interface Shown {
  /** What of the file it is. */
  piece: string
  text: string
  images?: ImagePart[]
}

/** An error says, after the file's name, why it cannot be shown. */
async function showContent(
  path: string,
  bytes: Uint8Array,
  hash: string,
  request: Input,
  signal: AbortSignal,
): Promise<Result<Shown, string>> {
  if (isPdf(bytes)) {
    const { pdfLines } = await import('./support/pdf')
    const lines = await pdfLines(bytes, hash, signal)
    return lines.ok ? ok(asLines(lines.value, request)) : lines
  }
  const decoded = decodeText(bytes)
  if (!decoded) return fail(`is a binary file (${bytes.length} bytes).`)
  if (isWhole(request) && /\.ipynb$/i.test(path)) {
    const { showNotebook } = await import('./support/notebook')
    const notebook = showNotebook(decoded.text, MAX_BYTES)
    if (notebook) return ok({ piece: 'cells', ...notebook })
  }
  return ok(asLines(decoded.text, request))
}

function isWhole({ start_line, num_lines }: Input): boolean {
  return start_line === undefined && num_lines === undefined
}

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-'
}

function asLines(text: string, request: Input): Shown {
  const { start_line = 1, num_lines = 'all' } = request
  return { piece: `${start_line}:${num_lines}`, text: numberLines(text, request) }
}

function numberLines(text: string, request: Input): string {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return '(empty file)'

  const first = request.start_line ?? 1
  if (first > lines.length) return `(the file has only ${lines.length} lines)`
  const last = Math.min(lines.length, request.num_lines ? first + request.num_lines - 1 : lines.length)
  const width = String(last).length

  const shown: string[] = []
  let size = 0
  for (let number = first; number <= last; number++) {
    const line = `${String(number).padStart(width)}\t${lines[number - 1]}`
    size += Buffer.byteLength(line) + 1
    if (size > MAX_BYTES && shown.length > 0) {
      shown.push(`[… cut at line ${number - 1} of ${lines.length}; go on with start_line ${number}]`)
      return shown.join('\n')
    }
    shown.push(size > MAX_BYTES ? `${line.slice(0, MAX_BYTES)} [… line cut]` : line)
  }
  if (last < lines.length) shown.push(`[lines ${first} to ${last} of ${lines.length}]`)
  return shown.join('\n')
}

function readFailure(kind: string, path: string, message: string): string {
  if (kind === 'not-found') return `${path} does not exist. Look with ListFiles or Glob.`
  if (kind === 'is-directory') return `${path} is a folder. Use ListFiles.`
  if (kind === 'too-large') return `${path} is too large to read. Use Grep, or Bash with head and tail.`
  return message
}
