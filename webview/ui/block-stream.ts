/** A top-level piece of a Markdown text: a paragraph, a list, a code block. */
export interface MarkdownBlock {
  /** Where it starts in the text; serves as its key. */
  offset: number
  source: string
  /** No later text can change it. */
  isClosed: boolean
}

/** Of markdown-it's tokens, what is needed to find the blocks. */
export type ParseMarkdown = (text: string) => { level: number; map: [number, number] | null; nesting: number }[]

/**
 * Cuts a growing Markdown text into blocks. Closed blocks are handed out as the same objects again,
 * so that only the last one is parsed and drawn anew with each piece that comes in.
 */
export class BlockStream {
  readonly #parse: ParseMarkdown
  #closed: MarkdownBlock[] = []
  #closedText = ''

  constructor(parse: ParseMarkdown) {
    this.#parse = parse
  }

  /** @param text everything so far */
  update(text: string, isComplete: boolean): MarkdownBlock[] {
    if (!text.startsWith(this.#closedText)) {
      this.#closed = []
      this.#closedText = ''
    }
    const fresh = this.#cut(text.slice(this.#closedText.length), this.#closedText.length, isComplete)
    const closing = fresh.filter(block => block.isClosed)
    if (closing.length > 0) {
      this.#closed = [...this.#closed, ...closing]
      const last = closing.at(-1)!
      this.#closedText = text.slice(0, last.offset + last.source.length)
    }
    return [...this.#closed, ...fresh.filter(block => !block.isClosed)]
  }

  /** The last block stays open: the next piece may still belong to it. */
  #cut(tail: string, offset: number, isComplete: boolean): MarkdownBlock[] {
    const starts = this.#parse(tail)
      .filter(token => token.level === 0 && token.map && token.nesting >= 0)
      .map(token => token.map![0])
    const lineOffsets = offsetsOfLines(tail)
    return starts.map((line, index) => {
      const from = index === 0 ? 0 : lineOffsets[line]!
      const next = starts[index + 1]
      const to = next === undefined ? tail.length : lineOffsets[next]!
      return { offset: offset + from, source: tail.slice(from, to), isClosed: isComplete || next !== undefined }
    })
  }
}

function offsetsOfLines(text: string): number[] {
  const offsets = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) offsets.push(at + 1)
  return offsets
}
