import * as v from 'valibot'
import { imageTypeOf } from '#shared/edits/image-type'
import { decodeText, hashOf } from '#shared/edits/text-file'
import { effectOf } from '#shared/trust/effects'
import type { NotebookView } from './support/notebook'
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
  description: 'Reads a text file, image or Jupyter notebook. Lines come numbered. Read a file before you edit it.',
  input,
  isReadOnly: true,
  async prepare(request, context) {
    const path = resolveFrom(context.root, request.file_path)
    return {
      kind: 'action',
      title: request.file_path,
      effect: effectOf('read_only', 'reads a file', { reads: [path] }),
      run: () => readNumbered(path, request, context),
    }
  },
})

async function readNumbered(path: string, request: Input, context: ToolContext): Promise<ToolOutput> {
  const bytes = await context.files.read(path, MAX_FILE_BYTES)
  if (!bytes.ok)
    return { isError: true, text: `Error: ${readFailure(bytes.error.kind, request.file_path, bytes.error.message)}` }

  const mediaType = imageTypeOf(bytes.value)
  if (mediaType) {
    const data = Buffer.from(bytes.value).toString('base64')
    return { text: `Image ${request.file_path}`, images: [{ type: 'image', media_type: mediaType, data }] }
  }
  const decoded = decodeText(bytes.value)
  if (!decoded) {
    const hint = isPdf(bytes.value) ? ' It is a PDF: pdftotext makes text of it, where it is installed.' : ''
    return { isError: true, text: `Error: ${request.file_path} is a binary file (${bytes.value.length} bytes).${hint}` }
  }

  const cells = isWhole(request) && /\.ipynb$/i.test(path) ? await notebookView(decoded.text) : undefined
  const hash = hashOf(bytes.value)
  context.readLedger.note(path, hash)
  const { file_path, start_line = 1, num_lines = 'all' } = request
  const piece = cells ? 'cells' : `${start_line}:${num_lines}`
  if (context.readLedger.show(`${path}:${piece}`, hash)) {
    return { text: `${file_path} is unchanged since you read these lines; they are above.` }
  }
  const instructions = await context.newInstructionsFor(path)
  const shown = cells ?? { text: numberLines(decoded.text, request) }
  return instructions === '' ? shown : { ...shown, text: `${shown.text}\n\n${instructions}` }
}

function isWhole({ start_line, num_lines }: Input): boolean {
  return start_line === undefined && num_lines === undefined
}

async function notebookView(json: string): Promise<NotebookView | undefined> {
  const { showNotebook } = await import('./support/notebook')
  return showNotebook(json, MAX_BYTES)
}

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-'
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
