const ESC = 0x1b
const BEL = 0x07

/** Longer than this a string sequence is not one; what follows is shown again. */
const MAX_SEQUENCE_BYTES = 64 * 1024

/**
 * Takes control sequences out of output, piece by piece: window titles, clipboard writes, links, queries whose answer
 * would be typed into the terminal, cursor movement and colours. Text, tabs and line ends stay.
 */
export class TerminalFilter {
  #state: 'text' | 'escape' | 'csi' | 'string' | 'string-escape' | 'one-more' = 'text'
  #sequenceBytes = 0

  clean(piece: Uint8Array): Uint8Array {
    if (this.#state === 'text' && !hasControl(piece)) return piece
    const kept = new Uint8Array(piece.length)
    let length = 0
    for (const byte of piece) if (this.#isText(byte)) kept[length++] = byte
    return kept.subarray(0, length)
  }

  #isText(byte: number): boolean {
    if (this.#state === 'text') {
      if (byte !== ESC) return !isControl(byte)
      this.#enter('escape')
      return false
    }
    this.#sequenceBytes++
    this.#advance(byte)
    return false
  }

  #advance(byte: number): void {
    switch (this.#state) {
      case 'escape':
        this.#afterEscape(byte)
        return
      case 'csi':
        // Parameters and intermediates are 0x20 to 0x3f; anything else ends it.
        if (byte === ESC) this.#enter('escape')
        else if (byte < 0x20 || byte > 0x3f) this.#enter('text')
        return
      case 'string':
        if (byte === BEL || this.#sequenceBytes > MAX_SEQUENCE_BYTES) this.#enter('text')
        else if (byte === ESC) this.#state = 'string-escape'
        return
      case 'string-escape':
        if (byte === 0x5c) this.#enter('text')
        else this.#afterEscape(byte)
        return
      default:
        this.#enter('text')
    }
  }

  #afterEscape(byte: number): void {
    if (byte === 0x5b) this.#enter('csi')
    else if (STRING_STARTS.has(byte)) this.#enter('string')
    else if (byte >= 0x20 && byte <= 0x2f) this.#enter('one-more')
    else if (byte === ESC) this.#enter('escape')
    else this.#enter('text')
  }

  #enter(state: 'text' | 'escape' | 'csi' | 'string' | 'one-more'): void {
    this.#state = state
    this.#sequenceBytes = 0
  }
}

/** `]` OSC, `P` DCS, `X` SOS, `^` PM, `_` APC. */
const STRING_STARTS = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f])

/** Every byte of a long output goes through here: a plain loop costs a fifth of `some` with a callback. */
function hasControl(piece: Uint8Array): boolean {
  for (let at = 0; at < piece.length; at++) if (isControl(piece[at]!)) return true
  return false
}

/** Control characters but tab, line feed and carriage return. */
function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f
}

/** A whole text without control sequences. */
export function withoutControlSequences(text: string): string {
  return Buffer.from(new TerminalFilter().clean(Buffer.from(text))).toString('utf8')
}
