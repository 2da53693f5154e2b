import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import { commandsOf, scriptCommands } from '#shared/config/project-command'
import type { BackgroundCommand, Sandbox } from '#shared/sandbox/sandbox'
import type { ProjectState } from '../support/change-states'
import { ListeningPorts } from './listening-ports'

/** In the network of the sandbox nobody else listens. */
const PORT = 5080
const POLL_MS = 50
/** A server that does not take the port it is given is believed after so long: another may follow. */
const SETTLED_MS = 1_000
const MAX_TOLD_CHARS = 2_000

/** The project's development server, in a sandbox whose network it has for itself. */
export class DevServer {
  readonly #command: BackgroundCommand
  readonly #listening: ListeningPorts
  readonly #otherPorts: ReadonlySet<number>
  #hasEnded = false

  private constructor(command: BackgroundCommand, listening: ListeningPorts, otherPorts: ReadonlySet<number>) {
    this.#command = command
    this.#listening = listening
    this.#otherPorts = otherPorts
    void command.ended.then(() => {
      this.#hasEnded = true
    })
  }

  /**
   * @param command gets its port as `PORT` and in place of `{port}`
   * @param preparation a shell line that goes before it
   */
  static async start(
    command: string,
    project: string,
    preparation: string,
    sandbox: Sandbox,
  ): Promise<Result<DevServer, string>> {
    const listening = await ListeningPorts.watch(sandbox)
    if (!listening.ok) return listening
    const otherPorts = new Set(listening.value.now)
    const line = command.replaceAll('{port}', `${PORT}`)
    const started = await sandbox.start({
      command: `${preparation}\nexport PORT=${PORT} BROWSER=none FORCE_COLOR=0\n${line}`,
      cwd: project,
    })
    if (started.ok) return ok(new DevServer(started.value, listening.value, otherPorts))
    await listening.value.stop()
    return fail(started.error.message)
  }

  /** What it printed last. */
  get told(): string {
    return this.#command.output().trim().slice(-MAX_TOLD_CHARS)
  }

  /** Waits until it listens. @returns the port; on failure why there is none */
  async port(timeoutMs: number, signal: AbortSignal): Promise<Result<number, string>> {
    const until = performance.now() + timeoutMs
    let seen = { port: 0, sinceMs: 0 }
    while (performance.now() < until && !signal.aborted) {
      if (this.#hasEnded) return fail('it ended')
      const ports = this.#listening.now.filter(port => !this.#otherPorts.has(port))
      if (ports.includes(PORT)) return ok(PORT)
      const port = Math.min(...ports)
      if (ports.length > 0) {
        if (port !== seen.port) seen = { port, sinceMs: performance.now() }
        if (performance.now() - seen.sinceMs > SETTLED_MS) return ok(port)
      }
      await sleep(POLL_MS, signal)
    }
    return fail(`it does not listen after ${Math.round(timeoutMs / 1000)} s`)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#listening.stop(), this.#command.stop()])
  }
}

/** What is served in a project where nobody says it: the script `dev`. */
export async function findServerCommand(state: ProjectState): Promise<string | undefined> {
  const [first] = await commandsOf(scriptCommands('dev'), state)
  return first?.command
}
