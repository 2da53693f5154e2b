import { deserializeMessage, type JSONRPCMessage, serializeMessage, type Transport } from '@modelcontextprotocol/client'
import type { Conversation } from '#shared/sandbox/conversation'
import { plainText } from './server-text'
import type { StartProgram } from './start-program'

/** A longer message ends the connection: no result is worth more memory. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024
const NEWLINE = 0x0a
/** A server that sends more has lost its way. */
const MAX_LINES_PER_SECOND = 2_000
const MAX_STDERR_CHARS = 2_000

/** Speaks with a server over the stdin and stdout of a program. What is not a message of the protocol is skipped. */
export class ProcessTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #start: StartProgram
  /** The beginning of a line whose end has not come yet. */
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #program: Conversation | undefined
  #isClosed = false
  #second = 0
  #linesInSecond = 0
  #said = ''
  #trouble: string | undefined
  /** It was ended for what it sent: starting it again would help nobody. */
  hasMisbehaved = false

  constructor(start: StartProgram) {
    this.#start = start
  }

  /** The SDK knows by this and the next that it speaks with a program. */
  get pid(): number | null {
    return this.#program?.pid ?? null
  }

  get stderr(): null {
    return null
  }

  /** Why the program went away or was ended, in one line; empty while it runs. */
  get whyEnded(): string {
    return this.#trouble ?? ''
  }

  async start(): Promise<void> {
    const started = await this.#start()
    if (!started.ok) {
      this.#trouble = started.error.message
      throw new Error(started.error.message)
    }
    const program = started.value
    this.#program = program
    if (this.#isClosed) return program.stop()
    program.stdout.on('data', (piece: Buffer) => this.#hear(piece))
    program.stderr.on('data', (piece: Buffer) => {
      this.#said = plainText((this.#said + piece.toString('utf8')).slice(-MAX_STDERR_CHARS))
    })
    program.ended.then(code => {
      this.#trouble ??= lastLine(this.#said) || `it ended with exit code ${code}`
      this.#end()
    })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const program = this.#program
    if (!program || this.#isClosed || !program.stdin.writable) throw new Error(this.whyEnded || 'it is not running')
    if (!program.stdin.write(serializeMessage(message))) {
      await Promise.race([new Promise(resolve => program.stdin.once('drain', resolve)), program.ended])
    }
  }

  async close(): Promise<void> {
    this.#end()
    await this.#program?.stop()
  }

  #end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pieces = []
    this.onclose?.()
  }

  #hear(piece: Buffer): void {
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0 && !this.#isClosed; end = piece.indexOf(NEWLINE, start)) {
      this.#pieces.push(piece.subarray(start, end))
      start = end + 1
      const line = Buffer.concat(this.#pieces).toString('utf8')
      this.#pieces = []
      this.#pieceBytes = 0
      this.#take(line)
    }
    if (this.#isClosed) return
    this.#pieces.push(piece.subarray(start))
    this.#pieceBytes += piece.length - start
    if (this.#pieceBytes > MAX_MESSAGE_BYTES) {
      this.#giveUp(`it sent a message of more than ${MAX_MESSAGE_BYTES / 1024 / 1024} MB`)
    }
  }

  #take(line: string): void {
    const second = Math.floor(performance.now() / 1000)
    this.#linesInSecond = second === this.#second ? this.#linesInSecond + 1 : 1
    this.#second = second
    if (this.#linesInSecond > MAX_LINES_PER_SECOND) {
      this.#giveUp('it sends without end what nobody asked for')
      return
    }
    try {
      this.onmessage?.(deserializeMessage(line))
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #giveUp(why: string): void {
    this.hasMisbehaved = true
    this.#trouble = why
    this.#end()
    void this.#program?.stop()
  }
}

/** Programs say last what was wrong. */
function lastLine(text: string): string {
  const line = text.split('\n').findLast(each => each.trim() !== '') ?? ''
  return line.trim().slice(0, 300)
}
