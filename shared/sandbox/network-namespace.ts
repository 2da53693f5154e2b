import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { type Socket, Server as SocketServer } from 'node:net'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'

const START_TIMEOUT_MS = 10_000

/**
 * Listens in the new network and hands the listener to us: a socket stays in the network it was made in, whoever holds
 * it. Ends by itself if nobody ends it.
 */
const LISTENER = `
const server = require('node:net').createServer()
server.listen(0, '127.0.0.1', () => {
  const about = { pid: process.pid, port: server.address().port }
  process.send(about, server, { keepOpen: true })
})
setTimeout(() => {}, ${START_TIMEOUT_MS})`

/** Absolute paths. */
export interface NamespaceTools {
  bubblewrap: string
  nsenter: string
}

export interface NetworkNamespaceParts extends NamespaceTools {
  /** Called with each connection to the way out. */
  onConnection(socket: Socket): void
}

/**
 * A network of a session's own with nothing in it but loopback and one listener, which is ours. Commands enter it one
 * after the other, so that a server one of them started is there for the next. It lives by our descriptors alone.
 */
export class NetworkNamespace {
  readonly port: number
  readonly #userFd: number
  readonly #networkFd: number
  readonly #listener: SocketServer
  readonly #nsenter: string

  private constructor(port: number, userFd: number, networkFd: number, listener: SocketServer, nsenter: string) {
    this.port = port
    this.#userFd = userFd
    this.#networkFd = networkFd
    this.#listener = listener
    this.#nsenter = nsenter
  }

  static async open(parts: NetworkNamespaceParts): Promise<Result<NetworkNamespace, string>> {
    const child = spawn(
      parts.bubblewrap,
      // No pid namespace: the listener's own idea of its pid is the one that we see.
      [
        ...['--unshare-user', '--unshare-net', '--die-with-parent', '--dev-bind', '/', '/', '--'],
        ...[process.execPath, '-e', LISTENER],
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: { ELECTRON_RUN_AS_NODE: '1' }, cwd: '/' },
    )
    try {
      const { pid, port, listener } = await announced(child)
      const userFd = openSync(`/proc/${pid}/ns/user`, 'r')
      const networkFd = openSync(`/proc/${pid}/ns/net`, 'r')
      listener.on('connection', parts.onConnection)
      listener.unref()
      return ok(new NetworkNamespace(port, userFd, networkFd, listener, parts.nsenter))
    } catch (error) {
      return fail(messageOf(error))
    } finally {
      child.kill('SIGKILL')
    }
  }

  /** What to put before a program and its arguments, so that it starts inside. */
  get entering(): readonly string[] {
    const own = `/proc/${process.pid}/fd`
    return [
      this.#nsenter,
      '--preserve-credentials',
      `--user=${own}/${this.#userFd}`,
      `--net=${own}/${this.#networkFd}`,
      '--',
    ]
  }

  close(): void {
    this.#listener.close()
    closeSync(this.#userFd)
    closeSync(this.#networkFd)
  }
}

function announced(child: ChildProcess): Promise<{ pid: number; port: number; listener: SocketServer }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the network did not start in time')), START_TIMEOUT_MS)
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`the network could not be set up (exit code ${code})`)))
    child.on('message', (about, handle) => {
      clearTimeout(timer)
      if (handle instanceof SocketServer && isAbout(about)) resolve({ ...about, listener: handle })
      else reject(new Error('the network was announced without its listener'))
    })
  })
}

function isAbout(message: unknown): message is { pid: number; port: number } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'pid' in message &&
    'port' in message &&
    typeof message.pid === 'number' &&
    typeof message.port === 'number'
  )
}
