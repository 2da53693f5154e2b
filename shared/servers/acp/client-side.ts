import type { AgentContext, ClientCapabilities, SessionUpdate } from '@agentclientprotocol/sdk'
import { methods } from '@agentclientprotocol/sdk'
import { messageOf } from '#shared/base/message-of'
import type { Host } from '#shared/host/host'
import type { KodeEvent, TaskView } from '#shared/protocol/events'
import { acpHost } from './acp-host'
import { type ClientFiles, clientFiles } from './client-files'
import { ClientTerminals } from './client-terminals'
import { UpdateTranslator } from './updates'

/** Disk, processes and network of this machine; the person is at the client. */
export type Machine = Omit<Host, 'approve' | 'ask' | 'editorFiles'>

export interface ClientSideParts {
  client: AgentContext
  capabilities: ClientCapabilities
  machine: Machine
  /** Absolute, links resolved. */
  root: string
}

/** The client's side of one session: what it is told and asked, and what it lends, its files and terminals. */
export class ClientSide {
  readonly host: Host
  readonly #parts: ClientSideParts
  readonly #translator: UpdateTranslator
  /** Where the client offers them. */
  readonly #terminals: ClientTerminals | undefined
  /** Commands that run in the background. */
  readonly #beside = new Set<string>()
  /** Empty until the client may know it. */
  #sessionId = ''
  /** One update after the other. */
  #told: Promise<void> = Promise.resolve()

  constructor(parts: ClientSideParts) {
    const { client, capabilities, machine, root } = parts
    this.#parts = parts
    const sessionId = () => this.#sessionId
    if (capabilities.terminal) {
      this.#terminals = new ClientTerminals({ client, sessionId, root, log: text => this.#log(text) })
    }
    const translator = new UpdateTranslator(root, callId => this.#terminals?.terminalOf(callId))
    this.#translator = translator
    const editorFiles = clientFiles(machine.files, {
      root,
      client: filesOf(client, capabilities, sessionId),
      mayAsk: () => this.#sessionId !== '' && this.#beside.size === 0,
    })
    this.host = acpHost({ ...machine, editorFiles }, { client, capabilities, sessionId, translator })
  }

  /** To be called once, when there is a session. */
  startFor(sessionId: string): void {
    this.#sessionId = sessionId
  }

  /** Resolves when all that was to be told so far is sent; updates are notifications, and answers must follow them. */
  get told(): Promise<void> {
    return this.#told
  }

  show(event: KodeEvent): void {
    if (event.type === 'tasks') this.#noteTasks(event.tasks)
    this.#inOrder(async () => {
      await this.#terminals?.follow(event)
      for (const update of this.#translator.updates(event)) await this.#notify(update)
      if (event.type === 'tool_result') this.#terminals?.release(event.message.call_id)
    })
  }

  send(update: SessionUpdate): void {
    this.#inOrder(() => this.#notify(update))
  }

  async close(): Promise<void> {
    await this.#terminals?.close()
  }

  #noteTasks(tasks: readonly TaskView[]): void {
    this.#beside.clear()
    for (const { id, status } of tasks) if (status === 'running' && id.startsWith('process:')) this.#beside.add(id)
  }

  #notify(update: SessionUpdate): Promise<void> {
    return this.#parts.client.notify(methods.client.session.update, { sessionId: this.#sessionId, update })
  }

  #inOrder(tell: () => Promise<void>): void {
    this.#told = this.#told.then(tell).catch(error => this.#log(`an update was not sent: ${messageOf(error)}`))
  }

  #log(text: string): void {
    this.#parts.machine.log.write('debug', `acp: ${text}`)
  }
}

/** What of its files the client lets others read and write. */
function filesOf(client: AgentContext, { fs }: ClientCapabilities, sessionId: () => string): ClientFiles {
  const { readTextFile, writeTextFile } = methods.client.fs
  return {
    ...(fs?.readTextFile && {
      read: async path => (await client.request(readTextFile, { sessionId: sessionId(), path })).content,
    }),
    ...(fs?.writeTextFile && {
      write: async (path, content) => {
        await client.request(writeTextFile, { sessionId: sessionId(), path, content })
      },
    }),
  }
}
