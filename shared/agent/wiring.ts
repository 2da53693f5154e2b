import { newId } from '#shared/base/ids'
import { ok } from '#shared/base/result'
import { costOf } from '#shared/config/model-catalog'
import type { Settings } from '#shared/config/settings'
import { folderInstructions, frameInstructions, type Instructions } from '#shared/context/instructions'
import { instructionsOf } from '#shared/context/skills/skill'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import type { Host } from '#shared/host/host'
import type { RuleOffer, UserQuestion } from '#shared/protocol/approvals'
import type { Message, Usage } from '#shared/protocol/messages'
import type { ModelRequest } from '#shared/providers/provider'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { SessionLog } from '#shared/store/messages'
import type { AgentDesk } from '#shared/tools/agent-desk'
import type { SkillDesk } from '#shared/tools/skill-desk'
import type { BoardDesk } from '#shared/tools/task-desk'
import type { ToolContext } from '#shared/tools/tool'
import type { Effect } from '#shared/trust/effects'
import type { Actor } from '#shared/trust/matrix'
import type { PathScope } from '#shared/trust/path-scope'
import type { RuleBook } from '#shared/trust/rule-book'
import { suggestRules, wouldHaveAllowed } from '#shared/trust/rules'
import type { ChangeEngine } from './change-engine'
import { ContextWindow } from './context-window'
import type { Spending } from './limits'
import type { NetworkQuestions } from './network-questions'
import type { OpenModel } from './open-model'
import { ownSecretsIn } from './own-secrets'
import { SessionReadLedger } from './read-ledger'
import type { SessionBinding } from './session'
import { SessionChanges } from './session-changes'
import { SkillScope } from './skill-scope'
import { todosOf } from './todos'
import type { CallEnd, ToolAudit, ToolCallServices } from './tool-call'
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
  /** Writes titles and summaries; `model` itself where none is named. */
  smallModel(): Promise<OpenModel>
  engine: ChangeEngine
  sandbox: Sandbox
  log: SessionLog
  tools: Toolset
  /** Stays the same from the first request on, so that it can be cached. */
  system(): string
  actor: Actor
  userMemory: string
  /** As in `ToolContext`. */
  hidden: readonly string[]
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

/** Connects a session's turn with everything it uses; one object per session. */
export class SessionWiring {
  readonly #parts: WiringParts
  readonly #session: SessionBinding
  readonly #context: ToolContext
  readonly #spending: Spending
  /** Every call that was asked about, so that a rule can show what else it would have allowed. */
  readonly #asked: { title: string; effect: Effect }[] = []
  readonly #ledger: SessionReadLedger
  readonly #window: ContextWindow
  readonly #changes: SessionChanges
  readonly #scope: SkillScope
  #calls: ToolCallServices | undefined

  constructor(parts: WiringParts, session: SessionBinding) {
    this.#parts = parts
    this.#session = session
    this.#scope = new SkillScope(parts.log)
    this.#spending = parts.spending
    // What was read may be changed next. A run of its own has no time to lose on what may not come.
    const ledger = new SessionReadLedger(path => parts.actor === 'interactive' && parts.engine.warmFor(path))
    this.#ledger = ledger
    this.#window = new ContextWindow({ ...parts, ledger, tools: () => this.#tools, emit: session.emit })
    this.#changes = new SessionChanges({
      ...parts,
      ledger,
      session,
      sessionId: parts.log.id,
      isAlone: parts.actor === 'headless',
    })
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
      makeRoom: signal => this.#window.compact(signal),
      suggestTitle: signal => this.#suggestTitle(signal),
      calls: this.calls,
      add: message => this.#add(message),
      tellSpent: reply => {
        this.#keepUsage(reply.model, reply.usage)
        this.#tellUsage()
      },
      addToolEnd: end => this.#addToolEnd(end),
      steering: this.#session.steering,
      tasks: this.#parts.tasks,
      afterTurn: async () => void (await this.#parts.engine.endTurn(this.#session.turnId())),
      spending: this.#spending,
      limits: {
        maxTurns: settings.maxTurns,
        hasGraceTurn: actor === 'sub_agent',
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

  async #nextRequest(signal: AbortSignal): Promise<ModelRequest> {
    const { settings, model, log, system } = this.#parts
    await this.#window.keepRoom(signal)
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

  async #add(message: Message): Promise<void> {
    const { log } = this.#parts
    if (message.role === 'assistant') this.#keepUsage(message.model, message.usage)
    await log.append(message)
    if (message.role === 'user') this.#session.emit({ type: 'user', message })
    if (message.role !== 'assistant') return
    this.#session.emit({ type: 'assistant', message })
    if (message.usage) this.#window.noteUsage(message.usage)
    this.#tellUsage()
  }

  #keepUsage(model: string, usage: Usage | undefined): void {
    if (!usage) return
    const { log, model: opened } = this.#parts
    const cost = costOf(usage, model)
    log.addUsage({
      model,
      provider: opened.providerName,
      agent: log.header.agent,
      usage,
      ...(cost !== undefined && { cost_usd: cost }),
    })
  }

  #tellUsage(): void {
    const { total, costUsd } = this.#spending
    this.#session.emit({
      type: 'usage',
      usage: { ...total },
      ...(costUsd !== undefined && { cost_usd: costUsd }),
      context: this.#window.fill(),
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
        ownedFiles: this.#changes.ownedFiles,
        ownSecrets: await ownSecretsIn(effect.reads, this.#parts.hidden, host.files),
        rules: await rules.rules(),
        // Only a command has a line that rules can name.
        ...(effect.programs.length > 0 && { command: title }),
      }),
      offerRules: (effect, title) => this.#offerRules(effect, title),
      remember: rule => rules.remember(rule),
      switchToAuto: session.switchToAuto,
      judge: (changes, signal) => engine.judge(changes, signal),
      land: changes => this.#changes.land(changes),
      withEdits: (changes, files) => engine.withEdits(changes, files),
      observeAction: (effect, action) => this.#changes.observe(effect, action),
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

  #toolContext(): ToolContext {
    const { root, host, env, sandbox, log, userMemory, hidden, scope, tasks, agents, classify } = this.#parts
    const session = this.#session
    let todos = todosOf(log)
    const contextFactor = () => this.#window.factor
    return {
      root,
      scope,
      files: host.editorFiles ?? host.files,
      processes: host.processes,
      web: host.web,
      sandbox,
      readLedger: this.#ledger,
      get contextFactor() {
        return contextFactor()
      },
      userMemory,
      hidden,
      env,
      newInstructionsFor: path => this.#newInstructionsFor(path),
      classify,
      now: () => host.now(),
      ask: (question, signal) => this.#parts.ask({ id: newId(), call_id: '', ...question }, signal),
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
        tasks: { ...tasks, startProcess: (command, callId) => this.#changes.startBeside(command, callId) },
        agents,
        skills: this.#skillDesk(),
        ownedFiles: this.#changes.ownedFiles,
      },
    }
  }

  async #newInstructionsFor(path: string): Promise<string> {
    const { settings, root, host } = this.#parts
    if (settings.isBare) return ''
    const found = await folderInstructions(path, root, host.files)
    const isNew = ({ name, text }: Instructions) => !this.#ledger.show(`instructions:${name}`, text)
    return found.filter(isNew).map(frameInstructions).join('\n\n')
  }

  async #suggestTitle(signal: AbortSignal): Promise<string | undefined> {
    const { log, model, smallModel } = this.#parts
    const { suggestTitle } = await import('./suggest-title')
    const suggestBy = (by: OpenModel) =>
      suggestTitle(log.messages(), by.model, { provider: by.provider, spending: this.#spending }, signal)
    const small = await smallModel()
    const title = await suggestBy(small)
    return title === undefined && small !== model && !signal.aborted ? suggestBy(model) : title
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
