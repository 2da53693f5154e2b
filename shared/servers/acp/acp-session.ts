import type {
  AgentContext,
  AvailableCommand,
  ClientCapabilities,
  ContentBlock,
  SessionConfigOption,
  SessionModeState,
  StopReason,
} from '@agentclientprotocol/sdk'
import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { ChatAnswer } from '#shared/commands/chat/chat-command'
import { CHAT_COMMANDS, chatCommandOf } from '#shared/commands/chat/registry'
import type { MenuEntry } from '#shared/commands/chat-door'
import type { Settings } from '#shared/config/settings'
import type { Host } from '#shared/host/host'
import { createKode, type Kode, type Session } from '#shared/kode'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { Message, UserPart } from '#shared/protocol/messages'
import { withAdvice } from '#shared/protocol/with-advice'
import { ClientSide, type Machine } from './client-side'
import { userParts } from './content'

/** What all sessions of one server share. */
export interface AcpParts {
  /** Disk, processes and network; questions go to the client instead. */
  machine: Machine
  settings: Partial<Settings>
  env: Readonly<Record<string, string | undefined>>
  version: string
}

/** What a session is opened for. */
export interface OpenRequest {
  /** Absolute, links resolved. */
  root: string
  /** Id of the earlier session to go on with. */
  resume?: string
  /** What the client brings along, in the shape of `mcpServers`. */
  mcpServers: Readonly<Record<string, unknown>>
}

const TRUST_MODES: readonly TrustMode[] = ['plan', 'safe', 'auto']

const MODES: SessionModeState['availableModes'] = [
  { id: 'plan', name: 'Plan', description: 'Reads only.' },
  { id: 'safe', name: 'Safe', description: 'Asks before it changes or runs anything.' },
  { id: 'auto', name: 'Auto', description: 'Verified changes land by themselves; commands run in the sandbox.' },
]

/** The empty value stands for the model's own default. */
const EFFORTS = [
  { value: 'default', name: 'Default' },
  { value: 'low', name: 'Low' },
  { value: 'medium', name: 'Medium' },
  { value: 'high', name: 'High' },
] as const

/** One conversation with an ACP client. */
export class AcpSession {
  readonly #parts: AcpParts
  readonly #side: ClientSide
  readonly #root: string
  readonly #mcpServers: OpenRequest['mcpServers']
  readonly #models = new Set<string>()
  readonly #closing = new AbortController()
  #toldCommands = ''
  #settings: Partial<Settings>
  #kode: Kode
  #session: Session

  /** Wires kode for the folder of the session; what is wrong with it is one line. */
  static async open(
    request: OpenRequest,
    parts: AcpParts,
    client: AgentContext,
    capabilities: ClientCapabilities,
  ): Promise<Result<AcpSession, string>> {
    const side = new ClientSide({ client, capabilities, machine: parts.machine, root: request.root })
    const opened = await openKode(side.host, request, parts, parts.settings)
    if (!opened.ok) return opened
    side.startFor(opened.value.session.id)
    return ok(new AcpSession(opened.value, side, parts, request))
  }

  private constructor(
    opened: { kode: Kode; session: Session },
    side: ClientSide,
    parts: AcpParts,
    { root, mcpServers }: OpenRequest,
  ) {
    this.#kode = opened.kode
    this.#session = opened.session
    this.#side = side
    this.#parts = parts
    this.#root = root
    this.#mcpServers = mcpServers
    this.#settings = parts.settings
    this.#models.add(opened.kode.model)
    this.#session.subscribe(event => this.#show(event))
  }

  get id(): string {
    return this.#session.id
  }

  get modes(): SessionModeState {
    return { currentModeId: this.#session.mode, availableModes: MODES }
  }

  get configOptions(): SessionConfigOption[] {
    return [
      {
        id: 'mode',
        name: 'Mode',
        category: 'mode',
        type: 'select',
        currentValue: this.#session.mode,
        options: MODES.map(({ id, name, description }) => ({ value: id, name, description: description ?? null })),
      },
      {
        id: 'model',
        name: 'Model',
        category: 'model',
        type: 'select',
        currentValue: this.#kode.model,
        options: [...this.#models].map(model => ({ value: model, name: model })),
      },
      {
        id: 'thinking',
        name: 'Thinking',
        category: 'thought_level',
        type: 'select',
        currentValue: this.#settings.reasoningEffort ?? 'default',
        options: [...EFFORTS],
      },
    ]
  }

  /** What a client shows beside the session from its start; sent once it knows the session's id. */
  async announce(): Promise<void> {
    await this.#tellCommands([])
    void this.#tellPrompts()
    for (const text of this.#kode.warnings) this.#show({ type: 'notice', level: 'warning', text })
    const listed = await this.#kode.provider.listModels(this.#closing.signal)
    if ('failure' in listed) return
    for (const model of listed.models) this.#models.add(model.id)
    if (!this.#closing.signal.aborted) this.#sendConfig()
  }

  /** Prompts of MCP servers are commands too; they come late, and change. */
  async #tellPrompts(): Promise<void> {
    const prompts = await this.#kode.shelf.serverPrompts()
    if (prompts.length > 0 && !this.#closing.signal.aborted) await this.#tellCommands(prompts)
  }

  /** Tells what can be typed after a slash, unless the client knows. */
  async #tellCommands(prompts: readonly MenuEntry[]): Promise<void> {
    // A client's clipboard is its own.
    const ofChat = CHAT_COMMANDS.filter(({ name }) => name !== 'copy')
    const all = [...ofChat, ...(await this.#kode.shelf.commands()), ...(await this.#kode.shelf.skills()), ...prompts]
    const availableCommands = all.map(
      ({ name, summary }): AvailableCommand => ({ name, description: summary, input: { hint: 'arguments' } }),
    )
    const known = JSON.stringify(availableCommands)
    if (known === this.#toldCommands) return
    this.#toldCommands = known
    this.#side.send({ sessionUpdate: 'available_commands_update', availableCommands })
  }

  /** Tells the client everything that was said so far. */
  async replay(): Promise<void> {
    for (const message of this.#session.messages()) {
      for (const event of eventsOf(message)) this.#show(event)
      for (const content of typedBlocks(message)) {
        this.#side.send({ sessionUpdate: 'user_message_chunk', messageId: message.id, content })
      }
    }
    await this.#side.told
  }

  /** Runs a turn, or a slash command. @returns why it stopped, or what went wrong in one line */
  async prompt(content: readonly ContentBlock[], signal: AbortSignal): Promise<Result<StopReason, string>> {
    const parts = userParts(content)
    if (!parts.ok) return parts
    const cancel = () => this.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    const ended = await this.#run(parts.value, signal)
    signal.removeEventListener('abort', cancel)
    await this.#side.told
    void this.#tellPrompts()
    return ended
  }

  cancel(): void {
    this.#session.cancel()
  }

  setMode(name: string): Result<void, string> {
    const mode = TRUST_MODES.find(each => each === name)
    if (!mode) return fail(`there is no mode "${name}"; the modes are ${MODES.map(each => each.id).join(', ')}`)
    const switched = this.#session.setMode(mode)
    return switched.ok ? ok(undefined) : fail(switched.error.message)
  }

  async setOption(id: string, value: string): Promise<Result<SessionConfigOption[], string>> {
    const option = this.configOptions.find(each => each.id === id)
    if (!option) return fail(`there is no option "${id}"`)
    if (id === 'mode') {
      const switched = this.setMode(value)
      return switched.ok ? ok(this.configOptions) : switched
    }
    if (this.#session.isRunning) return fail('the turn is still running: cancel it, or wait for its end')
    const settings = id === 'model' ? { ...this.#settings, model: value } : withEffort(this.#settings, value)
    if (!settings) return fail(`"${value}" is none of ${EFFORTS.map(each => each.value).join(', ')}`)
    const reopened = await this.#reopen(settings)
    return reopened.ok ? ok(this.configOptions) : reopened
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#session.close()
    await this.#side.close()
    await this.#kode.close()
  }

  async #run(parts: UserPart[], signal: AbortSignal): Promise<Result<StopReason, string>> {
    const [first] = parts
    const line = parts.length === 1 && first?.type === 'text' && first.text.startsWith('/') ? first.text : undefined
    const answer =
      line === undefined
        ? undefined
        : await this.#slashCommand(line, signal).catch(error => ({ text: messageOf(error) }))
    if (!answer) return stopReason(await this.#session.prompt(parts))
    if ('prompt' in answer) return stopReason(await this.#session.prompt(answer.prompt))
    this.#side.send({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: answer.text } })
    return ok(signal.aborted ? 'cancelled' : 'end_turn')
  }

  /** @returns undefined for what is no command, such as a path or a skill */
  async #slashCommand(line: string, signal: AbortSignal): Promise<ChatAnswer | undefined> {
    const ofChat = chatCommandOf(line)
    if (ofChat) {
      const { env } = this.#parts
      const chat = { session: this.#session, root: this.#root, env, processes: this.#kode.gitProcesses, signal }
      return ofChat.command.run(chat, ofChat.words)
    }
    const [name = '', ...words] = line.slice(1).trim().split(/\s+/)
    const isOnShelf = (await this.#kode.shelf.commands()).some(each => each.name === name)
    if (!isOnShelf) return undefined
    return { text: await this.#kode.shelf.run(name, words, signal, this.#session.spending) }
  }

  /** Another model is another wiring of the same conversation. */
  async #reopen(settings: Partial<Settings>): Promise<Result<void, string>> {
    const { id, mode } = this.#session
    const hasMessages = this.#session.messages().length > 0
    await this.#session.close()
    await this.#kode.close()
    const wanted = { root: this.#root, mcpServers: this.#mcpServers, mode, ...(hasMessages ? { resume: id } : { id }) }
    const opened = await openKode(this.#side.host, wanted, this.#parts, settings)
    const kept = opened.ok ? opened : await openKode(this.#side.host, wanted, this.#parts, this.#settings)
    if (!kept.ok) return kept
    this.#kode = kept.value.kode
    this.#session = kept.value.session
    this.#session.subscribe(event => this.#show(event))
    if (!opened.ok) return opened
    this.#settings = settings
    this.#models.add(this.#kode.model)
    return ok(undefined)
  }

  #show(event: KodeEvent): void {
    this.#side.show(event)
    if (event.type === 'mode') this.#sendConfig()
  }

  #sendConfig(): void {
    this.#side.send({ sessionUpdate: 'config_option_update', configOptions: this.configOptions })
  }
}

async function openKode(
  host: Host,
  { root, mcpServers, ...session }: OpenRequest & { id?: string; mode?: Session['mode'] },
  { env, version }: AcpParts,
  settings: Partial<Settings>,
): Promise<Result<{ kode: Kode; session: Session }, string>> {
  const kode = await createKode(host, { root, settings, env, version, isInteractive: true, mcpServers })
  if (!kode.ok) return fail(kode.error.message)
  const opened = await kode.value.openSession(session)
  if (opened.ok) return ok({ kode: kode.value, session: opened.value })
  await kode.value.close()
  return fail(opened.error.message)
}

function withEffort(settings: Partial<Settings>, value: string): Partial<Settings> | undefined {
  const { reasoningEffort: _, ...rest } = settings
  switch (value) {
    case 'default':
      return rest
    case 'low':
    case 'medium':
    case 'high':
      return { ...rest, reasoningEffort: value }
    default:
      return undefined
  }
}

/** Limits have no name of their own in ACP beyond these; the text of the limit went out before. */
function stopReason(end: TurnEnd): Result<StopReason, string> {
  switch (end.reason) {
    case 'answered':
      return ok('end_turn')
    case 'cancelled':
      return ok('cancelled')
    case 'refused':
      return ok('refusal')
    case 'limit':
      return ok(
        end.limit === 'output_limit' || end.limit === 'context' || end.limit === 'tokens'
          ? 'max_tokens'
          : 'max_turn_requests',
      )
    case 'provider_failed':
      return fail(withAdvice(end))
    case 'store_failed':
      return fail(end.message)
  }
}

/** A stored message as the events that once announced it; the user's own words are not among them. */
function eventsOf(message: Message): KodeEvent[] {
  if (message.role === 'tool') return [{ type: 'tool_result', message, duration_ms: 0 }]
  if (message.role === 'user') return []
  return message.parts.flatMap((part): KodeEvent[] => {
    if (part.type === 'tool_call') return [{ type: 'tool_started', call: part, title: '' }]
    if (part.text === '') return []
    return [{ type: part.type === 'text' ? 'text_delta' : 'thinking_delta', message_id: message.id, text: part.text }]
  })
}

/** What the user typed; notes that were put beside it are left out. */
function typedBlocks(message: Message): ContentBlock[] {
  if (message.role !== 'user' || (message.origin !== 'typed' && message.origin !== 'steering')) return []
  return message.parts.flatMap((part): ContentBlock[] => {
    if (part.type === 'image') return [{ type: 'image', mimeType: part.media_type, data: part.data }]
    return part.text.startsWith('<environment>\n') ? [] : [{ type: 'text', text: part.text }]
  })
}
