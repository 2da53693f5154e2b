import type { ChangeEngine } from '#shared/agent/change-engine'
import { type HeadlessDemands, runHeadless } from '#shared/agent/headless'
import { Spending } from '#shared/agent/limits'
import { MemoryLog } from '#shared/agent/memory-log'
import { openEngine } from '#shared/agent/open-engine'
import type { OpenModel } from '#shared/agent/open-model'
import { AgentSession, type MessageLog, type SessionBinding } from '#shared/agent/session'
import type { ToolAudit, ToolCallServices } from '#shared/agent/tool-call'
import { Toolset } from '#shared/agent/toolset'
import type { TurnServices } from '#shared/agent/turn'
import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import { costOf, factsOf } from '#shared/config/model-catalog'
import { type KodePaths, kodePaths } from '#shared/config/paths'
import { loadSettings, type Settings } from '#shared/config/settings'
import { environmentNote } from '#shared/context/environment'
import { projectInstructions } from '#shared/context/instructions'
import { systemPrompt } from '#shared/context/system-prompt'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { Cause } from '#shared/edits/write'
import { feedbackFor } from '#shared/gates/support/feedback'
import type { Host } from '#shared/host/host'
import type { TrustMode } from '#shared/protocol/approvals'
import type { ChangedFile, SessionEvent, TodoItem } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import type { RunResult, VerifyOutcome } from '#shared/protocol/run-result'
import type { Provider } from '#shared/providers/provider'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import type { ToolContext, ToolOutput } from '#shared/tools/tool'
import { type Effect, effectOf } from '#shared/trust/effects'

/** Everything a surface can do with kode in one project. */
export interface Kode {
  readonly root: string
  readonly settings: Settings
  readonly provider: Provider
  readonly model: string
  readonly sandbox: Sandbox
  /** Unknown keys and the like; the surface shows them once. */
  readonly warnings: readonly string[]
  openSession(options?: SessionOptions): Promise<Result<Session, KodeFailure>>
  /** The first event of a session's stream. */
  sessionEvent(session: Session): SessionEvent
  /** Runs one prompt to its end, with what a script may demand of it. */
  run(session: Session, demands: RunDemandOptions): Promise<RunResult>
  /** Ends every child process. */
  close(): Promise<void>
}

/** Why kode cannot start here, in one line for people. */
export interface KodeFailure {
  message: string
  exitCode: number
}

export interface KodeOptions {
  /** Absolute, links resolved. */
  root: string
  /** What the surface sets; it wins over environment, saved settings and project file. */
  settings: Partial<Settings>
  /** Environment of the surface; commands of the model see only a small part of it. */
  env: Readonly<Record<string, string | undefined>>
  version: string
  /** Whether somebody can answer an approval. */
  isInteractive: boolean
  /** Used instead of the one the settings name. */
  provider?: Provider
}

export interface SessionOptions {
  /** Id or unique prefix of an earlier session. */
  resume?: string
  /** Goes on with the last session of this project. */
  continueLast?: boolean
  mode?: TrustMode
  /** Leaves nothing on the disk. */
  isEphemeral?: boolean
}

/** One conversation, as a surface sees it. */
export type Session = AgentSession

/** What a script may demand of a run; the rest comes from the settings. */
export type RunDemandOptions = Omit<HeadlessDemands, 'model' | 'timeoutS' | 'verify'> & {
  /** A command line that kode itself runs in the sandbox after the turn. */
  verify?: { command: string; attempts: number }
}

/** Wires the core for one project. What is wrong with settings, provider or sandbox is a failure with its exit code. */
export async function createKode(host: Host, options: KodeOptions): Promise<Result<Kode, KodeFailure>> {
  const { root, env } = options
  const paths = kodePaths(env)
  const loaded = await loadSettings({ root, files: host.files, env, flags: options.settings })
  if (!loaded.ok) return fail({ message: loaded.error, exitCode: EXIT.usage })
  const { settings, warnings } = loaded.value

  const { openSandbox } = await import('#shared/sandbox/open')
  const [sandbox, model] = await Promise.all([
    openSandbox({
      root,
      stateFolder: paths.config,
      processes: host.processes,
      env,
      useSandbox: settings.useSandbox,
    }),
    chooseModel(settings, env, options.provider),
  ])
  if (!model.ok) return fail({ message: model.error, exitCode: EXIT.usage })
  if (!sandbox.ok) return fail({ message: sandbox.error.message, exitCode: EXIT.refused })

  const autoRefusal = whyNotAuto(sandbox.value, paths, root)
  if (settings.mode === 'auto' && autoRefusal) return fail({ message: autoRefusal, exitCode: EXIT.refused })
  if (settings.mode === undefined && autoRefusal && !options.isInteractive) {
    return fail({ message: `${autoRefusal} Or choose --mode safe.`, exitCode: EXIT.refused })
  }
  return ok(new ProjectKode(host, options, settings, warnings, paths, sandbox.value, model.value, autoRefusal))
}

async function chooseModel(
  settings: Settings,
  env: KodeOptions['env'],
  given: Provider | undefined,
): Promise<Result<OpenModel, string>> {
  if (given) return ok({ provider: given, model: settings.model ?? given.name, providerName: given.name })
  const { openModel } = await import('#shared/agent/open-model')
  return openModel(settings, env)
}

/** Why `auto` is refused here; undefined when it is not. */
function whyNotAuto(sandbox: Sandbox, paths: KodePaths, root: string): string | undefined {
  if (sandbox.level === 'none') return `auto mode needs a working sandbox: ${sandbox.description}`
  if (root === paths.home) return 'auto mode is refused in the home folder itself; start kode in a project.'
  return undefined
}

class ProjectKode implements Kode {
  readonly root: string
  readonly settings: Settings
  readonly provider: Provider
  readonly model: string
  readonly sandbox: Sandbox
  readonly warnings: readonly string[]
  readonly #host: Host
  readonly #options: KodeOptions
  readonly #paths: KodePaths
  readonly #autoRefusal: string | undefined
  readonly #engine: ChangeEngine

  constructor(
    host: Host,
    options: KodeOptions,
    settings: Settings,
    warnings: readonly string[],
    paths: KodePaths,
    sandbox: Sandbox,
    chosen: OpenModel,
    autoRefusal: string | undefined,
  ) {
    this.root = options.root
    this.settings = settings
    this.provider = chosen.provider
    this.model = chosen.model
    this.sandbox = sandbox
    this.warnings = warnings
    this.#host = host
    this.#options = options
    this.#paths = paths
    this.#autoRefusal = autoRefusal
    this.#engine = openEngine({
      root: this.root,
      files: host.files,
      paths,
      project: settings.project,
      now: () => host.now(),
    })
  }

  async openSession(options: SessionOptions = {}): Promise<Result<Session, KodeFailure>> {
    const log: MessageLog = new MemoryLog()
    const [instructions] = await Promise.all([
      projectInstructions(this.root, this.#paths.memory, this.#host.files, this.settings.project.instructions),
      this.#engine.recover(),
    ])
    const system = systemPrompt({
      root: this.root,
      platform: `${process.platform} ${process.arch}`,
      model: this.model,
      instructions,
    })
    const tools = new Toolset(BUILT_IN_TOOLS).filtered(this.settings.allowedTools, this.settings.disallowedTools)
    const mode = options.mode ?? this.settings.mode ?? (this.#autoRefusal ? 'safe' : 'auto')
    return ok(
      new AgentSession({
        log,
        mode,
        canUseAuto: () => (this.#autoRefusal ? fail({ message: this.#autoRefusal }) : ok(undefined)),
        environmentNote: () => environmentNote(this.root, this.#options.env, this.#host.now(), this.#host.processes),
        turnServices: session => this.#turnServices(session, log, tools, system),
        onModeChanged: () => undefined,
        close: async () => undefined,
      }),
    )
  }

  sessionEvent(session: Session): SessionEvent {
    return {
      type: 'session',
      schema_version: 1,
      session_id: session.id,
      model: this.model,
      provider: this.provider.name,
      mode: session.mode,
      cwd: this.root,
      tools: new Toolset(BUILT_IN_TOOLS).filtered(this.settings.allowedTools, this.settings.disallowedTools).names,
      sandbox: this.sandbox.level,
    }
  }

  run(session: Session, demands: RunDemandOptions): Promise<RunResult> {
    const { verify, ...rest } = demands
    return runHeadless(session, {
      ...rest,
      model: this.model,
      ...(this.settings.timeoutS !== undefined && { timeoutS: this.settings.timeoutS }),
      ...(verify && { verify: { attempts: verify.attempts, run: () => this.#verify(verify.command) } }),
    })
  }

  async close(): Promise<void> {
    await this.sandbox.close()
  }

  #turnServices(session: SessionBinding, log: MessageLog, tools: Toolset, system: string): TurnServices {
    const { settings } = this
    const facts = factsOf(this.model)
    const spending = new Spending(costOf)
    const calls = this.#callServices(session, log, tools, facts.windowTokens)
    return {
      provider: () => this.provider,
      nextRequest: async () => ({
        model: this.model,
        system,
        messages: log.messages(),
        tools: tools.specs(),
        ...(settings.maxTokens !== undefined && { maxTokens: settings.maxTokens }),
        ...(settings.temperature !== undefined && { temperature: settings.temperature }),
        ...(settings.thinkingBudget !== undefined && { thinkingBudget: settings.thinkingBudget }),
        ...(settings.reasoningEffort && { reasoningEffort: settings.reasoningEffort }),
      }),
      makeRoom: async () => false,
      calls,
      add: async message => {
        await log.append(message)
        if (message.role === 'user') session.emit({ type: 'user', message })
        if (message.role === 'assistant') session.emit({ type: 'assistant', message })
      },
      addToolEnd: async end => {
        await log.append(end.message)
        session.emit({
          type: 'tool_result',
          message: end.message,
          duration_ms: end.durationMs,
          ...(end.denied && { denied: end.denied.reason }),
          ...(end.changes.length > 0 && { changes: end.changes }),
          ...(end.diff && { diff: end.diff }),
          ...(end.gates && { gates: end.gates }),
        })
      },
      steering: session.steering,
      spending,
      limits: {
        maxTurns: settings.maxTurns,
        ...(settings.maxCostUsd !== undefined && { maxCostUsd: settings.maxCostUsd }),
        ...(settings.maxTotalTokens !== undefined && { maxTotalTokens: settings.maxTotalTokens }),
      },
      emit: session.emit,
    }
  }

  #callServices(session: SessionBinding, log: MessageLog, tools: Toolset, windowTokens: number): ToolCallServices {
    const context = this.#toolContext(session, log, windowTokens)
    const cause = (): Cause => ({ turnId: session.turnId(), sessionId: log.id, title: session.turnTitle() })
    return {
      tools,
      context,
      actor: this.#options.isInteractive ? 'interactive' : 'headless',
      mode: session.mode,
      switchToAuto: session.switchToAuto,
      judge: (changes, signal) => this.#engine.judge(changes, signal),
      land: changes => this.#land(changes, cause(), context),
      withEdits: (changes, files) => this.#engine.withEdits(changes, files),
      observeAction: (effect, action) => this.#observe(effect, action, cause(), context),
      approve: (request, signal) => this.#host.approve(request, signal),
      audit: entry => this.#recordCall(entry, log.id),
      emit: session.emit,
    }
  }

  #toolContext(session: SessionBinding, log: MessageLog, windowTokens: number): ToolContext {
    const host = this.#host
    const { env } = this.#options
    const seen = new Map<string, string>()
    let todos: TodoItem[] = []
    return {
      root: this.root,
      files: host.files,
      processes: host.processes,
      web: host.web,
      sandbox: this.sandbox,
      readLedger: { note: (path, hash) => seen.set(path, hash), seenHash: path => seen.get(path) },
      contextFactor: Math.min(4, Math.max(1, windowTokens / 100_000)),
      userMemory: this.#paths.memory,
      env,
      classify: async commandLine => effectOf('local_mutation', 'runs a command', { programs: [commandLine] }),
      now: () => host.now(),
      ask: (question, options, signal) => this.#ask(session, question, options, signal),
      signal: new AbortController().signal,
      session: {
        id: log.id,
        messages: () => log.messages(),
        todos: () => todos,
        setTodos(items) {
          todos = items
          session.emit({ type: 'todos', items })
        },
        tasks: () => [],
        ownedFiles: new Set(),
      },
    }
  }

  /** Lands a change and keeps the read ledger true, so that a second edit needs no new read. */
  async #land(changes: ChangeSet, cause: Cause, context: ToolContext): Promise<Result<ChangedFile[], EditProblem>> {
    const landed = await this.#engine.land(changes, cause)
    if (!landed.ok) return landed
    for (const file of landed.value.files) {
      if (file.status === 'created') context.session.ownedFiles.add(file.path)
      if (file.hash) context.readLedger.note(file.absolute, file.hash)
    }
    return ok(landed.value.files.map(({ path, status }) => ({ path, status })))
  }

  /** The shell goes around the gates: what it changed is found afterwards, judged as advice, and undone with the turn. */
  async #observe(
    effect: Effect,
    action: () => Promise<ToolOutput>,
    cause: Cause,
    context: ToolContext,
  ): Promise<{ output: ToolOutput; changes: ChangedFile[]; advice: string }> {
    if (effect.class === 'read_only') return { output: await action(), changes: [], advice: '' }
    const { result, changes } = await this.#engine.watch(cause, action)
    if (!changes)
      return { output: result, changes: [], advice: 'What this changed in the project could not be determined.' }
    for (const file of changes.files) if (file.status === 'created') context.session.ownedFiles.add(file.path)
    const files = changes.files.map(({ path, status }) => ({ path, status }))
    return { output: result, changes: files, advice: await this.#adviceOn(changes.changes) }
  }

  async #adviceOn(changes: ChangeSet): Promise<string> {
    if (changes.files.length === 0) return ''
    const report = await this.#engine.judge(
      changes,
      new AbortController().signal,
      [],
      this.#engine.gateSettings,
      this.#engine.before(changes),
    )
    if (report.status !== 'FAIL') return ''
    return `The command changed files in a way that the checks object to:\n${feedbackFor(report)}`
  }

  async #ask(session: SessionBinding, question: string, options: string[], signal: AbortSignal): Promise<string> {
    const asked = { id: newId(), call_id: '', question, options }
    session.emit({ type: 'question_asked', question: asked })
    const answer = await this.#host.ask(asked, signal)
    session.emit({ type: 'question_answered', id: asked.id, answer })
    return answer
  }

  async #verify(command: string): Promise<VerifyOutcome> {
    const timeoutMs = VERIFY_TIMEOUT_S * 1000
    const ended = await this.sandbox.run({ command, cwd: this.root, timeoutMs })
    if (!ended.ok) return { command, passed: false, exit_code: EXIT.refused, output: ended.error.message }
    const { exitCode, stdout, stderr, timedOut } = ended.value
    const note = timedOut ? `\n(timed out after ${VERIFY_TIMEOUT_S} s)` : ''
    return {
      command,
      passed: exitCode === 0 && !timedOut,
      exit_code: exitCode,
      output: cutMiddle(`${stdout}${stderr}${note}`, MAX_VERIFY_CHARS),
    }
  }

  #recordCall(entry: ToolAudit, session: string): void {
    // Reading leaves no trace: only what changed, ran, or was refused is a decision worth keeping.
    if (entry.decision === 'ran' && !entry.gates && (entry.files ?? []).length === 0) return
    void this.#engine.audit({
      timestamp: new Date(this.#host.now()).toISOString(),
      task_id: entry.call_id,
      status: entry.decision === 'landed' || entry.decision === 'ran' ? 'PASS' : 'FAIL',
      files: entry.files ?? [],
      rounds_used: 1,
      duration_ms: entry.duration_ms,
      model: this.model,
      command: 'agent',
      version: this.#options.version,
      session,
      tool: entry.tool,
      decision: entry.decision,
      reason: entry.reason,
      ...(entry.gates && {
        gates: entry.gates.results.map(({ check_name, status, duration_ms }) => ({ check_name, status, duration_ms })),
      }),
    })
  }
}

/** Source: spec/kode.md §9.3 gives tests 120 s; a whole check of a project may take longer. */
const VERIFY_TIMEOUT_S = 600
const MAX_VERIFY_CHARS = 20_000
