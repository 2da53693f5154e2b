import { fail, ok, type Result } from '#shared/base/result'
import type { BackgroundCommand, Sandbox } from '#shared/sandbox/sandbox'

const POLL_S = 0.15
const END = '---'
const WATCH = `while :; do cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; echo ${END}; sleep ${POLL_S}; done`

/** A listening socket in the kernel's table: local address, remote address, state 0A. */
const LISTENING = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A /gm

/** The ports at which somebody listens in the network of a sandbox, while they are watched: by one command that goes on. */
export class ListeningPorts {
  readonly #command: BackgroundCommand
  readonly #latest: () => readonly number[]

  private constructor(command: BackgroundCommand, latest: () => readonly number[]) {
    this.#command = command
    this.#latest = latest
  }

  /** Resolves once they are known. */
  static async watch(sandbox: Sandbox): Promise<Result<ListeningPorts, string>> {
    let text = ''
    let latest: readonly number[] = []
    let tellFirst = () => {}
    const first = new Promise<void>(resolve => {
      tellFirst = resolve
    })
    const started = await sandbox.start({
      command: WATCH,
      cwd: '/',
      onOutput(piece) {
        const tables = (text + Buffer.from(piece).toString()).split(`${END}\n`)
        text = tables.pop() ?? ''
        const table = tables.at(-1)
        if (table === undefined) return
        latest = portsIn(table)
        tellFirst()
      },
    })
    if (!started.ok) return fail(started.error.message)
    await Promise.race([first, started.value.ended])
    return ok(new ListeningPorts(started.value, () => latest))
  }

  get now(): readonly number[] {
    return this.#latest()
  }

  stop(): Promise<void> {
    return this.#command.stop()
  }
}

function portsIn(table: string): number[] {
  return [...table.matchAll(LISTENING)].map(([, port = '']) => Number.parseInt(port, 16))
}
