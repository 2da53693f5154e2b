import { join, resolve } from 'node:path'
import { settingsFor } from '#shared/agent/as-agent'
import type { ChangeEngine } from '#shared/agent/change-engine'
import { chooseModel, type ModelSource } from '#shared/agent/choose-model'
import { type HeadlessDemands, runHeadless } from '#shared/agent/headless'
import { Spending } from '#shared/agent/limits'
import { NetworkQuestions } from '#shared/agent/network-questions'
import { openEngine } from '#shared/agent/open-engine'
import type { OpenModel } from '#shared/agent/open-model'
import type { OutputCheck } from '#shared/agent/output-schema'
import { ProjectChanges } from '#shared/agent/project-changes'
import { ProjectSessions, type WantedSession } from '#shared/agent/project-sessions'
import { type AgentRunner, READING, ReadingAgents } from '#shared/agent/reading-agents'
import { AgentSession, type SessionBinding } from '#shared/agent/session'
import { todoNote, todosOf } from '#shared/agent/todos'
import type { ToolCallServices } from '#shared/agent/tool-call'
import { Toolset } from '#shared/agent/toolset'
import { partsOf } from '#shared/agent/user-words'
import { runVerifyCommand } from '#shared/agent/verify-command'
import { SessionWiring, type WiringParts } from '#shared/agent/wiring'
import { fail, ok, type Result } from '#shared/base/result'
import type { MenuEntry } from '#shared/commands/chat-door'
import { costOf } from '#shared/config/model-catalog'
import { type KodePaths, kodePaths } from '#shared/config/paths'
import { loadSettings, type Settings, type SettingsSources } from '#shared/config/settings'
import type { AgentShelf } from '#shared/context/agents/agent-shelf'
import { DEFAULT_AGENT } from '#shared/context/agents/built-in'
import type { AgentDefinition } from '#shared/context/agents/definition'
import subAgentText from '#shared/context/agents/prompts/sub-agent.md'
import { environmentNote } from '#shared/context/environment'
import { projectInstructions } from '#shared/context/instructions'
import type { SkillShelf } from '#shared/context/skills/skill-shelf'
import { systemPrompt } from '#shared/context/system-prompt'
import { journalFolderFor } from '#shared/edits/write'
import type { Host } from '#shared/host/host'
import { readAsset } from '#shared/host/node/assets'
import { isWritable, temporaryFolder } from '#shared/host/node/writable'
import { findConfigTexts } from '#shared/mcp/find-config'
import { ProjectServers } from '#shared/mcp/project-servers'
import type { TrustMode } from '#shared/protocol/approvals'
import type { SessionEvent } from '#shared/protocol/events'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import type { UserPart } from '#shared/protocol/messages'
import type { RunResult } from '#shared/protocol/run-result'
import type { ModelAliases } from '#shared/providers/model-aliases'
import type { Provider } from '#shared/providers/provider'
import type { Sandbox, SandboxError } from '#shared/sandbox/sandbox'
import type { SessionLog } from '#shared/store/messages'
import type { OpenedSession } from '#shared/store/sessions'
import { SubAgents } from '#shared/tasks/sub-agents'
import { TaskBoard } from '#shared/tasks/task-board'
import { WorkingCopies } from '#shared/tasks/working-copies'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import type { PathScope } from '#shared/trust/path-scope'
import { clampMode, modeFrom } from '#shared/trust/policy'
import { RuleBook } from '#shared/trust/rule-book'
import { networkHosts } from '#shared/trust/rules'
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
  /** Changes outside of a turn. */
  readonly changes: ProjectChanges
  /** The conversations and prompts kept of this project. */
  readonly sessions: ProjectSessions
  /** Short names of models, built in. */
  modelAliases(): Promise<ModelAliases>
  /** Commands of the shelf that have a door to the chat. */
  chatCommands(): Promise<MenuEntry[]>
  /** Prompts of the MCP servers, once these are there: `/name arguments` in a prompt stands for one. */
  serverPrompts(): Promise<MenuEntry[]>
  /** Agents that the setting `agent` can name. */
  agents(): Promise<MenuEntry[]>
  /** Skills that a prompt may begin with, as `/name`. */
  skills(): Promise<MenuEntry[]>
  /** Runs such a command. Rejects with one line for people. @returns its result for people */
  runCommand(name: string, words: readonly string[], signal: AbortSignal): Promise<string>
  /** Ends every child process. */
  close(): Promise<void>
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
  /** The run's model traffic: written to a file, or played from one instead of asking anybody. Absolute paths. */
  traffic?: ModelSource['traffic']
  /** MCP servers that the surface brings along, by name, in the shape of `mcpServers`; they count as the user's own. */
  mcpServers?: Readonly<Record<string, unknown>>
}

export interface SessionOptions extends WantedSession {
  mode?: TrustMode
}

/** One conversation, as a surface sees it. */
export type Session = AgentSession

/** What a script may demand of a run; the rest comes from the settings. */
export type RunDemandOptions = Omit<HeadlessDemands, 'model' | 'timeoutS' | 'verify' | 'stopsAtDenial'> & {
  /** A command line that kode itself runs in the sandbox after the turn. */
  verify?: { command: string; attempts: number }
}

/** Wires the core for one project. What is wrong with settings, provider or sandbox is a failure with its exit code. */
export async function createKode(host: Host, options: KodeOptions): Promise<Result<Kode, Failure>> {
  const { root, env } = options
  const kept = kodePaths(env)
  const isReadOnly = !isWritable(kept.config)
  const paths = isReadOnly || options.settings.isEphemeral ? temporaryPaths(kept) : kept
  const loaded = await loadSettings({
    root,
    files: host.files,
    processes: host.processes,
    env,
    flags: options.settings,
  })
  if (!loaded.ok) return fail({ message: loaded.error, exitCode: EXIT.usage })
  const found = await findAgent(loaded.value.settings, root, paths, host.files)
  if (!found.ok) return fail({ message: found.error, exitCode: EXIT.usage })
  const { agent } = found.value
  const settings = settingsFor(agent, loaded.value.settings, options.settings)
  const warnings = [
    ...loaded.value.warnings,
    ...found.value.warnings,
    ...(isReadOnly ? [`${kept.config} is read-only; nothing is kept`] : []),
  ]
  // What an earlier run left half done is at its own place.
  if (settings.isEphemeral) await recoverAt(kept, root, host, settings)
  const rules = new RuleBook(
    host.files,
    { user: kept.rules, machine: kept.policy, onlyTighten: settings.isBare },
    settings.project.trust?.rules ?? [],
  )
  const written = await rules.load()
  if (!written.ok) return fail({ message: written.error.message, exitCode: EXIT.refused })
  const hosts = networkHosts(written.value.rules)
  const network = new NetworkQuestions(host, rules)

  const { openSandbox } = await import('#shared/sandbox/open')
  const sandboxAt = (folder: string) =>
    openSandbox({
      root: folder,
      // The keys in it stay hidden although nothing is written there.
      stateFolder: kept.config,
      quarantine: join(paths.config, 'quarantine'),
      processes: host.processes,
      env,
      useSandbox: settings.useSandbox,
      keepsCaches: !settings.isEphemeral,
      allowNet: [...settings.allowNet, ...hosts.allow],
      denyNet: hosts.deny,
      ...(options.isInteractive && { askNetwork: (name, port) => network.ask(name, port) }),
    })
  const [sandbox, model, mcpTexts] = await Promise.all([
    sandboxAt(root),
    // The wall is tried by starting a process; what loads meanwhile costs no time.
    chooseModel(settings, modelSource(host, options)),
    settings.isBare ? [] : findConfigTexts(root, paths, host.files),
    import('#shared/store/sessions'),
  ])
  if (!model.ok) return fail({ message: model.error, exitCode: EXIT.usage })
  if (!sandbox.ok) return fail({ message: sandbox.error.message, exitCode: EXIT.refused })

  const autoRefusal = whyNotAuto(sandbox.value, paths, root)
  if (settings.mode === 'auto' && autoRefusal) return fail({ message: autoRefusal, exitCode: EXIT.refused })
  if (settings.mode === undefined && autoRefusal && !options.isInteractive) {
    return fail({ message: `${autoRefusal} Or choose --mode safe.`, exitCode: EXIT.refused })
  }
  const all = new Toolset(BUILT_IN_TOOLS)
  const unknown = all.unknownNames([...(settings.allowedTools ?? []), ...settings.disallowedTools])
  if (unknown.length > 0) return fail({ message: all.whyNot(unknown[0]!), exitCode: EXIT.usage })
  const offered = all.filtered(settings.allowedTools, settings.disallowedTools)
  const tools = offered.filtered(agent.allowedTools, agent.disallowedTools)
  const servers = await ProjectServers.open(
    {
      ...options,
      given: options.mcpServers,
      files: host.files,
      processes: host.processes,
      paths,
      sandbox: sandbox.value,
      isBare: settings.isBare,
      project: settings.project.mcp,
      now: () => host.now(),
      log: text => host.log.write('info', `mcp: ${text}`),
      onTools: added => tools.setAdded(added),
    },
    mcpTexts,
  )
  const parts = {
    paths,
    sandbox: sandbox.value,
    sandboxAt,
    chosen: model.value,
    agent,
    autoRefusal,
    rules,
    network,
    tools,
    servers,
  }
  const told = [...warnings, ...written.value.problems, ...servers.warnings]
  return ok(new ProjectKode(host, options, settings, told, parts))
}

/** The agent that talks to the user; where it is kode itself, no file is looked at. */
async function findAgent(
  settings: Settings,
  root: string,
  paths: KodePaths,
  files: Host['files'],
): Promise<Result<{ agent: AgentDefinition; warnings: readonly string[] }, string>> {
  if (settings.agent === undefined) return ok({ agent: DEFAULT_AGENT, warnings: [] })
  const shelf = await readShelf(settings, root, paths, files)
  const found = shelf.find(settings.agent)
  return found.ok ? ok({ agent: found.value, warnings: shelf.warnings }) : found
}

async function readShelf(
  { isBare }: Settings,
  root: string,
  paths: KodePaths,
  files: Host['files'],
): Promise<AgentShelf> {
  const { AgentShelf } = await import('#shared/context/agents/agent-shelf')
  return isBare ? AgentShelf.builtIn() : AgentShelf.read(root, paths.agents, files)
}

type SandboxAt = (root: string) => Promise<Result<Sandbox, SandboxError>>

/** What a wired project is made of, beside its settings. */
interface WiredParts {
  paths: KodePaths
  sandbox: Sandbox
  sandboxAt: SandboxAt
  chosen: OpenModel
  agent: AgentDefinition
  autoRefusal: string | undefined
  rules: RuleBook
  network: NetworkQuestions
  tools: Toolset
  servers: ProjectServers
}

/** Whether no model could be asked because its provider needs a key and nobody has one. Contacts nobody. */
export async function lacksKey(sources: SettingsSources): Promise<boolean> {
  const [loaded, model] = await Promise.all([loadSettings(sources), import('#shared/agent/open-model')])
  return loaded.ok && model.lacksKey(loaded.value.settings, sources.env)
}

/** kode's own agents for a pipeline, in this project; each is wired when it is asked for the first time. */
export function readingAgents(host: Host, options: KodeOptions): AgentRunner {
  return new ReadingAgents(agent =>
    createKode(host, { ...options, settings: { ...options.settings, ...READING, agent } }),
  )
}

/** Judges replies by a JSON schema of the user; see agent/output-schema.ts. */
export async function createOutputCheck(schemaText: string, name: string): Promise<Result<OutputCheck, string>> {
  const { outputCheck } = await import('#shared/agent/output-schema')
  return outputCheck(schemaText, name)
}

/** For a home that cannot be written: sessions and undo work within this run, and go with it. */
function temporaryPaths(kept: KodePaths): KodePaths {
  const folder = temporaryFolder('kode-')
  return { ...kept, config: folder, db: join(folder, 'db'), logs: join(folder, 'logs'), cache: join(folder, 'cache') }
}

async function recoverAt(paths: KodePaths, root: string, host: Host, { project }: Settings): Promise<void> {
  const journal = await host.files.stat(journalFolderFor(paths.config, root))
  if (journal.ok) await openEngine({ root, files: host.files, paths, project, now: () => host.now() }).recover()
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
  readonly changes: ProjectChanges
  readonly sessions: ProjectSessions
  readonly warnings: readonly string[]
  readonly #host: Host
  readonly #options: KodeOptions
  readonly #paths: KodePaths
  readonly #chosen: OpenModel
  readonly #autoRefusal: string | undefined
  readonly #rules: RuleBook
  readonly #network: NetworkQuestions
  readonly #servers: ProjectServers
  readonly #engine: ChangeEngine
  readonly #tools: Toolset
  readonly #tasks: TaskBoard
  #parser: Promise<ShellParser> | undefined
  /** What the user should hear with the next turn. */
  readonly #untold: string[] = []
  readonly #agent: AgentDefinition
  readonly #copies: WorkingCopies
  readonly #subAgents: SubAgents

  constructor(
    host: Host,
    options: KodeOptions,
    settings: Settings,
    warnings: readonly string[],
    { paths, sandbox, sandboxAt, chosen, agent, autoRefusal, rules, network, tools, servers }: WiredParts,
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
    this.#chosen = chosen
    this.#autoRefusal = autoRefusal
    this.#rules = rules
    this.#network = network
    this.#servers = servers
    this.#tools = tools
    this.sessions = new ProjectSessions(
      options.root,
      paths,
      () => host.now(),
      text => host.log.write('warning', text),
    )
    const { root, project } = { root: this.root, project: settings.project }
    this.#engine = openEngine({
      root,
      files: host.files,
      ...(host.editorFiles && { editorFiles: host.editorFiles }),
      paths,
      project,
      now: () => host.now(),
      logFolder: this.#logFolder,
    })
    this.changes = new ProjectChanges(this.#engine)
    this.#tasks = new TaskBoard(this.sandbox, root, () => host.now())
    this.#agent = agent
    this.#copies = new WorkingCopies(this.root, {
      files: host.files,
      processes: host.processes,
      env: options.env,
      cacheFolder: paths.cache,
      patchFolder: join(paths.config, 'patches'),
    })
    this.#subAgents = this.#openSubAgents(sandboxAt)
  }

  /** Where decisions are written down. */
  get #logFolder(): string {
    if (this.settings.isEphemeral) return this.#paths.logs
    return resolve(this.root, this.settings.logFolder ?? 'logs')
  }

  async openSession(options: SessionOptions = {}): Promise<Result<Session, Failure>> {
    const opened = await this.sessions.open(options, {
      agent: this.#agent.name,
      provider: this.#chosen.providerName,
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
    const servers = this.#servers.servers?.start()
    // Where nobody waits at a prompt, the first event tells of every tool.
    if (!this.#options.isInteractive) await servers
    const [chosen, own] = await Promise.all([
      this.#blindfolded(this.#chosen),
      this.#systemPrompt(this.#agent, this.model, this.root),
    ])
    let whole: string | undefined
    const told = new Set<string>()
    const instructions = () => this.#servers.servers?.instructions(told) ?? ''
    const system = () => {
      whole ??= [own, instructions()].filter(text => text !== '').join('\n\n')
      return whole
    }
    // The system prompt stays as it is; a server that comes later speaks beside the user's words.
    const lateInstructions = () => (whole === undefined ? '' : instructions())
    return ok(
      new AgentSession({
        log,
        mode: this.#modeOf(options, log),
        canUseAuto: () => (this.#autoRefusal ? fail({ message: this.#autoRefusal }) : ok(undefined)),
        environmentNote: async ready => {
          const [note] = await Promise.all([this.#environmentNote(log), ready])
          return joined(note, lateInstructions())
        },
        beforeTurn: emit => {
          for (const text of this.#untold.splice(0)) emit({ type: 'notice', level: 'warning', text })
          return this.#servers.ready(emit)
        },
        withMentions: text => this.#partsOf(text),
        turnServices: session => {
          const calls = () => wiring.calls
          const wiring: SessionWiring = new SessionWiring(
            this.#wiringParts(log, system, chosen, session, calls),
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
      provider: this.#chosen.providerName,
      mode: session.mode,
      cwd: this.root,
      tools: this.#tools.names,
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

  async modelAliases(): Promise<ModelAliases> {
    return (await import('#shared/providers/model-aliases')).MODEL_ALIASES
  }

  async chatCommands(): Promise<MenuEntry[]> {
    const { chatCommands } = await import('#shared/commands/chat-door')
    return chatCommands()
  }

  async serverPrompts(): Promise<MenuEntry[]> {
    const { servers } = this.#servers
    await servers?.start()
    return servers?.prompts() ?? []
  }

  async agents(): Promise<MenuEntry[]> {
    const shelf = await readShelf(this.settings, this.root, this.#paths, this.#host.files)
    return shelf.all().map(({ name, description }) => ({ name, summary: description }))
  }

  async skills(): Promise<MenuEntry[]> {
    const all = (await this.#skillShelf()).search()
    return all.filter(skill => skill.isUserInvocable).map(({ name, description }) => ({ name, summary: description }))
  }

  async runCommand(name: string, words: readonly string[], signal: AbortSignal): Promise<string> {
    const { runInChat } = await import('#shared/commands/chat-door')
    const { env, version } = this.#options
    const { files, editorFiles = files, processes, web, log } = this.#host
    const { servers } = this.#servers
    const text = await runInChat(name, words, {
      root: this.root,
      env,
      paths: this.#paths,
      files: editorFiles,
      processes,
      web,
      version,
      now: () => this.#host.now(),
      settings: async () => this.settings,
      progress: line => log.write('info', line),
      ...(servers && { mcp: servers }),
      signal,
    })
    if (name === 'mcp') await this.#servers.reload()
    return text
  }

  async close(): Promise<void> {
    this.#engine.close()
    await this.#servers.close()
    await this.#copies.close()
    await this.sandbox.close()
    await this.sessions.close()
  }

  async #partsOf(text: string): Promise<UserPart[]> {
    const { files, editorFiles = files, processes } = this.#host
    return partsOf(text, {
      root: this.root,
      files: editorFiles,
      processes,
      env: this.#options.env,
      skills: () => this.#skillShelf(),
      servers: this.#servers.servers,
    })
  }

  async #environmentNote(log: SessionLog): Promise<string> {
    const note = await environmentNote(this.root, this.#options.env, this.#host.now(), this.#host.processes)
    return joined(note, todoNote(todosOf(log)))
  }

  #defaultMode(): TrustMode {
    return this.settings.mode ?? (this.#autoRefusal ? 'safe' : 'auto')
  }

  async #systemPrompt(agent: AgentDefinition, model: string, root: string): Promise<string> {
    const { isBare, project } = this.settings
    const isWithout = isBare || agent.skipMemory
    const instructions = isWithout
      ? ''
      : await projectInstructions(this.root, this.#paths.memory, this.#host.files, project.instructions)
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
          paths: { ...this.#paths, config: stateFolder, cache: stateFolder },
          project: this.settings.project,
          now: () => this.#host.now(),
          // A copy has no installed packages; what comes home is judged in full.
          deep: false,
          logFolder: this.#logFolder,
        }),
      classifyIn: scope => this.#classifyIn(scope),
      shelf: () => readShelf(this.settings, this.root, this.#paths, this.#host.files),
      modelFor: async agent => {
        const opened = await chooseModel(settingsFor(agent, this.settings), modelSource(this.#host, this.#options))
        return opened.ok ? ok(await this.#blindfolded(opened.value)) : opened
      },
      systemFor: async (agent, model, root) =>
        `${await this.#systemPrompt(agent, model, root)}\n\n${subAgentText.trim()}`,
      environmentNote: root => environmentNote(root, env, this.#host.now(), this.#host.processes),
      logFor: wanted => this.sessions.openSub(wanted),
    })
  }

  async #skillShelf(): Promise<SkillShelf> {
    const { SkillShelf } = await import('#shared/context/skills/skill-shelf')
    const { isBare, project } = this.settings
    return SkillShelf.read(this.root, isBare ? undefined : this.#paths.skills, this.#host.files, project.skills?.paths)
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
    return clampMode(this.#agent.trust, mode === 'auto' && this.#autoRefusal ? 'safe' : mode)
  }

  /** For titles and summaries. Where the surface brings its model along, or traffic is recorded, that one does it all. */
  async #openSmallModel(main: OpenModel): Promise<OpenModel> {
    const { provider, traffic, env } = this.#options
    if (provider || traffic || !(env.KODE_SMALL_MODEL || this.settings.project.small_model)) return main
    const { openSmallModel } = await import('#shared/agent/small-model')
    const { model, note } = openSmallModel(this.settings, env, this.#chosen)
    if (note) this.#untold.push(note)
    return model === this.#chosen ? main : this.#blindfolded(model)
  }

  /** A model that never sees the project's own words where the project asks for that. */
  async #blindfolded(chosen: OpenModel): Promise<OpenModel> {
    const { blindfold, project } = this.settings
    if (!project.engine?.blindfold_mode && !project.blindfold && !blindfold) return chosen
    const [{ blindfoldModeOf, openBlindfold }, { BlindfoldProvider }] = await Promise.all([
      import('#shared/agent/open-blindfold'),
      import('#shared/context/blindfold/provider'),
    ])
    const mode = blindfoldModeOf(this.settings)
    if (mode === undefined) return chosen
    const own = systemPrompt({ root: '', platform: process.platform, model: this.model, instructions: '' })
    const parts = await this.#engine.project(new AbortController().signal)
    const source = { root: this.root, files: this.#host.files, ...parts }
    const hidden = await openBlindfold(mode, [own, JSON.stringify(this.#tools.specs())], source)
    return { ...chosen, provider: new BlindfoldProvider(chosen.provider, hidden) }
  }

  #wiringParts(
    log: SessionLog,
    system: () => string,
    model: OpenModel,
    session: SessionBinding,
    calls: () => ToolCallServices,
  ): WiringParts {
    const { env, version, isInteractive } = this.#options
    let small: Promise<OpenModel> | undefined
    const place = { root: this.root, home: this.#paths.home, ...(env.TMPDIR && { tmp: env.TMPDIR }) }
    const parts: WiringParts = {
      root: this.root,
      host: this.#host,
      env,
      version,
      settings: this.settings,
      model,
      smallModel: () => {
        small ??= this.#openSmallModel(model)
        return small
      },
      engine: this.#engine,
      sandbox: this.sandbox,
      log,
      tools: this.#tools,
      system,
      actor: isInteractive ? 'interactive' : 'headless',
      userMemory: this.#paths.memory,
      scope: place,
      rules: this.#rules,
      network: this.#network,
      tasks: this.#tasks.deskOf(log.id, tasks => session.emit({ type: 'tasks', tasks })),
      agents: this.#subAgents.deskOf({
        session,
        chain: [this.#agent.name],
        isBackground: false,
        parts: () => parts,
        calls,
      }),
      skills: () => this.#skillShelf(),
      spending: new Spending(costOf),
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

function modelSource(host: Host, { env, provider, traffic }: KodeOptions): ModelSource {
  return { files: host.files, env, ...(provider && { provider }), ...(traffic && { traffic }) }
}

function joined(...texts: readonly string[]): string {
  return texts.filter(text => text !== '').join('\n')
}

function damageNotice({ records, bytes, backup }: NonNullable<OpenedSession['damage']>): string {
  const places = records === 1 ? 'one place' : `${records} places`
  return `The file of this session was damaged in ${places} (${bytes} bytes); what stood there is lost, the rest goes on. As it was: ${backup}`
}
