import { stripVTControlCharacters } from 'node:util'
import * as v from 'valibot'
import { cutMiddle } from '#shared/base/cut'
import { withoutOverwritten } from '#shared/base/text'
import { imageTypeOf } from '#shared/edits/image-type'
import type { ImagePart } from '#shared/protocol/messages'

/** A notebook as the model sees it. */
export interface NotebookView {
  /** Its cells with their outputs. */
  text: string
  /** Of the outputs in `text`, in their order. */
  images: ImagePart[]
}

/**
 * The cells of a Jupyter notebook (nbformat 3 and 4), each with the line of the raw JSON where it begins.
 *
 * @param maxBytes of text; cells beyond it are left out, with a note how to go on
 * @returns `undefined` for what is no notebook
 */
export function showNotebook(json: string, maxBytes: number): NotebookView | undefined {
  const parsed = v.safeParse(notebook, json)
  if (!parsed.success) return undefined
  const { language, cells } = parsed.output
  const lines = linesOfCells(json)
  // With keys that are escaped or occur twice it is not certain which cells lie where.
  if (lines.length !== cells.length) return undefined

  const shown = [
    `Notebook of ${cells.length} cells. start_line and num_lines read the raw JSON, which is what Edit works on.`,
  ]
  const images: ImagePart[] = []
  let size = 0
  for (const [index, cell] of cells.entries()) {
    const kind = cell.kind === 'code' ? `code (${cell.language ?? language})` : cell.kind
    const title = `--- cell ${index + 1} of ${cells.length}: ${kind}, line ${lines[index]} ---`
    const outputs = showOutputs(cell.outputs, images.length)
    const block = [title, cell.source, ...outputs.texts].filter(part => part !== '').join('\n')
    size += Buffer.byteLength(block) + 1
    if (size > maxBytes && index > 0) {
      shown.push(`[… cut before cell ${index + 1}; go on in the raw JSON with start_line ${lines[index]}]`)
      break
    }
    shown.push(cutMiddle(block, maxBytes))
    images.push(...outputs.images)
  }
  return { text: shown.join('\n'), images }
}

/** Of one output: what a cell printed is rarely worth as much as its source. */
const MAX_OUTPUT_CHARS = 2_000
const MAX_IMAGES = 4
/** In base64; providers refuse larger ones. */
const MAX_IMAGE_CHARS = 5_000_000

interface Output {
  name: string
  text: string
  /** Base64. */
  image: string | undefined
}

function showOutputs(outputs: readonly Output[], imagesBefore: number): { texts: string[]; images: ImagePart[] } {
  const images: ImagePart[] = []
  const texts = outputs.map(({ name, text, image }) => {
    const body = cutMiddle(withoutOverwritten(stripVTControlCharacters(text)).trimEnd(), MAX_OUTPUT_CHARS)
    const part = image === undefined ? undefined : imagePart(image)
    const isShown = part !== undefined && imagesBefore + images.length < MAX_IMAGES
    if (isShown) images.push(part)
    const note = isShown
      ? `[image ${imagesBefore + images.length}]`
      : image === undefined
        ? ''
        : '[an image, not shown]'
    return [`--- ${name} ---`, body, note].filter(line => line !== '').join('\n')
  })
  return { texts, images }
}

function imagePart(base64: string): ImagePart | undefined {
  const data = base64.replace(/\s/g, '')
  const mediaType = imageTypeOf(Buffer.from(data.slice(0, 32), 'base64'))
  return mediaType && data.length <= MAX_IMAGE_CHARS ? { type: 'image', media_type: mediaType, data } : undefined
}

const text = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform(lines => (typeof lines === 'string' ? lines : lines.join(''))),
)

/** Both formats in one: nbformat 3 has on the output itself what nbformat 4 has in `data`. */
const output = v.pipe(
  v.object({
    output_type: v.string(),
    name: v.optional(v.string()),
    stream: v.optional(v.string()),
    text: v.optional(text),
    png: v.optional(text),
    jpeg: v.optional(text),
    data: v.optional(
      v.looseObject({ 'text/plain': v.optional(text), 'image/png': v.optional(text), 'image/jpeg': v.optional(text) }),
      {},
    ),
    ename: v.optional(v.string(), ''),
    evalue: v.optional(v.string(), ''),
    traceback: v.optional(v.array(v.string()), []),
  }),
  v.transform((raw): Output => {
    if (raw.output_type === 'stream')
      return { name: raw.name ?? raw.stream ?? 'stdout', text: raw.text ?? '', image: undefined }
    if (raw.output_type === 'error' || raw.output_type === 'pyerr') {
      const trace = raw.traceback.length > 0 ? raw.traceback.join('\n') : `${raw.ename}: ${raw.evalue}`
      return { name: 'error', text: trace, image: undefined }
    }
    const image = raw.png ?? raw.jpeg ?? raw.data['image/png'] ?? raw.data['image/jpeg']
    const others =
      image === undefined
        ? Object.keys(raw.data)
            .map(kind => `[${kind}, not shown]`)
            .join('\n')
        : ''
    return { name: 'result', text: raw.text ?? raw.data['text/plain'] ?? others, image }
  }),
)

const cell = v.pipe(
  v.object({
    cell_type: v.string(),
    source: v.optional(text),
    input: v.optional(text),
    language: v.optional(v.string()),
    outputs: v.optional(v.array(output), []),
  }),
  v.transform(({ cell_type, source, input, language, outputs }) => {
    return { kind: cell_type, source: source ?? input ?? '', language, outputs: withJoinedStreams(outputs) }
  }),
)

/** Programs that flush often leave many pieces of one stream. */
function withJoinedStreams(outputs: readonly Output[]): Output[] {
  const joined: Output[] = []
  for (const each of outputs) {
    const last = joined.at(-1)
    const isMore = last?.name === each.name && ['stdout', 'stderr'].includes(each.name)
    if (isMore) joined[joined.length - 1] = { ...each, text: last.text + each.text }
    else joined.push(each)
  }
  return joined
}

const named = v.optional(v.object({ name: v.optional(v.string()), language: v.optional(v.string()) }))

const notebook = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant('nbformat', [
    v.pipe(
      v.object({
        nbformat: v.literal(4),
        metadata: v.object({ language_info: named, kernelspec: named }),
        cells: v.array(cell),
      }),
      v.transform(({ metadata, cells }) => {
        return { language: metadata.language_info?.name ?? metadata.kernelspec?.language ?? 'python', cells }
      }),
    ),
    v.pipe(
      v.object({ nbformat: v.literal(3), worksheets: v.array(v.object({ cells: v.array(cell) })) }),
      v.transform(({ worksheets }) => ({ language: 'python', cells: worksheets.flatMap(sheet => sheet.cells) })),
    ),
  ]),
)

const TOKENS = /\r\n|\n|\r|[[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"/g
/** The strings before the brackets that are open around a cell: nbformat 4, then 3. */
const PATHS_TO_CELLS = [',"cells"', ',"worksheets",,"cells"']
const DEEPEST_PATH = 4

/** The lines, from 1, on which the cells begin. */
function linesOfCells(json: string): number[] {
  const found: number[] = []
  const open: string[] = []
  let before = ''
  let line = 1
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.length <= DEEPEST_PATH && PATHS_TO_CELLS.includes(open.join())) found.push(line)
      open.push(before)
      before = ''
    } else if (token === '}' || token === ']') {
      open.pop()
      before = ''
    } else if (token.startsWith('"')) before = token
    else line++
  }
  return found
}
