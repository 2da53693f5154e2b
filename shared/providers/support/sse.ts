/** One server-sent event; `name` is empty where the server gave none. */
export interface ServerEvent {
  name: string
  data: string
}

/**
 * Reads server-sent events from bytes as they come. Pieces may end anywhere, also inside a character or between
 * CR and LF.
 */
export class SseReader {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #name = ''
  #data: string[] = []

  /** Takes the next piece; returns the events it completed. */
  read(piece: Uint8Array): ServerEvent[] {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true })
    const events: ServerEvent[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end)
      start = end + 1
      if (line === '') this.#finish(events)
      else this.#take(line)
    }
    this.#rest = text.slice(start)
    return events
  }

  /** The stream ended in good order; some servers leave out the blank line after the last event. */
  end(): ServerEvent[] {
    return this.read(new TextEncoder().encode('\n\n'))
  }

  #take(line: string): void {
    const colon = line.indexOf(':')
    // A line that begins with a colon is a comment, which proxies send to keep the connection open.
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.#data.push(value)
    if (field === 'event') this.#name = value
  }

  #finish(events: ServerEvent[]): void {
    if (this.#data.length > 0) events.push({ name: this.#name, data: this.#data.join('\n') })
    this.#name = ''
    this.#data = []
  }
}
