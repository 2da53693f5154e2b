import type { Output } from '../output'

/** A fence that opens or closes a block of code. */
const FENCE = /^\s*(```|~~~)/

/**
 * Markdown as it streams, as rows for a terminal: a row is given out as soon as it is full, so that a long paragraph is
 * seen while it is written. Marks stay readable without colours.
 */
export class MarkdownRows {
  readonly #width: () => number
  readonly #paint: Output['paint']
  readonly #hasCodeColour: boolean
  #row = ''
  #isInCode = false
  #isHeading = false
  #isLineStart = true

  /** @param width of the terminal, in columns */
  constructor(width: () => number, paint: Output['paint'], hasCodeColour = true) {
    this.#width = width
    this.#paint = paint
    this.#hasCodeColour = hasCodeColour
  }

  /** @returns the rows that are complete now */
  push(text: string): string[] {
    const rows: string[] = []
    for (const part of text.split(/(?<=\n)/)) {
      const isLineEnd = part.endsWith('\n')
      this.#row += isLineEnd ? part.slice(0, -1) : part
      if (isLineEnd) rows.push(this.#endLine())
      else rows.push(...this.#fullRows())
    }
    return rows
  }

  /** @returns what is left, if anything */
  end(): string[] {
    return this.#row === '' ? [] : [this.#endLine()]
  }

  #endLine(): string {
    const row = this.#styled(this.#row)
    this.#row = ''
    this.#isLineStart = true
    this.#isHeading = false
    return row
  }

  /** Prose is broken between words; code is left to the terminal. */
  #fullRows(): string[] {
    const rows: string[] = []
    const width = Math.max(20, this.#width() - 1)
    while (!this.#isInCode && !FENCE.test(this.#row) && this.#row.length > width) {
      const space = this.#row.lastIndexOf(' ', width)
      const cut = space > 0 ? space : width
      const head = this.#row.slice(0, cut)
      this.#row = this.#row.slice(cut).trimStart()
      rows.push(this.#styled(head))
      this.#isLineStart = false
    }
    return rows
  }

  #styled(row: string): string {
    if (this.#isLineStart && FENCE.test(row)) {
      this.#isInCode = !this.#isInCode
      return this.#paint('dim', row)
    }
    if (this.#isInCode) return this.#hasCodeColour ? this.#paint('blue', row) : row
    if (this.#isLineStart) this.#isHeading = /^#{1,6} /.test(row)
    if (this.#isHeading) return this.#paint('bold', row)
    return row
      .replace(/`([^`]+)`/g, whole => this.#paint('blue', whole))
      .replace(/\*\*([^*]+)\*\*/g, (_, text) => this.#paint('bold', text))
  }
}
