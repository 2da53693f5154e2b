import { settingsFor, toolsFor, unknownTools } from '#shared/agent/as-agent'
import { textOf } from '#shared/agent/model-call'
import type { OpenModel } from '#shared/agent/open-model'
import { AgentSession, type SessionBinding } from '#shared/agent/session'
import { SessionWiring, type WiringParts } from '#shared/agent/wiring'
import { fail, ok, type Result } from '#shared/base/result'
import type { AgentShelf } from '#shared/context/agents/agent-shelf'
import { type AgentDefinition, WRITING_TOOLS } from '#shared/context/agents/definition'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { SessionLog } from '#shared/store/messages'
import type { AgentAnswer, AgentDesk, AgentEntry, AgentRequest } from '#shared/tools/agent-desk'
import type { TaskReport } from '#shared/tools/task-desk'
import { clampMode } from '#shared/trust/policy'
import type { TaskBoard } from './task-board'

/** Source: spec/koda.md §6.2. */
const DEFAULT_TURNS = 30
/** The user's own conversation is the first. */
const MAX_DEPTH = 4
const PROMPT_HEAD_CHARS = 500
const TITLE_CHARS = 80

/** What is the same for all agents of a project. */
export interface SubAgentParts {
  board: TaskBoard
  shelf(): Promise<AgentShelf>
  /** The model of an agent that names its own. */
  modelFor(agent: AgentDefinition): Promise<Result<OpenModel, string>>
  systemFor(agent: AgentDefinition, model: string, root: string): Promise<string>
  /** Today, and how the project's repository stands. */
  environmentNote(root: string): Promise<string>
  logFor(wanted: WantedLog): Promise<Result<SessionLog, string>>
}

/** The session that an agent's conversation is kept in. */
export interface WantedLog {
  /** Of the caller. */
  parent: string
  /** An earlier one of the same caller. */
  resume?: string
  agent: string
  model: OpenModel
  mode: TrustMode
}

/** Who starts agents. */
export interface Caller {
  session: SessionBinding
  /** Agents from the user's own conversation down to the caller. */
  chain: readonly string[]
  isBackground: boolean
  parts(): WiringParts
}

/** Starts agents for other agents. A child never may do more than whoever started it. */
export class SubAgents {
  readonly #parts: SubAgentParts

  constructor(parts: SubAgentParts) {
    this.#parts = parts
  }

  /** What one caller can do with other agents. */
  deskOf(caller: Caller): AgentDesk {
    return {
      list: async () => (await this.#parts.shelf()).all().map(entryOf),
      check: async (request, isBackground) => {
        const found = await this.#find(request.agent, caller)
        if (!found.ok) return found
        if (isBackground && caller.isBackground)
          return fail('what runs in the background starts nothing in the background')
        return ok(undefined)
      },
      invoke: async (request, signal, onOutput) => {
        const child = await this.#open(request, caller, false)
        if (!child.ok) return { isError: true, text: `Error: ${child.error}` }
        return child.value.run(request.prompt, signal, onOutput)
      },
      start: request => this.#start(request, caller),
    }
  }

  async #start(request: AgentRequest, caller: Caller): Promise<Result<TaskReport, string>> {
    const child = await this.#open(request, caller, true)
    if (!child.ok) return child
    const cancelling = new AbortController()
    let status: TaskReport['status'] = 'running'
    let doing = ''
    let output = ''
    const run = child.value.run(request.prompt, cancelling.signal, text => {
      doing = text.trimEnd()
    })
    const name = `${request.agent}: ${request.prompt.split('\n', 1)[0]}`.slice(0, TITLE_CHARS)
    return ok(
      this.#parts.board.addAgent(
        {
          name,
          state: () => ({ status, doing: status === 'running' ? doing : '', output, agent: request.agent }),
          ended: run.then(result => {
            output = result.text
            if (status === 'running') status = result.isError ? 'errored' : 'completed'
          }),
          cancel() {
            if (status !== 'running') return
            status = 'cancelled'
            cancelling.abort()
          },
        },
        caller.parts().log.id,
      ),
    )
  }

  async #find(name: string, { chain }: Caller): Promise<Result<AgentDefinition, string>> {
    const found = (await this.#parts.shelf()).find(name)
    if (!found.ok) return found
    const way = [...chain, name].join(' > ')
    if (chain.includes(name)) return fail(`agents must not start each other in a circle (${way}); do it yourself`)
    if (chain.length >= MAX_DEPTH) return fail(`agents are ${chain.length} deep already (${way}); do it yourself`)
    if (changesFiles(found.value)) return fail(`agent "${name}" changes files; only agents that do not can be started`)
    return found
  }

  async #open(request: AgentRequest, caller: Caller, isBackground: boolean): Promise<Result<SubAgent, string>> {
    const found = await this.#find(request.agent, caller)
    if (!found.ok) return found
    const agent = found.value
    const parent = caller.parts()
    // The mode as it is now, not as it was when the caller began.
    const mode = clampMode(agent.trust, caller.session.mode())
    const hasOwnModel = agent.model !== undefined || agent.provider !== undefined
    const model = hasOwnModel ? await this.#parts.modelFor(agent) : ok(parent.model)
    if (!model.ok) return fail(`agent "${agent.name}": ${model.error}`)
    const log = await this.#parts.logFor({
      parent: parent.log.id,
      agent: agent.name,
      model: model.value,
      mode,
      ...(request.sessionId && { resume: request.sessionId }),
    })
    if (!log.ok) return log
    const system = await this.#parts.systemFor(agent, model.value.model, parent.root)
    const unknown = unknownTools(agent, parent.tools)
    if (unknown.length > 0) {
      const text = `agent "${agent.name}" names tools that there are not: ${unknown.join(', ')}`
      caller.session.emit({ type: 'notice', level: 'warning', text })
    }
    return ok(
      new SubAgent({
        agent,
        mode,
        log: log.value,
        environmentNote: () => this.#parts.environmentNote(parent.root),
        onClose: () => this.#parts.board.endAllOf(log.value.id),
        wire: session => {
          const parts: WiringParts = {
            ...parent,
            settings: { ...settingsFor(agent, parent.settings), maxTurns: agent.maxIterations ?? DEFAULT_TURNS },
            model: model.value,
            log: log.value,
            tools: toolsFor(agent, parent.tools, mode),
            system: () => system,
            actor: 'sub_agent',
            spending: parent.spending.child(limitsOf(parent)),
            tasks: this.#parts.board.deskOf(log.value.id, () => undefined),
            agents: this.deskOf({
              session,
              chain: [...caller.chain, agent.name],
              isBackground: isBackground || caller.isBackground,
              parts: () => parts,
            }),
            ask: (question, signal) => (isBackground ? Promise.resolve('') : parent.ask(question, signal)),
          }
          return parts
        },
      }),
    )
  }
}

interface SubAgentSession {
  agent: AgentDefinition
  mode: TrustMode
  log: SessionLog
  environmentNote(): Promise<string>
  wire(session: SessionBinding): WiringParts
  onClose(): Promise<void>
}

/** One agent at work for another. */
class SubAgent {
  readonly #session: AgentSession
  readonly #id: string

  constructor({ mode, log, environmentNote, wire, onClose }: SubAgentSession) {
    this.#id = log.id
    this.#session = new AgentSession({
      log,
      mode,
      canUseAuto: () => fail({ message: 'a sub-agent keeps the mode it was started with' }),
      environmentNote,
      beforeTurn: async () => undefined,
      withMentions: async text => [{ type: 'text', text }],
      turnServices: session => new SessionWiring(wire(session), session).turnServices(),
      onModeChanged: () => undefined,
      onClose,
    })
  }

  /** Answers one prompt; never rejects. Whatever it started has ended afterwards. */
  async run(prompt: string, signal: AbortSignal, onOutput: (text: string) => void): Promise<AgentAnswer> {
    const before = this.#session.messages().length
    const cancel = () => void this.#session.cancel()
    this.#session.subscribe(event => {
      const line = progressOf(event)
      if (line !== '') onOutput(`${line}\n`)
    })
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const ending = this.#session.prompt([{ type: 'text', text: prompt }])
      if (signal.aborted) cancel()
      const end = await ending
      const said = this.#session
        .messages()
        .slice(before)
        .findLast(message => textOf(message).trim() !== '')
      return outputOf(end, textOf(said).trim(), this.#id)
    } finally {
      signal.removeEventListener('abort', cancel)
      await this.#session.close()
    }
  }
}

function outputOf(end: TurnEnd, said: string, id: string): AgentAnswer {
  const foot = `\n[session_id ${id}]`
  switch (end.reason) {
    case 'answered':
      return { text: (said || '(no output)') + foot }
    case 'cancelled':
      return { isError: true, text: `[cancelled]${said && `\nIts last words: ${said}`}${foot}` }
    case 'limit':
      if (end.limit === 'turns' && said !== '') return { text: said + foot }
      return {
        isError: true,
        text: `[${end.limit === 'turns' ? 'max_turns' : end.limit} reached: ${end.message}]${said && `\n${said}`}${foot}`,
      }
    case 'refused':
    case 'provider_failed':
      return { isError: true, text: `Error: ${end.message}${said && `\nIts last words: ${said}`}${foot}` }
  }
}

/** What it does, as one line for people. */
function progressOf(event: KodeEvent): string {
  if (event.type === 'tool_started') return `${event.call.name} ${event.title}`.trimEnd()
  return event.type === 'notice' && event.level !== 'info' ? event.text : ''
}

function limitsOf({ settings }: WiringParts) {
  return {
    ...(settings.maxCostUsd !== undefined && { maxCostUsd: settings.maxCostUsd }),
    ...(settings.maxTotalTokens !== undefined && { maxTotalTokens: settings.maxTotalTokens }),
  }
}

function changesFiles({ trust, allowedTools, disallowedTools }: AgentDefinition): boolean {
  return (
    trust !== 'plan' &&
    WRITING_TOOLS.some(name => allowedTools?.includes(name) !== false && !disallowedTools.includes(name))
  )
}

function entryOf({ name, description, source, systemPrompt }: AgentDefinition): AgentEntry {
  return { name, description, source, prompt: (systemPrompt ?? '').slice(0, PROMPT_HEAD_CHARS) }
}
