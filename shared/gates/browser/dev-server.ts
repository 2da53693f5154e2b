import { sleep } from '#shared/base/cancel'
import { fail, ok, type Result } from '#shared/base/result'
import { shellWord } from '#shared/base/shell-word'
import type { BackgroundCommand, Sandbox } from '#shared/sandbox/sandbox'
import type { ProjectState } from '../support/change-states'

/** In the network of the sandbox nobody else listens. */
const PORT = 5080
const POLL_MS = 150
/** A server that does not take the port it is given is believed after so long: another may follow. */
const SETTLED_MS = 1_000
const MAX_TOLD_CHARS = 2_000

/** The project's development server, in a sandbox whose network it has for itself. */
export class DevServer {
  readonly #sandbox: Sandbox
  readonly #command: BackgroundCommand
  readonly #otherPorts: ReadonlySet<number>
  #hasEnded = false

  private constructor(sandbox: Sandbox, command: BackgroundCommand, otherPorts: ReadonlySet<number>) {
    this.#sandbox = sandbox
    this.#command = command
    this.#otherPorts = otherPorts
    void command.ended.then(() => {
      this.#hasEnded = true
    })
  }

  /**
   * @param command gets its port as `PORT` and in place of `{port}`
   * @param modules installed packages of the project, shown in its copy
   */
  static async start(
    command: string,
    project: string,
    modules: string,
    sandbox: Sandbox,
  ): Promise<Result<DevServer, string>> {
    const otherPorts = new Set(await listeningPorts(sandbox))
    const line = command.replaceAll('{port}', `${PORT}`)
    const started = await sandbox.start({
      command: `${linkModules(modules)}\nexport PORT=${PORT} BROWSER=none FORCE_COLOR=0\n${line}`,
      cwd: project,
    })
    return started.ok ? ok(new DevServer(sandbox, started.value, otherPorts)) : fail(started.error.message)
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
      const ports = (await listeningPorts(this.#sandbox)).filter(port => !this.#otherPorts.has(port))
      if (ports.includes(PORT)) return ok(PORT)
      const port = Math.min(...ports)
      if (ports.length > 0) {
        if (port !== seen.port) seen = { port, sinceMs: performance.now() }
        if (performance.now() - seen.sinceMs > SETTLED_MS) return ok(port)
      }
      if (this.#hasEnded && ports.length === 0) return fail('it ended')
      await sleep(POLL_MS, signal)
    }
    return fail(`it does not listen after ${Math.round(timeoutMs / 1000)} s`)
  }

  stop(): Promise<void> {
    return this.#command.stop()
  }
}

/** What is served in a project where nobody says it: the script `dev`. */
export async function findServerCommand(state: ProjectState): Promise<string | undefined> {
  const manifest = await state.read('package.json')
  if (!/"scripts"\s*:\s*\{[^}]*"dev"\s*:/.test(manifest)) return undefined
  for (const [lockFile, manager] of MANAGERS) if (await state.has(lockFile)) return `${manager} run dev`
  return 'npm run dev'
}

const MANAGERS = [
  ['bun.lockb', 'bun'],
  ['bun.lock', 'bun'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
] as const

/** Servers keep what they make in a folder beside the packages, such as node_modules/.vite: it has to be their own. */
function linkModules(modules: string): string {
  const from = shellWord(modules)
  const linked = ['*', '.bin', '.pnpm', '.package-lock.json', '.modules.yaml'].map(name => `${from}/${name}`).join(' ')
  return `if [ -d ${from} ] && [ ! -e node_modules ]; then mkdir node_modules; ln -s ${linked} node_modules/; fi 2>/dev/null`
}

/** A listening socket in the kernel's table: local address, remote address, state 0A. */
const LISTENING = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A /gm

async function listeningPorts(sandbox: Sandbox): Promise<number[]> {
  const ended = await sandbox.run({ command: 'cat /proc/net/tcp /proc/net/tcp6', cwd: '/', timeoutMs: 5_000 })
  if (!ended.ok) return []
  return [...ended.value.stdout.matchAll(LISTENING)].map(([, port = '']) => Number.parseInt(port, 16))
}
