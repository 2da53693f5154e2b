import { existsSync, mkdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { ProcessEnd, Processes } from '#shared/host/host'
import { isInside } from '#shared/host/inside'
import { isWritable } from '#shared/host/node/writable'
import { defaultHosts } from './allowed-hosts'
import { auditProtected } from './audit'
import { cleaned, readable, startInBackground, whyNotRunnable } from './command-run'
import { ControlGroup } from './control-group'
import { type Conversation, startConversation } from './conversation'
import { commandEnvironment } from './environment'
import { Excess } from './excess'
import { hiddenPaths } from './hidden-paths'
import type { Limits } from './limits'
import type { NamespaceTools } from './network-namespace'
import type { SandboxPolicy } from './policy'
import { cacheEnvironment, projectCacheFolder } from './project-caches'
import {
  gitControlPaths,
  knownByOtherNames,
  type ProtectedPath,
  ProtectedPaths,
  sharedGitFolder,
} from './protected-paths'
import { lineToRun } from './pseudo-terminal'
import { readText } from './read-text'
import type {
  BackgroundCommand,
  BackgroundRequest,
  ConverseRequest,
  Sandbox,
  SandboxCommand,
  SandboxEnd,
  SandboxError,
} from './sandbox'
import { SessionFolder } from './session-folder'
import type { SessionNetwork } from './session-network'
import type { View } from './view'
import { violationsIn } from './violations'

/** What holds a command. */
export interface Wall {
  level: 'bubblewrap' | 'seatbelt'
  /** What it does not hold back. */
  notCovered: readonly string[]
  /** Program and arguments that run a shell inside. */
  confine(view: View, cwd: string, shell: readonly string[], network: SessionNetwork | undefined): [string, ...string[]]
}

/** What one sandbox is built from. */
export interface ConfinedParts {
  /** Absolute, links resolved. */
  root: string
  stateFolder: string
  quarantine: string
  home: string
  wall: Wall
  processes: Processes
  env: Readonly<Record<string, string | undefined>>
  /** Names of more variables to pass. */
  passVariables: readonly string[]
  limits: Limits
  network: NetworkChoice
  /** Package caches of commands stay for the next session. */
  keepsCaches: boolean
  description: string
  /** Runs a command without a wall, for `runOutside`. */
  outside: Sandbox
}

/** Which hosts commands may reach. */
export type NetworkChoice =
  | { kind: 'none' }
  | {
      kind: 'allow-list'
      /** What a network of the session's own is made with; undefined: the wall itself lets nothing but the proxy through. */
      namespaceTools: NamespaceTools | undefined
      /** Also the registries and code hosts that the project uses. */
      hasDefaults: boolean
      userHosts: readonly string[]
      /** Closed, whatever the lists say. */
      denied: readonly string[]
      /** Asks the user about another host; absent where nobody can answer. */
      ask?: ((host: string, port: number) => Promise<boolean>) | undefined
    }

/** Private to the sandbox: what lies there outside is not seen inside anyway. */
const PRIVATE_FOLDERS = ['/tmp', '/var/tmp', '/run', '/dev', '/proc']

type Run = Omit<SandboxCommand, 'timeoutMs'> & { timeoutMs?: number; onStart?(pid: number): void }

/** Commands behind a wall: what they may touch, what they get, what they used, and what they left behind. */
export class ConfinedSandbox implements Sandbox {
  readonly level: Wall['level']
  readonly description: string
  readonly #parts: ConfinedParts
  readonly #protected: ProtectedPaths
  /** Package caches that outlive the session; absent where nothing can be kept. */
  readonly #keptCaches: string | undefined
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  #session: SessionFolder | undefined
  #runs = 0
  #network: Promise<SessionNetwork | undefined> | undefined
  #controlGroup: ControlGroup | undefined

  constructor(parts: ConfinedParts) {
    this.#parts = parts
    this.description = parts.description
    this.level = parts.wall.level
    this.#protected = new ProtectedPaths(parts.root, parts.home)
    const caches = projectCacheFolder(parts.root, parts.home, parts.env)
    this.#keptCaches = parts.keepsCaches && isWritable(caches) ? caches : undefined
    this.#controlGroup = ControlGroup.create(parts.limits)
  }

  run(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    return this.#track(this.#run(command))
  }

  start(request: BackgroundRequest): Promise<Result<BackgroundCommand, SandboxError>> {
    return startInBackground(request, this.#parts.env, (signal, onStart, onOutput) =>
      this.#track(this.#run({ ...request, signal, onStart, onOutput })),
    )
  }

  async converse({
    command,
    cwd,
    env,
    isBrowser = false,
  }: ConverseRequest): Promise<Result<Conversation, SandboxError>> {
    const refusal = whyNotRunnable(command) ?? whyNotIn(cwd)
    if (refusal) return fail(refusal)
    const network = await this.#sessionNetwork()
    const view = this.#view(this.#protected.scan())
    const seen = isBrowser ? await this.#browserView(view) : view
    const [program, ...args] = this.#argumentsFor({ command, cwd }, `${++this.#runs}`, seen, network)
    const descriptors = this.#sessionFolder().openDescriptors(isBrowser)
    const started = await startConversation({
      program,
      args,
      cwd: this.level === 'seatbelt' ? cwd : '/',
      env: { ...this.#environment(command), ...network?.environment, ...env },
      extraFds: descriptors.fds,
    })
    descriptors.close()
    if (!started.ok) return fail({ kind: 'cannot-build', message: started.error.message })
    const conversation = started.value
    const stop = () => void conversation.stop()
    this.#closing.signal.addEventListener('abort', stop, { once: true })
    void this.#track(conversation.ended).then(() => this.#closing.signal.removeEventListener('abort', stop))
    return ok(conversation)
  }

  runOutside(command: SandboxCommand): Promise<Result<SandboxEnd, SandboxError>> {
    return this.#parts.outside.run(command)
  }

  effectivePolicy(): SandboxPolicy {
    const found = this.#protected.scan()
    const view = this.#view(found)
    const linked = knownByOtherNames(found.values()).map(
      path => `${path} has further hard links: a command can change it where one of them lies in a writable folder`,
    )
    return {
      level: this.level,
      files: {
        write: [...view.writable, '/tmp', '/var/tmp'],
        protect: [...view.protected],
        hide: [...view.hiddenFolders, ...view.hiddenFiles],
      },
      network: this.#networkPolicy(),
      environment: Object.keys(this.#environment('')),
      limits: this.#parts.limits,
      notCovered: [...NOT_COVERED, ...linked, ...this.#parts.wall.notCovered],
    }
  }

  #networkPolicy(): SandboxPolicy['network'] {
    const { network } = this.#parts
    if (network.kind === 'none') return { mode: 'none', allow: [] }
    return { mode: 'allow-list', allow: [...this.#defaultHosts(network), ...network.userHosts] }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#running)
    await this.#parts.outside.close()
    const network = await this.#network
    network?.close()
    this.#network = undefined
    this.#controlGroup?.close()
    this.#controlGroup = undefined
    this.#session?.remove()
    this.#session = undefined
    this.#protected.close()
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }

  async #run(command: Run): Promise<Result<SandboxEnd, SandboxError>> {
    const { root, processes, env, limits } = this.#parts
    const line = lineToRun(command, env.PATH)
    if (!line.ok) return line
    const refusal = whyNotRunnable(line.value) ?? whyNotIn(command.cwd)
    if (refusal) return fail(refusal)

    const network = await this.#sessionNetwork()
    const before = this.#protected.scan()
    const runId = `${++this.#runs}`
    const view = this.#view(before)
    const [program, ...args] = this.#argumentsFor({ ...command, command: line.value }, runId, view, network)
    const descriptors = this.#sessionFolder().openDescriptors()
    const excess = new Excess(limits, [root, this.#sessionFolder().temporary])
    const signals = [excess.signal, this.#closing.signal, ...(command.signal ? [command.signal] : [])]
    const ended = await processes.run({
      program,
      args,
      cwd: this.level === 'seatbelt' ? command.cwd : '/',
      env: { ...this.#environment(command.command), ...network?.environment },
      extraFds: descriptors.fds,
      signal: AbortSignal.any(signals),
      onStart: pid => {
        excess.watch(pid)
        command.onStart?.(pid)
      },
      onOutput: excess.counting(command.onOutput && cleaned(command.onOutput)),
      ...(command.timeoutMs !== undefined && { timeoutMs: command.timeoutMs }),
    })
    excess.end()
    descriptors.close()
    if (!ended.ok) return fail({ kind: 'cannot-build', message: `The sandbox did not start: ${ended.error.message}` })
    if (isBuildFailure(ended.value) && !this.#hasStarted(runId))
      return fail({ kind: 'cannot-build', message: buildFailure(ended.value.stderr) })

    const { stdout, stderr } = readable(ended.value, command, env)
    const violations = [
      ...excess.told,
      ...(await auditProtected(root, before, this.#protected.scan(), this.#parts.quarantine)),
      ...(network?.guard.takeBlocked() ?? []),
      ...(ended.value.exitCode === 0 ? [] : violationsIn(command.isOnTerminal ? stdout : stderr, root, before.keys())),
    ]
    const cancelled = ended.value.cancelled && excess.told.length === 0
    return ok({ ...ended.value, cancelled, stdout, stderr, violations })
  }

  #argumentsFor(
    command: Run,
    runId: string,
    view: View,
    network: SessionNetwork | undefined,
  ): [program: string, ...args: string[]] {
    const { wall, limits } = this.#parts
    const shell = ['/bin/sh', '-c', shellPrelude(limits, this.#temporary), 'sh', command.command, runId]
    const confined = wall.confine(view, command.cwd, shell, network)
    const [program, ...args] = [...(network?.entering ?? []), ...confined]
    const entered: [string, ...string[]] = [program ?? confined[0], ...args]
    if (!this.#controlGroup) return entered
    return ['/bin/sh', '-c', 'echo 0 > "$0" && exec "$@"', this.#controlGroup.joinFile, ...entered]
  }

  /** Whether this run, or one after it, got as far as its shell: then words like bubblewrap's are the command's own. */
  #hasStarted(runId: string): boolean {
    return Number(readText(join(this.#sessionFolder().temporary, STARTED))) >= Number(runId)
  }

  #sessionNetwork(): Promise<SessionNetwork | undefined> {
    this.#network ??= this.#openNetwork()
    return this.#network
  }

  async #openNetwork(): Promise<SessionNetwork | undefined> {
    const { network } = this.#parts
    if (network.kind === 'none') return undefined
    const { openSessionNetwork } = await import('./session-network')
    return openSessionNetwork({ ...network, defaultHosts: this.#defaultHosts(network) })
  }

  #defaultHosts({ hasDefaults }: { hasDefaults: boolean }): string[] {
    return hasDefaults ? defaultHosts(this.#parts.root) : []
  }

  #environment(commandLine: string): Record<string, string> {
    const { root, env, home, passVariables } = this.#parts
    return {
      ...commandEnvironment(commandLine, env, passVariables),
      ...cacheEnvironment(this.#keptCaches ?? `${this.#temporary}/.caches`, root, home, env),
      TMPDIR: this.#temporary,
      TMP: this.#temporary,
      TEMP: this.#temporary,
    }
  }

  #view(found: ReadonlyMap<string, ProtectedPath>): View {
    const { root, home, stateFolder } = this.#parts
    const gitFolder = sharedGitFolder(root)
    const caches = this.#keptCaches
    if (caches) mkdirSync(caches, { recursive: true, mode: 0o700 })
    const folders = [root, ...(caches ? [caches] : []), ...(gitFolder ? [gitFolder] : [])]
    const writable = folders.sort((a, b) => a.length - b.length)
    const hidden = hiddenPaths(stateFolder, home)
    const isSeen = (path: string) =>
      existsSync(path) &&
      (writable.some(zone => isInside(path, zone)) || !PRIVATE_FOLDERS.some(folder => isInside(path, folder)))
    return {
      writable,
      temporary: this.#sessionFolder().temporary,
      protected: protectedTargets(found, gitFolder),
      hiddenFolders: hidden.folders.filter(isSeen),
      hiddenFiles: hidden.files.filter(isSeen),
    }
  }

  async #browserView(view: View): Promise<View> {
    const [{ browserView }, { socketFiles }] = await Promise.all([import('./browser-view'), import('./socket-files')])
    const { root, home } = this.#parts
    return browserView(view, [root, home].filter(existsSync), this.#sessionFolder().browserTemporary, socketFiles())
  }

  /** As commands see it. */
  get #temporary(): string {
    return this.level === 'seatbelt' ? this.#sessionFolder().temporary : '/tmp'
  }

  #sessionFolder(): SessionFolder {
    this.#session ??= new SessionFolder()
    return this.#session
  }
}

function whyNotIn(cwd: string): SandboxError | undefined {
  if (isAbsolute(cwd) && existsSync(cwd)) return undefined
  return { kind: 'refused', message: `The folder ${cwd} does not exist.` }
}

const NOT_COVERED = [
  'hard links that existed before lead to the same file wherever they lie',
  'what is readable for the user is readable for commands, kode’s own keys excepted',
]

/** Links cannot be mounted over: their targets are, and the audit puts links back. */
function protectedTargets(found: ReadonlyMap<string, ProtectedPath>, gitFolder: string | undefined): string[] {
  const shared = gitFolder === undefined ? [] : gitControlPaths(gitFolder)
  const all = [...found.values(), ...shared].filter(entry => entry.kind !== 'symlink').map(entry => entry.path)
  return [...new Set(all)].sort((a, b) => a.length - b.length)
}

/** In the sandbox's /tmp: the number of the run whose shell started last. */
const STARTED = '.kode-run'

/**
 * What pid 1 does before the command: limits, then the command as a child, so that signals mean in it what they usually
 * mean and orphans are reaped. Shells differ in the option for processes. File sizes count in blocks of 512 bytes.
 */
function shellPrelude({ processes, fileBytes }: Limits, temporary: string): string {
  return [
    `echo "$2" > '${temporary}/${STARTED}'`,
    'ulimit -c 0',
    `{ ulimit -p ${processes} || ulimit -u ${processes}; } 2>/dev/null`,
    `ulimit -f ${Math.ceil(fileBytes / 512)}`,
    '/bin/sh -c "$1"',
    'exit $?',
  ].join('\n')
}

/** The wall says what it could not do before anything ran. */
function isBuildFailure(end: ProcessEnd): boolean {
  return end.exitCode === 1 && end.stdout === '' && /^(bwrap|sandbox-exec): /.test(end.stderr)
}

function buildFailure(stderr: string): string {
  return `The sandbox could not be built, so nothing ran: ${stderr.trim().split('\n')[0]}`
}
