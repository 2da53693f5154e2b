import { settingsFor, toolsFor } from '#shared/agent/as-agent'
import type { ChangeEngine } from '#shared/agent/change-engine'
import type { OpenModel } from '#shared/agent/open-model'
import type { WantedLog } from '#shared/agent/project-sessions'
import type { SessionBinding } from '#shared/agent/session'
import type { ToolCallServices } from '#shared/agent/tool-call'
import type { Toolset } from '#shared/agent/toolset'
import type { WiringParts } from '#shared/agent/wiring'
import { fail, ok, type Result } from '#shared/base/result'
import type { AgentShelf } from '#shared/context/agents/agent-shelf'
import { type AgentDefinition, WRITING_TOOLS } from '#shared/context/agents/definition'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent } from '#shared/protocol/events'
import { EXIT } from '#shared/protocol/exit-codes'
import type { ToolCall } from '#shared/protocol/messages'
import { OnDemandSandbox } from '#shared/sandbox/on-demand'
import type { Sandbox, SandboxError } from '#shared/sandbox/sandbox'
import type { SessionLog } from '#shared/store/messages'
import type { AgentDesk, AgentEntry, AgentRequest } from '#shared/tools/agent-desk'
import type { TaskReport } from '#shared/tools/task-desk'
import type { PathScope } from '#shared/trust/path-scope'
import { clampMode } from '#shared/trust/policy'
import { bringHome } from './bring-home'
import { SubAgent, type Work } from './sub-agent'
import type { TaskBoard, TaskPlace } from './task-board'
import { transcriptOf } from './transcript'
import type { WorkingCopies } from './working-copies'
import type { WorkingCopy } from './working-copy'

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
  environmentNote(place: TaskPlace): Promise<string>
  copies: WorkingCopies
  /** What judges and lands changes in a copy; its journals go to the folder. */
  engineAt(root: string, stateFolder: string): ChangeEngine
  sandboxAt(root: string): Promise<Result<Sandbox, SandboxError>>
  classifyIn(scope: PathScope): WiringParts['classify']
  logFor(wanted: WantedLog): Promise<Result<SessionLog, string>>
}

/** Who starts agents. */
export interface Caller {
  session: SessionBinding
  /** Agents from the user's own conversation down to the caller. */
  chain: readonly string[]
  isBackground: boolean
  parts(): WiringParts
  calls(): ToolCallServices
}

/** Starts agents for other agents. A child never may do more than whoever started it. */
export class SubAgents {
  readonly #parts: SubAgentParts
  #homecoming: Promise<void> = Promise.resolve()

  constructor(parts: SubAgentParts) {
    this.#parts = parts
  }

  /** What one caller can do with other agents. */
  deskOf(caller: Caller): AgentDesk {
    return {
      list: async () => (await this.#parts.shelf()).all().map(entryOf),
      check: async (agent, isBackground) => {
        const found = await this.#find(agent, caller)
        if (!found.ok) return found
        if (isBackground && caller.isBackground)
          return fail('what runs in the background starts nothing in the background')
        return ok(undefined)
      },
      invoke: async (request, signal, onOutput) => {
        const child = await this.#open(request, caller, false)
        if (!child.ok) return { isError: true, text: `Error: ${child.error}` }
        return child.value.run(request.prompt, signal, event => {
          const line = progressOf(event)
          if (line !== '') onOutput(`${line}\n`)
        })
      },
      ask: async (request, signal) => {
        const child = await this.#open(request, caller, false)
        if (!child.ok) return fail({ message: child.error, exitCode: EXIT.usage })
        return child.value.ask(request.prompt, signal)
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
    let transcript = ''
    const owner = caller.parts().log.id
    const run = child.value.run(request.prompt, cancelling.signal, event => {
      transcript += transcriptOf(event)
      const line = progressOf(event)
      if (line === '') return
      doing = line
      this.#parts.board.announce(owner)
    })
    return ok(
      this.#parts.board.addAgent(
        {
          name: titleOf(request),
          state: () => ({ status, doing: status === 'running' ? doing : '', output, agent: request.agent }),
          transcript: () => transcript,
          ended: run.then(result => {
            output = result.text
            if (result.landed) caller.session.emit({ type: 'landed', call_id: request.callId, ...result.landed })
            if (status === 'running') status = result.isError ? 'errored' : 'completed'
          }),
          cancel() {
            if (status !== 'running') return
            status = 'cancelled'
            cancelling.abort()
          },
        },
        owner,
      ),
    )
  }

  async #find(name: string, { chain }: Caller): Promise<Result<AgentDefinition, string>> {
    const found = (await this.#parts.shelf()).find(name)
    if (!found.ok) return found
    const way = [...chain, name].join(' > ')
    if (chain.includes(name)) return fail(`agents must not start each other in a circle (${way}); do it yourself`)
    if (chain.length >= MAX_DEPTH) return fail(`agents are ${chain.length} deep already (${way}); do it yourself`)
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
    const unknown = parent.tools.unknownNames([...(agent.allowedTools ?? []), ...agent.disallowedTools])
    if (unknown.length > 0) {
      const text = `agent "${agent.name}" names tools that there are not: ${unknown.join(', ')}`
      caller.session.emit({ type: 'notice', level: 'warning', text })
    }
    // A skill that narrows the caller's tools narrows these too.
    const tools = toolsFor(agent, caller.calls().tools, mode)
    const place = await this.#placeFor(titleOf(request), tools, mode, parent)
    if (!place.ok) {
      await log.value.close()
      return place
    }
    const { copy, ...where } = place.value
    const system = await this.#parts.systemFor(agent, model.value.model, where.root)
    return ok(
      new SubAgent({
        mode,
        log: log.value,
        environmentNote: () => this.#parts.environmentNote(where),
        onClose: () => this.#parts.board.endAllOf(log.value.id),
        wire: (session, calls) => {
          const parts: WiringParts = {
            ...parent,
            ...where,
            settings: { ...settingsFor(agent, parent.settings), maxTurns: agent.maxIterations ?? DEFAULT_TURNS },
            model: model.value,
            // Who names a model of its own is heard by nobody else.
            ...(hasOwnModel && { smallModel: () => Promise.resolve(model.value) }),
            log: log.value,
            tools,
            system: () => system,
            actor: 'sub_agent',
            spending: parent.spending.part(),
            tasks: this.#parts.board.deskOf(log.value.id, () => undefined, where),
            agents: this.deskOf({
              session,
              chain: [...caller.chain, agent.name],
              isBackground: isBackground || caller.isBackground,
              parts: () => parts,
              calls,
            }),
            ask: (question, signal) => (isBackground ? Promise.resolve('') : parent.ask(question, signal)),
          }
          return parts
        },
        ...(copy && { work: this.#workIn(copy, where.sandbox, request, caller) }),
      }),
    )
  }

  /** Who changes files works in a copy of them; everybody else where the caller works. */
  async #placeFor(
    title: string,
    tools: Toolset,
    mode: TrustMode,
    parent: WiringParts,
  ): Promise<Result<Place & { copy?: WorkingCopy }, string>> {
    const { root, scope, engine, sandbox, classify } = parent
    const isWriting = mode !== 'plan' && WRITING_TOOLS.some(name => tools.find(name) !== undefined)
    if (!isWriting) return ok({ root, scope, engine, sandbox, classify })
    const copy = await this.#parts.copies.make(root, title)
    if (!copy.ok) return copy
    const own = { ...scope, root: copy.value.root }
    return ok({
      copy: copy.value,
      root: copy.value.root,
      scope: own,
      engine: this.#parts.engineAt(copy.value.root, copy.value.stateFolder),
      sandbox: new OnDemandSandbox(sandbox, () => this.#parts.sandboxAt(copy.value.root)),
      classify: this.#parts.classifyIn(own),
    })
  }

  #workIn(copy: WorkingCopy, sandbox: Sandbox, request: AgentRequest, caller: Caller): Work {
    const parent = caller.parts()
    const call: ToolCall = { type: 'tool_call', id: request.callId, name: 'InvokeAgent', arguments: '' }
    return {
      bringHome: signal => {
        const home = {
          root: parent.root,
          calls: caller.calls(),
          propose: (files: readonly { path: string; after?: string }[]) => parent.engine.proposeTexts(files),
        }
        // One after the other: each is merged with what the one before it landed.
        const coming = this.#homecoming.then(() => bringHome(copy, home, call, signal))
        this.#homecoming = coming.then(
          () => undefined,
          () => undefined,
        )
        return coming
      },
      keep: async why => {
        const kept = await copy.keep(why)
        if (!kept.ok) return `Beware: ${kept.error}.`
        const { value } = kept
        return value ? `What it changed did not land; it is kept in ${value.kept}: ${value.paths.join(', ')}.` : ''
      },
      end: async () => {
        await sandbox.close()
        await copy.remove()
      },
    }
  }
}

/** Where an agent works. */
type Place = Pick<WiringParts, 'root' | 'scope' | 'engine' | 'sandbox' | 'classify'>

/** What it does, as one line for people. */
function progressOf(event: KodeEvent): string {
  if (event.type === 'tool_started') return `${event.call.name} ${event.title}`.trimEnd()
  return event.type === 'notice' && event.level !== 'info' ? event.text : ''
}

function titleOf({ agent, prompt }: AgentRequest): string {
  return `${agent}: ${prompt.split('\n', 1)[0]}`.slice(0, TITLE_CHARS)
}

function entryOf({ name, description, source, systemPrompt }: AgentDefinition): AgentEntry {
  return { name, description, source, prompt: (systemPrompt ?? '').slice(0, PROMPT_HEAD_CHARS) }
}
