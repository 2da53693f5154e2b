/** Keeps the beginning and the end of what a process prints, and counts what was between. */
export class OutputBuffer {
  readonly #headLimit: number
  readonly #tailLimit: number
  readonly #head: Uint8Array[] = []
  readonly #tail: Uint8Array[] = []
  #headBytes = 0
  #tailBytes = 0
  #totalBytes = 0

  /** @param limitBytes kept at most, half of it from the beginning */
  constructor(limitBytes: number) {
    this.#headLimit = Math.ceil(limitBytes / 2)
    this.#tailLimit = Math.floor(limitBytes / 2)
  }

  push(piece: Uint8Array): void {
    this.#totalBytes += piece.length
    const room = this.#headLimit - this.#headBytes
    const first = piece.subarray(0, room)
    if (first.length > 0) this.#head.push(first)
    this.#headBytes += first.length
    if (piece.length > first.length) this.#pushTail(piece.subarray(first.length))
  }

  get omittedBytes(): number {
    return this.#totalBytes - this.#headBytes - this.#tailBytes
  }

  /** What was kept; a line in the middle says how much is missing. */
  text(): string {
    const head = Buffer.concat(this.#head)
    const tail = Buffer.concat(this.#tail)
    if (this.omittedBytes === 0) return Buffer.concat([head, tail]).toString('utf8')
    return `${decodeStart(head)}\n[… ${this.omittedBytes} bytes left out …]\n${decodeEnd(tail)}`
  }

  #pushTail(piece: Uint8Array): void {
    this.#tail.push(piece)
    this.#tailBytes += piece.length
    while (this.#tailBytes > this.#tailLimit) {
      const oldest = this.#tail[0]!
      const excess = this.#tailBytes - this.#tailLimit
      if (excess >= oldest.length) this.#tail.shift()
      else this.#tail[0] = oldest.subarray(excess)
      this.#tailBytes -= Math.min(excess, oldest.length)
    }
  }
}

/** Bytes of a character that was cut off at the end are dropped. */
function decodeStart(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
}

/** Bytes of a character that was cut off at the beginning are dropped; a character has at most three more. */
function decodeEnd(bytes: Uint8Array): string {
  let from = 0
  while (from < Math.min(3, bytes.length) && (bytes[from]! & 0xc0) === 0x80) from++
  return Buffer.from(bytes.subarray(from)).toString('utf8')
}
