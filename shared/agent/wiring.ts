import { newId } from '#shared/base/ids'
import { ok, type Result } from '#shared/base/result'
import { costOf, factsOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import { instructionsOf } from '#shared/context/skills/skill'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { CommandChanges } from '#shared/edits/scan'
import type { Cause } from '#shared/edits/write'
import { feedbackFor } from '#shared/gates/support/feedback'
import type { Host } from '#shared/host/host'
import type { RuleOffer, UserQuestion } from '#shared/protocol/approvals'
import type { ChangedFile, ContextFill } from '#shared/protocol/events'
import type { Message, Usage } from '#shared/protocol/messages'
import type { ModelRequest } from '#shared/providers/provider'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { SessionLog } from '#shared/store/messages'
import { textOfEntry } from '#shared/store/recall'
import type { AgentDesk } from '#shared/tools/agent-desk'
import type { SkillDesk } from '#shared/tools/skill-desk'
import type { BoardDesk, TaskReport } from '#shared/tools/task-desk'
import type { ToolContext, ToolOutput } from '#shared/tools/tool'
import type { Effect } from '#shared/trust/effects'
import type { Actor } from '#shared/trust/matrix'
import type { PathScope } from '#shared/trust/path-scope'
import type { RuleBook } from '#shared/trust/rule-book'
import { suggestRules, wouldHaveAllowed } from '#shared/trust/rules'
import type { ChangeEngine } from './change-engine'
import { COMPACT_AT, compact } from './compaction'
import type { Spending } from './limits'
import { CLEARED, resultsToClear } from './micro-compaction'
import type { NetworkQuestions } from './network-questions'
import type { OpenModel } from './open-model'
import { SessionReadLedger } from './read-ledger'
import type { SessionBinding } from './session'
import { SkillScope } from './skill-scope'
import { todoNote, todosOf } from './todos'
import { contextFill } from './token-budget'
import type { CallEnd, ObservedAction, ToolAudit, ToolCallServices } from './tool-call'
import type { Toolset } from './toolset'
import type { TurnServices } from './turn'

/** What one session's services are made from. */
export interface WiringParts {
  root: string
  host: Host
  env: Readonly<Record<string, string | undefined>>
  version: string
  settings: Settings
  model: OpenModel
  engine: ChangeEngine
  sandbox: Sandbox
  log: SessionLog
  tools: Toolset
  /** Stays the same from the first request on, so that it can be cached. */
  system(): string
  actor: Actor
  userMemory: string
  scope: PathScope
  rules: RuleBook
  network: NetworkQuestions
  tasks: BoardDesk
  agents: AgentDesk
  skills(): Promise<SkillShelf>
  spending: Spending
  /** Asks the user what the model cannot know; empty where nobody answers. */
  ask(question: UserQuestion, signal: AbortSignal): Promise<string>
  classify(commandLine: string): Promise<Effect>
}

/** After so many failed tries in a row compaction pauses. Source: spec/koda.md §9.2. */
const MAX_COMPACTION_FAILURES = 3
/** Share of the window at which it is worth a request to know it exactly. */
const ASK_WINDOW_AT = 0.3
const LOCAL_PROVIDERS = ['ollama', 'lm-studio', 'vllm']

/** Connects a session's turn with everything it uses; one object per session. */
export class SessionWiring {
  readonly #parts: WiringParts
  readonly #session: SessionBinding
  readonly #context: ToolContext
  readonly #spending: Spending
  #windowTokens: number
  #isWindowAsked = false
  /** Every call that was asked about, so that a rule can show what else it would have allowed. */
  readonly #asked: { title: string; effect: Effect }[] = []
  readonly #ledger = new SessionReadLedger()
  #lastUsage: { usage: Usage; messageCount: number } | undefined
  #compactionFailures = 0
  readonly #scope: SkillScope
  #calls: ToolCallServices | undefined

  constructor(parts: WiringParts, session: SessionBinding) {
    this.#parts = parts
    this.#session = session
    this.#scope = new SkillScope(parts.log)
    this.#windowTokens = this.#atMost(factsOf(parts.model.model).windowTokens)
    this.#spending = parts.spending
    this.#context = this.#toolContext()
  }

  /** What one call needs; also a call of somebody who works for this session. */
  get calls(): ToolCallServices {
    this.#calls ??= this.#callServices()
    return this.#calls
  }

  turnServices(): TurnServices {
    const { settings, model, actor } = this.#parts
    return {
      provider: () => model.provider,
      nextRequest: signal => this.#nextRequest(signal),
      makeRoom: signal => this.#compact(signal),
      calls: this.calls,
      add: message => this.#add(message),
      addToolEnd: end => this.#addToolEnd(end),
      steering: this.#session.steering,
      tasks: this.#parts.tasks,
      afterTurn: async () => void (await this.#parts.engine.endTurn(this.#session.turnId())),
      spending: this.#spending,
      limits: {
        maxTurns: settings.maxTurns,
        hasGraceTurn: actor === 'sub_agent',
        ...(settings.maxCostUsd !== undefined && { maxCostUsd: settings.maxCostUsd }),
        ...(settings.maxTotalTokens !== undefined && { maxTotalTokens: settings.maxTotalTokens }),
      },
      isFailFast: settings.isFailFast,
      emit: event => {
        if (event.type === 'text_delta') this.#parts.log.draft(event.message_id, event.text)
        this.#session.emit(event)
      },
    }
  }

  /** What the active skill leaves of the tools. */
  get #tools(): Toolset {
    return this.#scope.narrow(this.#parts.tools)
  }

  #skillDesk(): SkillDesk {
    const told = (text: string) => this.#session.emit({ type: 'notice', level: 'info', text })
    return {
      search: async query => (await this.#parts.skills()).search(query),
      activate: async name => {
        const found = (await this.#parts.skills()).find(name)
        if (!found.ok) return found
        this.#scope.activate(name, found.value.allowedTools)
        told(`The skill ${name} is active.`)
        return ok(instructionsOf(found.value))
      },
      deactivate: () => {
        this.#scope.clear()
        told('No skill is active any more.')
      },
    }
  }

  /** How full the window is now. */
  fill(): ContextFill {
    const { system, log } = this.#parts
    return contextFill(system(), this.#tools.specs(), log.messages(), this.#windowTokens, this.#lastUsage)
  }

  async #nextRequest(signal: AbortSignal): Promise<ModelRequest> {
    const { settings, model, log, system } = this.#parts
    await this.#learnWindow(signal)
    await this.#clearOldResults()
    if (this.fill().used > (settings.compactAt ?? COMPACT_AT) * this.#windowTokens) await this.#compact(signal)
    return {
      model: model.model,
      system: system(),
      messages: log.messages(),
      tools: this.#tools.specs(),
      ...(settings.maxTokens !== undefined && { maxTokens: settings.maxTokens }),
      ...(settings.temperature !== undefined && { temperature: settings.temperature }),
      ...(settings.thinkingBudget !== undefined && { thinkingBudget: settings.thinkingBudget }),
      ...(settings.reasoningEffort && { reasoningEffort: settings.reasoningEffort }),
    }
  }

  /**
   * Asks the endpoint for the window once it matters: at once for a local server, whose window is often small, else when
   * the conversation has grown.
   */
  async #learnWindow(signal: AbortSignal): Promise<void> {
    const { model } = this.#parts
    const isSmall = this.fill().used < ASK_WINDOW_AT * this.#windowTokens
    if (this.#isWindowAsked || (isSmall && !LOCAL_PROVIDERS.includes(model.providerName))) return
    this.#isWindowAsked = true
    const { findWindow } = await import('#shared/providers/window')
    this.#windowTokens = this.#atMost(await findWindow(model.provider, model.model, signal))
  }

  #atMost(windowTokens: number): number {
    return Math.min(windowTokens, this.#parts.settings.maxContextTokens ?? windowTokens)
  }

  async #clearOldResults(): Promise<void> {
    const { log } = this.#parts
    const old = resultsToClear(log.messages(), this.fill().used, this.#windowTokens)
    if (old.length === 0) return
    const whole = new Map(log.history().map(entry => [entry.message.id, textOfEntry(entry)]))
    for (const { images: _, ...result } of old) {
      await log.append({ ...result, text: CLEARED }, { fullText: whole.get(result.id) ?? result.text })
    }
    this.#ledger.forgetShown()
    this.#lastUsage = undefined
  }

  /** Puts older messages away; false when nothing could be. */
  async #compact(signal: AbortSignal): Promise<boolean> {
    if (this.#compactionFailures >= MAX_COMPACTION_FAILURES) return false
    const { model, log } = this.#parts
    this.#session.emit({
      type: 'notice',
      level: 'info',
      text: 'The conversation is long; older messages are summarised.',
    })
    const compaction = await compact(
      {
        messages: log.messages(),
        provider: model.provider,
        model: model.model,
        windowTokens: this.#windowTokens,
        addition: todoNote(this.#context.session.todos()),
        onUsage: usage => this.#spending.addBeside(usage, model.model),
      },
      signal,
    )
    if (!compaction) {
      this.#compactionFailures++
      const text =
        'Older messages could not be summarised. Start a new session soon, or use a model with a larger window.'
      this.#session.emit({ type: 'notice', level: 'warning', text })
      return false
    }
    this.#compactionFailures = 0
    await log.archive(compaction.archived, compaction.summary)
    this.#ledger.forgetShown()
    this.#lastUsage = undefined
    return true
  }

  async #add(message: Message): Promise<void> {
    const { log, model } = this.#parts
    if (message.role === 'assistant' && message.usage) {
      const cost = costOf(message.usage, message.model)
      log.addUsage({
        model: message.model,
        provider: model.providerName,
        agent: log.header.agent,
        usage: message.usage,
        ...(cost !== undefined && { cost_usd: cost }),
      })
    }
    await log.append(message)
    if (message.role === 'user') this.#session.emit({ type: 'user', message })
    if (message.role !== 'assistant') return
    this.#session.emit({ type: 'assistant', message })
    if (message.usage) this.#lastUsage = { usage: message.usage, messageCount: log.messages().length }
    const { total, costUsd } = this.#spending
    this.#session.emit({
      type: 'usage',
      usage: { ...total },
      ...(costUsd !== undefined && { cost_usd: costUsd }),
      context: this.fill(),
    })
  }

  async #addToolEnd(end: CallEnd): Promise<void> {
    const { changes, diff = '' } = end
    const details = { ...(end.fullText && { fullText: end.fullText }), ...(changes.length > 0 && { changes }) }
    try {
      await this.#parts.log.append(end.message, details)
    } catch (thrown) {
      // The files are changed all the same.
      if (changes.length > 0) this.#session.emit({ type: 'landed', call_id: end.message.call_id, changes, diff })
      throw thrown
    }
    this.#session.emit({
      type: 'tool_result',
      message: end.message,
      duration_ms: end.durationMs,
      ...(end.denied && { denied: end.denied.reason }),
      ...(changes.length > 0 && { changes }),
      ...(diff && { diff }),
      ...(end.gates && { gates: end.gates }),
      ...(end.exitCode !== undefined && { exit_code: end.exitCode }),
    })
  }

  #callServices(): ToolCallServices {
    const { engine, host, actor, sandbox, rules } = this.#parts
    const session = this.#session
    const toolsNow = () => this.#tools
    return {
      get tools() {
        return toolsNow()
      },
      context: this.#context,
      actor,
      mode: session.mode,
      circumstances: async (effect, title) => ({
        hasSandbox: sandbox.level !== 'none',
        ownedFiles: this.#context.session.ownedFiles,
        rules: await rules.rules(),
        // Only a command has a line that rules can name.
        ...(effect.programs.length > 0 && { command: title }),
      }),
      offerRules: (effect, title) => this.#offerRules(effect, title),
      remember: rule => rules.remember(rule),
      switchToAuto: session.switchToAuto,
      judge: (changes, signal) => engine.judge(changes, signal),
      land: changes => this.#land(changes),
      withEdits: (changes, files) => engine.withEdits(changes, files),
      observeAction: (effect, action) => this.#observe(effect, action),
      approve: (request, signal) => host.approve(request, signal),
      audit: entry => this.#recordCall(entry),
      emit: session.emit,
    }
  }

  #offerRules(effect: Effect, title: string): RuleOffer[] {
    const offers = suggestRules(effect, title).map(rule => ({
      rule: rule.text,
      also_allowed: wouldHaveAllowed(rule, this.#asked),
    }))
    this.#asked.push({ title, effect })
    return offers
  }

  #cause(): Cause {
    return { turnId: this.#session.turnId(), sessionId: this.#parts.log.id, title: this.#session.turnTitle() }
  }

  /** Lands a change and keeps the read ledger true, so that a second edit needs no new read. */
  async #land(changes: ChangeSet): Promise<Result<ChangedFile[], EditProblem>> {
    const landed = await this.#parts.engine.land(changes, this.#cause())
    if (!landed.ok) return landed
    for (const file of landed.value.files) {
      if (file.status === 'created') this.#context.session.ownedFiles.add(file.path)
      if (file.hash) this.#context.readLedger.note(file.absolute, file.hash)
    }
    return ok(landed.value.files.map(({ path, status }) => ({ path, status })))
  }

  /** The shell goes around the gates: what it changed is found afterwards, judged as advice, and undone with the turn. */
  async #observe(effect: Effect, action: () => Promise<ToolOutput>): Promise<ObservedAction> {
    this.#parts.network.askedBy(this.#session.emit)
    if (effect.class === 'read_only') return { output: await action(), changes: [], diff: '', advice: '' }
    const { result, changes } = await this.#parts.engine.watch(this.#cause(), action)
    if (!changes) {
      return {
        output: result,
        changes: [],
        diff: '',
        advice: 'What this changed in the project could not be determined.',
      }
    }
    for (const file of changes.files) if (file.status === 'created') this.#context.session.ownedFiles.add(file.path)
    return { output: result, ...toldOf(changes), advice: await this.#adviceOn(changes.changes) }
  }

  /** Starts a command in the background; what it changes is found when it has ended, told, and undone with the turn. */
  async #startBeside(command: string, callId: string): Promise<Result<TaskReport, string>> {
    const { engine, tasks, actor } = this.#parts
    const watch = await engine.watchBeside(this.#cause(), command, actor === 'headless', changes => {
      this.#session.emit({ type: 'landed', call_id: callId, ...toldOf(changes) })
    })
    const finish = async () => {
      const finished = watch.ok ? await watch.value.finish() : watch
      const paths = finished.ok ? finished.value.files.map(file => file.path) : []
      if (paths.length === 0) return
      const text = `"${command}" changed ${paths.join(', ')} in the background; undo knows of it.`
      this.#session.emit({ type: 'notice', level: 'info', text })
    }
    const started = await tasks.startProcess(command, finish)
    if (!started.ok) await finish()
    return started
  }

  async #adviceOn(changes: ChangeSet): Promise<string> {
    if (changes.files.length === 0) return ''
    const { engine } = this.#parts
    const before = engine.before(changes)
    const report = await engine.judge(changes, new AbortController().signal, [], engine.gateSettings, before)
    if (report.status !== 'FAIL') return ''
    return `The command changed files in a way that the checks object to:\n${feedbackFor(report)}`
  }

  #toolContext(): ToolContext {
    const { root, host, env, sandbox, log, userMemory, scope, tasks, agents, classify } = this.#parts
    const session = this.#session
    let todos = todosOf(log)
    return {
      root,
      scope,
      files: host.files,
      processes: host.processes,
      web: host.web,
      sandbox,
      readLedger: this.#ledger,
      contextFactor: Math.min(4, Math.max(1, this.#windowTokens / 100_000)),
      userMemory,
      env,
      classify,
      now: () => host.now(),
      ask: (question, options, signal) => this.#ask(question, options, signal),
      signal: new AbortController().signal,
      session: {
        id: log.id,
        messages: () => log.messages(),
        history: () => log.history(),
        todos: () => todos,
        async setTodos(items) {
          await log.setMeta('todos', items)
          todos = items
          session.emit({ type: 'todos', items })
        },
        tasks: { ...tasks, startProcess: (command, callId) => this.#startBeside(command, callId) },
        agents,
        skills: this.#skillDesk(),
        ownedFiles: new Set(),
      },
    }
  }

  async #ask(question: string, options: string[], signal: AbortSignal): Promise<string> {
    const asked = { id: newId(), call_id: '', question, options }
    return this.#parts.ask(asked, signal)
  }

  #recordCall(entry: ToolAudit): void {
    // Reading leaves no trace: only what changed, ran, or was refused is a decision worth keeping.
    if (entry.decision === 'ran' && !entry.gates && (entry.files ?? []).length === 0) return
    const { host, engine, log, model, version } = this.#parts
    void engine.audit({
      timestamp: new Date(host.now()).toISOString(),
      task_id: entry.call_id,
      status: entry.decision === 'landed' || entry.decision === 'ran' ? 'PASS' : 'FAIL',
      files: entry.files ?? [],
      rounds_used: 1,
      duration_ms: entry.duration_ms,
      model: model.model,
      command: 'agent',
      version,
      session: log.id,
      tool: entry.tool,
      decision: entry.decision,
      reason: entry.reason,
      ...(entry.gates && {
        gates: entry.gates.results.map(({ check_name, status, duration_ms }) => ({ check_name, status, duration_ms })),
      }),
    })
  }
}

/** What a command changed, as events tell it. */
function toldOf({ files }: CommandChanges): { changes: ChangedFile[]; diff: string } {
  return { changes: files.map(({ path, status }) => ({ path, status })), diff: files.map(file => file.diff).join('') }
}
