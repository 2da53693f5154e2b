import { join, resolve } from 'node:path'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { readShelf } from '#shared/agent/choose-agent'
import { type HeadlessDemands, runHeadless } from '#shared/agent/headless'
import { Spending } from '#shared/agent/limits'
import { openEngine } from '#shared/agent/open-engine'
import { type OpenedProject, openProject, type ProjectOptions, type SandboxAt } from '#shared/agent/open-project'
import type { OutputCheck } from '#shared/agent/output-schema'
import { ProjectChanges } from '#shared/agent/project-changes'
import { type ConversationModels, ProjectModels } from '#shared/agent/project-models'
import { ProjectSessions, type WantedSession } from '#shared/agent/project-sessions'
import { type AgentRunner, READING, ReadingAgents } from '#shared/agent/reading-agents'
import { AgentSession, type SessionBinding } from '#shared/agent/session'
import { todoNote, todosOf } from '#shared/agent/todos'
import type { ToolCallServices } from '#shared/agent/tool-call'
import { Toolset } from '#shared/agent/toolset'
import { partsOf } from '#shared/agent/user-words'
import { runVerifyCommand } from '#shared/agent/verify-command'
import { vocabularySource } from '#shared/agent/vocabulary-source'
import { SessionWiring, type WiringParts } from '#shared/agent/wiring'
import { fail, ok, type Result } from '#shared/base/result'
import { ChatShelf } from '#shared/commands/chat-shelf'
import { costOf } from '#shared/config/model-catalog'
import { loadSettings, type Settings, type SettingsSources } from '#shared/config/settings'
import type { AgentDefinition } from '#shared/context/agents/definition'
import subAgentText from '#shared/context/agents/prompts/sub-agent.md'
import { ConversationPrompt } from '#shared/context/conversation-prompt'
import { environmentNote } from '#shared/context/environment'
import { projectInstructions } from '#shared/context/instructions'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import { systemPrompt } from '#shared/context/system-prompt'
import type { Host, Processes } from '#shared/host/host'
import { readAsset } from '#shared/host/node/assets'
import type { TrustMode } from '#shared/protocol/approvals'
import type { SessionEvent } from '#shared/protocol/events'
import type { Failure } from '#shared/protocol/exit-codes'
import type { UserPart } from '#shared/protocol/messages'
import type { RunResult } from '#shared/protocol/run-result'
import type { Provider } from '#shared/providers/provider'
import { allHidden } from '#shared/sandbox/hidden-paths'
import { processesInside } from '#shared/sandbox/processes-inside'
import type { Sandbox } from '#shared/sandbox/sandbox'
import type { SessionLog } from '#shared/store/messages'
import type { OpenedSession } from '#shared/store/sessions'
import { SubAgents } from '#shared/tasks/sub-agents'
import { TaskBoard } from '#shared/tasks/task-board'
import { WorkingCopies } from '#shared/tasks/working-copies'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import type { PathScope } from '#shared/trust/path-scope'
import { clampMode, modeFrom } from '#shared/trust/policy'
import type { ShellParser } from '#shared/trust/shell-parser'

/** Everything a surface can do with kode in one project. */
export interface Kode {
  readonly root: string
  readonly settings: Settings
  readonly provider: Provider
  readonly model: string
  readonly sandbox: Sandbox
  /** Unknown keys and the like; the surface shows them once. */
  readonly warnings: readonly string[]
  openSession(options?: SessionOptions): Promise<Result<Session, Failure>>
  /** The first event of a session's stream. */
  sessionEvent(session: Session): SessionEvent
  /** Runs one prompt to its end, with what a script may demand of it. */
  run(session: Session, demands: RunDemandOptions): Promise<RunResult>
  /** Where git may run now: a command that goes on could name programs for it to run, so it is then held like that command. */
  readonly gitProcesses: Processes
  /** Changes outside of a turn. */
  readonly changes: ProjectChanges
  /** The conversations and prompts kept of this project. */
  readonly sessions: ProjectSessions
  /** What can be called by name in a conversation. */
  readonly shelf: ChatShelf
  /** Ends every child process. */
  close(): Promise<void>
}

export interface SessionOptions extends WantedSession {
  mode?: TrustMode
  /** Whose money it is; by default its own, as the settings limit it. */
  spending?: Spending
}

/** One conversation, as a surface sees it. */
export type Session = AgentSession

/** What a script may demand of a run; the rest comes from the settings. */
export type RunDemandOptions = Omit<HeadlessDemands, 'model' | 'timeoutS' | 'verify' | 'stopsAtDenial'> & {
  /** A command line that kode itself runs in the sandbox after the turn. */
  verify?: { command: string; attempts: number }
}

/** Wires the core for one project. What is wrong with settings, provider or sandbox is a failure with its exit code. */
export async function createKode(host: Host, options: ProjectOptions): Promise<Result<Kode, Failure>> {
  const opened = await openProject(host, options)
  return opened.ok ? ok(new ProjectKode(host, options, opened.value)) : opened
}

/** Whether no model could be asked because its provider needs a key and nobody has one. Contacts nobody. */
export async function lacksKey(sources: SettingsSources): Promise<boolean> {
  const [loaded, model] = await Promise.all([loadSettings(sources), import('#shared/agent/open-model')])
  return loaded.ok && model.lacksKey(loaded.value.settings, sources.env)
}

/** kode's own agents for a pipeline, in this project, which is opened when the first is asked for. */
export function readingAgents(host: Host, options: ProjectOptions): AgentRunner {
  return new ReadingAgents(() => createKode(host, { ...options, settings: { ...options.settings, ...READING } }))
}

/** Judges replies by a JSON schema of the user; see agent/output-schema.ts. */
export async function createOutputCheck(schemaText: string, name: string): Promise<Result<OutputCheck, string>> {
  const { outputCheck } = await import('#shared/agent/output-schema')
  return outputCheck(schemaText, name)
}

class ProjectKode implements Kode {
  readonly root: string
  readonly settings: Settings
  readonly provider: Provider
  readonly model: string
  readonly sandbox: Sandbox
  readonly changes: ProjectChanges
  readonly sessions: ProjectSessions
  readonly shelf: ChatShelf
  readonly warnings: readonly string[]
  readonly #host: Host
  readonly #options: ProjectOptions
  readonly #opened: OpenedProject
  readonly #engine: ChangeEngine
  readonly #models: ProjectModels
  readonly #tasks: TaskBoard
  /** As in `ToolContext`. */
  readonly #hidden: readonly string[]
  #parser: Promise<ShellParser> | undefined
  /** What the user should hear with the next turn. */
  readonly #untold: string[] = []
  readonly #copies: WorkingCopies
  readonly #subAgents: SubAgents

  constructor(host: Host, options: ProjectOptions, opened: OpenedProject) {
    const { settings, paths, sandbox, source, chosen } = opened
    this.root = options.root
    this.settings = settings
    this.provider = chosen.provider
    this.model = chosen.model
    this.sandbox = sandbox
    this.warnings = opened.warnings
    this.#host = host
    this.#options = options
    this.#opened = opened
    this.#hidden = allHidden(paths.config, paths.home)
    this.sessions = new ProjectSessions(
      options.root,
      paths,
      () => host.now(),
      text => host.log.write('warning', text),
    )
    this.#engine = openEngine({
      root: this.root,
      files: host.files,
      ...(host.editorFiles && { editorFiles: host.editorFiles }),
      paths,
      project: settings.project,
      now: () => host.now(),
      logFolder: this.#logFolder,
    })
    this.changes = new ProjectChanges(this.#engine)
    this.#models = new ProjectModels({
      settings,
      source,
      chosen,
      code: vocabularySource(this.#engine.code, options.env, host.processes),
      ownTexts: () => [
        systemPrompt({ root: '', platform: process.platform, model: this.model, instructions: '' }),
        JSON.stringify(new Toolset(BUILT_IN_TOOLS).specs()),
      ],
      tell: note => this.#untold.push(note),
    })
    this.shelf = new ChatShelf({
      host,
      options,
      opened,
      skills: () => this.#skillShelf(),
      models: () => this.#models.forConversation(),
    })
    this.#tasks = new TaskBoard(this.sandbox, this.root, () => host.now())
    this.#copies = new WorkingCopies(this.root, {
      files: host.files,
      processes: host.processes,
      env: options.env,
      cacheFolder: paths.cache,
      patchFolder: join(paths.config, 'patches'),
    })
    this.#subAgents = this.#openSubAgents(opened.sandboxAt)
  }

  /** Where decisions are written down. */
  get #logFolder(): string {
    if (this.settings.isEphemeral) return this.#opened.paths.logs
    return resolve(this.root, this.settings.logFolder ?? 'logs')
  }

  async openSession(options: SessionOptions = {}): Promise<Result<Session, Failure>> {
    const opened = await this.sessions.open(options, {
      agent: this.#opened.agent.name,
      provider: this.#opened.chosen.providerName,
      model: this.model,
      mode: this.#defaultMode(),
    })
    if (!opened.ok) return opened
    const { log, damage } = opened.value
    if (damage) this.#untold.push(damageNotice(damage))
    const [, found] = await Promise.all([this.#engine.recover(), this.#copies.recover()])
    for (const { title, kept, paths } of found) {
      this.#untold.push(`Work of an agent that was cut off (${title}) is kept in ${kept}: ${paths.join(', ')}`)
    }
    const servers = this.#opened.servers.servers?.start()
    // Where nobody waits at a prompt, the first event tells of every tool.
    if (!this.#options.isInteractive) await servers
    const [models, own] = await Promise.all([
      this.#models.forConversation(),
      this.#systemPrompt(this.#opened.agent, this.model, this.root),
    ])
    const spending = options.spending ?? new Spending(costOf, this.settings)
    const prompt = new ConversationPrompt(own, told => this.#opened.servers.servers?.instructions(told) ?? '')
    return ok(
      new AgentSession({
        log,
        mode: this.#modeOf(options, log),
        canUseAuto: () => (this.#opened.autoRefusal ? fail({ message: this.#opened.autoRefusal }) : ok(undefined)),
        environmentNote: async ready => {
          const [note] = await Promise.all([this.#environmentNote(log), ready])
          return joined(note, prompt.late())
        },
        beforeTurn: emit => {
          for (const text of this.#untold.splice(0)) emit({ type: 'notice', level: 'warning', text })
          return this.#opened.servers.ready(emit)
        },
        withMentions: text => this.#partsOf(text),
        turnServices: session => {
          const calls = () => wiring.calls
          const wiring: SessionWiring = new SessionWiring(
            this.#wiringParts(log, prompt, models, spending, session, calls),
            session,
          )
          return wiring.turnServices()
        },
        onModeChanged: mode => log.noteMeta('mode', mode),
        onClose: () => this.#tasks.endAllOf(log.id),
      }),
    )
  }

  sessionEvent(session: Session): SessionEvent {
    return {
      type: 'session',
      schema_version: 1,
      session_id: session.id,
      model: this.model,
      provider: this.#opened.chosen.providerName,
      mode: session.mode,
      cwd: this.root,
      tools: this.#opened.tools.names,
      sandbox: this.sandbox.level,
    }
  }

  run(session: Session, demands: RunDemandOptions): Promise<RunResult> {
    const { verify, ...rest } = demands
    return runHeadless(session, {
      ...rest,
      model: this.model,
      stopsAtDenial: this.settings.isFailFast,
      ...(this.settings.timeoutS !== undefined && { timeoutS: this.settings.timeoutS }),
      ...(verify && {
        verify: {
          ...verify,
          run: signal => runVerifyCommand(verify.command, this.root, this.sandbox, signal),
        },
      }),
    })
  }

  async close(): Promise<void> {
    await this.#opened.servers.close()
    await this.#copies.close()
    await this.sandbox.close()
    await this.#engine.close()
    await this.sessions.close()
  }

  async #partsOf(text: string): Promise<UserPart[]> {
    const { files, editorFiles = files } = this.#host
    return partsOf(text, {
      root: this.root,
      files: editorFiles,
      processes: this.gitProcesses,
      env: this.#options.env,
      skills: () => this.#skillShelf(),
      servers: this.#opened.servers.servers,
    })
  }

  async #environmentNote(log: SessionLog): Promise<string> {
    const note = await environmentNote(this.root, this.#options.env, this.#host.now(), this.gitProcesses)
    return joined(note, todoNote(todosOf(log)))
  }

  get gitProcesses(): Processes {
    return this.#gitBeside(this.sandbox)
  }

  #gitBeside(sandbox: Sandbox): Processes {
    return this.#tasks.isBusy ? processesInside(sandbox) : this.#host.processes
  }

  #defaultMode(): TrustMode {
    return this.settings.mode ?? (this.#opened.autoRefusal ? 'safe' : 'auto')
  }

  async #systemPrompt(agent: AgentDefinition, model: string, root: string): Promise<string> {
    const { isBare, project } = this.settings
    const isWithout = isBare || agent.skipMemory
    const instructions = isWithout
      ? ''
      : await projectInstructions(this.root, this.#opened.paths.memory, this.#host.files, project.instructions)
    return systemPrompt({
      root,
      platform: `${process.platform} ${process.arch}`,
      model,
      instructions,
      ...(agent.systemPrompt !== undefined && { text: agent.systemPrompt }),
    })
  }

  #openSubAgents(sandboxAt: SandboxAt): SubAgents {
    const { env } = this.#options
    const { files } = this.#host
    return new SubAgents({
      board: this.#tasks,
      copies: this.#copies,
      sandboxAt,
      engineAt: (root, stateFolder) =>
        openEngine({
          root,
          files,
          paths: { ...this.#opened.paths, config: stateFolder, cache: stateFolder },
          project: this.settings.project,
          now: () => this.#host.now(),
          // A copy has no installed packages; what comes home is judged in full.
          deep: false,
          logFolder: this.#logFolder,
        }),
      classifyIn: scope => this.#classifyIn(scope),
      shelf: () => readShelf(this.settings, this.root, this.#opened.paths, this.#host.files),
      modelFor: agent => this.#models.forAgent(agent),
      systemFor: async (agent, model, root) =>
        `${await this.#systemPrompt(agent, model, root)}\n\n${subAgentText.trim()}`,
      environmentNote: ({ root, sandbox }) => environmentNote(root, env, this.#host.now(), this.#gitBeside(sandbox)),
      logFor: wanted => this.sessions.openSub(wanted),
    })
  }

  async #skillShelf(): Promise<SkillShelf> {
    const { SkillShelf } = await import('#shared/context/skills/skill-shelf')
    const { isBare, project } = this.settings
    return SkillShelf.read(
      this.root,
      isBare ? undefined : this.#opened.paths.skills,
      this.#host.files,
      project.skills?.paths,
    )
  }

  #classifyIn(scope: PathScope): WiringParts['classify'] {
    return async line => {
      this.#parser ??= import('#shared/trust/shell-parser').then(({ ShellParser }) => new ShellParser(readAsset))
      const { classifyShell } = await import('#shared/trust/shell-classifier')
      return (await classifyShell(line, scope, await this.#parser)).effect
    }
  }

  /** A resumed session keeps its mode, unless another is asked for or `auto` no longer works. */
  #modeOf(options: SessionOptions, log: SessionLog): TrustMode {
    const stored = log.meta('mode')
    const resumed = typeof stored === 'string' ? modeFrom(stored) : undefined
    const mode = options.mode ?? this.settings.mode ?? resumed ?? this.#defaultMode()
    return clampMode(this.#opened.agent.trust, mode === 'auto' && this.#opened.autoRefusal ? 'safe' : mode)
  }

  #wiringParts(
    log: SessionLog,
    prompt: ConversationPrompt,
    models: ConversationModels,
    spending: Spending,
    session: SessionBinding,
    calls: () => ToolCallServices,
  ): WiringParts {
    const { env, version, isInteractive } = this.#options
    const place = { root: this.root, home: this.#opened.paths.home, ...(env.TMPDIR && { tmp: env.TMPDIR }) }
    const parts: WiringParts = {
      root: this.root,
      host: this.#host,
      env,
      version,
      settings: this.settings,
      ...models,
      engine: this.#engine,
      sandbox: this.sandbox,
      log,
      tools: this.#opened.tools,
      system: () => prompt.whole(),
      actor: isInteractive ? 'interactive' : 'headless',
      userMemory: this.#opened.paths.memory,
      hidden: this.#hidden,
      scope: place,
      rules: this.#opened.rules,
      network: this.#opened.network,
      tasks: this.#tasks.deskOf(log.id, tasks => session.emit({ type: 'tasks', tasks })),
      agents: this.#subAgents.deskOf({
        session,
        chain: [this.#opened.agent.name],
        isBackground: false,
        parts: () => parts,
        calls,
      }),
      skills: () => this.#skillShelf(),
      spending,
      ask: async (question, signal) => {
        session.emit({ type: 'question_asked', question })
        const answer = await this.#host.ask(question, signal)
        session.emit({ type: 'question_answered', id: question.id, answer })
        return answer
      },
      classify: this.#classifyIn(place),
    }
    return parts
  }
}

function joined(...texts: readonly string[]): string {
  return texts.filter(text => text !== '').join('\n')
}

function damageNotice({ records, bytes, backup }: NonNullable<OpenedSession['damage']>): string {
  const places = records === 1 ? 'one place' : `${records} places`
  return `The file of this session was damaged in ${places} (${bytes} bytes); what stood there is lost, the rest goes on. As it was: ${backup}`
}
