import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { AgentContext, TerminalHandle } from '@agentclientprotocol/sdk'
import { sleep } from '#shared/base/cancel'
import { messageOf } from '#shared/base/message-of'
import { assetPath } from '#shared/host/node/assets'
import type { KodeEvent } from '#shared/protocol/events'
import { listen } from '../loopback'
import { toolKind } from './updates'

export interface ClientTerminalsParts {
  client: AgentContext
  sessionId(): string
  /** Absolute. */
  root: string
  log(text: string): void
}

/** For a client to open a terminal, and later for the terminal to show the last lines. */
const PATIENCE_MS = 3_000
/** Of one command; nobody reads more, and a terminal that is slow must not fill the memory. */
const MAX_SHOWN_CHARS = 1_000_000

/**
 * What commands print, in terminals of the client. A client runs its terminals outside of the sandbox; so the command
 * itself runs behind kode's wall as ever, and its terminal shows it. Without a terminal the output is told as text.
 */
export class ClientTerminals {
  readonly #parts: ClientTerminalsParts
  /** By call, until its result was told. */
  readonly #views = new Map<string, TerminalView>()
  /** By the key that their program knows, until they are given back. */
  readonly #byKey = new Map<string, TerminalView>()
  /** Commands that have not printed anything yet, by call. */
  readonly #silent = new Map<string, string>()
  readonly #releases = new Set<Promise<void>>()
  #server: Promise<{ server: Server; port: number }> | undefined
  #isRefused = false

  constructor(parts: ClientTerminalsParts) {
    this.#parts = parts
  }

  /** The terminal that shows a call, if there is one. */
  terminalOf(callId: string): string | undefined {
    return this.#views.get(callId)?.terminal?.id
  }

  /** Shows what an event tells; to be called before the event itself is told. */
  async follow(event: KodeEvent): Promise<void> {
    if (event.type === 'tool_started' && toolKind(event.call.name) === 'execute') {
      this.#silent.set(event.call.id, event.title)
    }
    if (event.type === 'tool_output_delta' && event.text !== '') {
      const command = this.#silent.get(event.call_id)
      this.#silent.delete(event.call_id)
      if (command !== undefined) await this.#open(event.call_id, command)
      this.#views.get(event.call_id)?.show(event.text)
    }
    if (event.type === 'tool_result') {
      this.#silent.delete(event.message.call_id)
      this.#views.get(event.message.call_id)?.end(event.exit_code ?? 1)
    }
  }

  /** Gives back the terminal of a call whose result was told; what it shows stays with the client. */
  release(callId: string): void {
    const view = this.#views.get(callId)
    if (!view) return
    this.#views.delete(callId)
    const release = view
      .release()
      .catch(error => this.#parts.log(`a terminal was not released: ${messageOf(error)}`))
      .finally(() => {
        this.#byKey.delete(view.key)
        this.#releases.delete(release)
      })
    this.#releases.add(release)
  }

  async close(): Promise<void> {
    for (const callId of [...this.#views.keys()]) this.release(callId)
    await Promise.all(this.#releases)
    const opened = await this.#server?.catch(() => undefined)
    opened?.server.close()
  }

  async #open(callId: string, command: string): Promise<void> {
    if (this.#isRefused) return
    const view = new TerminalView(randomBytes(12).toString('hex'))
    // Its program may be there before the client has answered.
    this.#byKey.set(view.key, view)
    try {
      view.terminal = await this.#create(view.key, command)
    } catch (error) {
      this.#parts.log(`no terminal: ${messageOf(error)}`)
    }
    if (view.terminal) this.#views.set(callId, view)
    else this.#byKey.delete(view.key)
    this.#isRefused = view.terminal === undefined
  }

  /** Undefined for a client that takes too long. */
  async #create(key: string, command: string): Promise<TerminalHandle | undefined> {
    const { client, root, log } = this.#parts
    this.#server ??= this.#listen()
    const { port } = await this.#server
    const created = client.createTerminal({
      sessionId: this.#parts.sessionId(),
      command: process.execPath,
      args: [assetPath('terminal-view.mjs'), String(port), key, command],
      cwd: root,
    })
    const late = new AbortController()
    const terminal = await Promise.race([created, sleep(PATIENCE_MS, late.signal)])
    late.abort()
    if (terminal) return terminal
    // One that comes later is of no use any more.
    void created.then(each => each.release()).catch(error => log(`a terminal came late: ${messageOf(error)}`))
    return undefined
  }

  /** A port of the loopback interface leaves nothing behind; who does not know a key hears nothing. */
  async #listen(): Promise<{ server: Server; port: number }> {
    const server = createServer(socket => {
      socket.on('error', error => this.#parts.log(`a terminal went away: ${error.message}`))
      socket.setTimeout(PATIENCE_MS, () => socket.destroy())
      socket.once('data', piece => {
        const view = this.#byKey.get(piece.toString('utf8').trim())
        if (!view) return void socket.destroy()
        socket.setTimeout(0)
        view.attach(socket)
      })
    })
    const port = await listen(server, 0)
    server.unref()
    return { server, port }
  }
}

type Shown = { text: string } | { exitCode: number }

/** One terminal and what it is still to show. */
class TerminalView {
  /** Known to the program in the terminal only. */
  readonly key: string
  /** Once the client has opened it. */
  terminal: TerminalHandle | undefined
  readonly #waiting: Shown[] = []
  #left = MAX_SHOWN_CHARS
  #socket: Socket | undefined

  constructor(key: string) {
    this.key = key
  }

  attach(socket: Socket): void {
    this.#socket = socket
    for (const shown of this.#waiting.splice(0)) this.#pass(shown)
  }

  show(output: string): void {
    if (this.#left <= 0) return
    const text = output.slice(0, this.#left)
    this.#left -= text.length
    this.#pass({ text: this.#left > 0 ? text : `${text}\n[… more is not shown]\n` })
  }

  end(exitCode: number): void {
    this.#pass({ exitCode })
  }

  async release(): Promise<void> {
    const late = new AbortController()
    await Promise.race([this.terminal?.waitForExit(), sleep(PATIENCE_MS, late.signal)])
    late.abort()
    await this.terminal?.release()
    this.#socket?.destroy()
  }

  #pass(shown: Shown): void {
    if (!this.#socket) this.#waiting.push(shown)
    else if ('text' in shown) this.#socket.write(`${JSON.stringify(shown)}\n`)
    else this.#socket.end(`${JSON.stringify(shown)}\n`)
  }
}
