import * as vscode from 'vscode'
import type { Kode, Session } from '#shared/kode'
import type { ApprovalRequest, TrustMode } from '#shared/protocol/approvals'
import { type ChatState, EMPTY_CHAT, reduceChat } from '#shared/protocol/chat-state'
import type { KodeEvent } from '#shared/protocol/events'
import type { UserPart } from '#shared/protocol/messages'
import type { PanelFacts } from '#shared/protocol/requests'
import { EventLog } from './event-log'
import { historyEvents } from './history'
import { initialMode } from './host/settings'

/** Makes kode for a folder; loaded on the first prompt, since it pulls in the whole core. */
export type OpenKode = (root: string) => Promise<Kode>

/** The conversation in the chat view: kode is made on the first prompt, the session stays open until a new one begins. */
export class Conversation implements vscode.Disposable {
  readonly #openKode: OpenKode
  readonly #events = new vscode.EventEmitter<KodeEvent>()
  readonly #resets = new vscode.EventEmitter<void>()
  readonly #factChanges = new vscode.EventEmitter<void>()
  readonly onEvent = this.#events.event
  readonly onReset = this.#resets.event
  readonly onFacts = this.#factChanges.event
  #kode: Promise<Kode> | undefined
  #session: Session | undefined
  #log = new EventLog()
  #state: ChatState = EMPTY_CHAT
  #epoch = crypto.randomUUID()
  #facts: PanelFacts

  constructor(openKode: OpenKode, facts: PanelFacts) {
    this.#openKode = openKode
    this.#facts = facts
    this.#begin()
  }

  get epoch(): string {
    return this.#epoch
  }

  get events(): KodeEvent[] {
    return this.#log.events
  }

  get state(): ChatState {
    return this.#state
  }

  get facts(): PanelFacts {
    return this.#facts
  }

  changeFacts(facts: Partial<PanelFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
    this.#factChanges.fire()
  }

  /** Starts a turn, or steers the running one. Rejects with a message for the user when kode cannot start. */
  async prompt(parts: UserPart[], lane: 'next' | 'later'): Promise<void> {
    const session = this.#session ?? (await this.#openSession())
    const [first] = parts
    if (first?.type === 'text') void (await this.kode()).rememberInput(first.text)
    // The end of the turn is an event; only a bug makes this reject.
    session.prompt(parts, lane).catch((bug: unknown) => {
      this.#take({ type: 'notice', level: 'error', text: bug instanceof Error ? bug.message : String(bug) })
    })
  }

  stop(): void {
    this.#session?.cancel()
  }

  /** Takes back a message that was not heard yet. */
  removeQueued(id: string): void {
    this.#session?.removeQueued(id)
  }

  setMode(mode: TrustMode): void {
    if (!this.#session) {
      this.#take({ type: 'mode', mode })
      return
    }
    const set = this.#session.setMode(mode)
    if (!set.ok) throw new Error(set.error.message)
  }

  /** Ends this conversation; the next prompt begins another. */
  async startNew(): Promise<void> {
    await this.#session?.close()
    this.#session = undefined
    this.#begin()
    this.#resets.fire()
  }

  /** Shows an earlier conversation and goes on with it. */
  async resume(id: string): Promise<void> {
    await this.#session?.close()
    this.#session = undefined
    this.#begin()
    const session = await this.#openSession(id)
    for (const event of historyEvents(session.messages())) this.#take(event)
    this.#resets.fire()
  }

  /** Something kode tells the user in the conversation, such as the result of a command. */
  tell(level: 'info' | 'warning' | 'error', text: string): void {
    this.#take({ type: 'notice', level, text })
  }

  /** Shows an open question with its current verdict, after the user changed the proposal. */
  askAgain(request: ApprovalRequest): void {
    this.#take({ type: 'approval_requested', request })
  }

  /** The project's kode; made when it is not there yet. Rejects with a message for the user. */
  async kode(): Promise<Kode> {
    const folder = vscode.workspace.workspaceFolders?.[0]
    if (!folder) throw new Error('Open a folder first: kode works on the files of one project.')
    if (!vscode.workspace.isTrusted)
      throw new Error('Trust this workspace first: kode reads, changes and runs its files.')
    this.#kode ??= this.#openKode(folder.uri.fsPath)
    try {
      return await this.#kode
    } catch (error) {
      // The next try reads the settings again.
      this.#kode = undefined
      throw error
    }
  }

  /** The settings changed: the next prompt uses them. */
  async restart(): Promise<void> {
    const kode = this.#kode
    this.#kode = undefined
    await this.#session?.close()
    this.#session = undefined
    await (await kode?.catch(() => undefined))?.close()
  }

  dispose(): void {
    void this.restart()
    for (const emitter of [this.#events, this.#resets, this.#factChanges]) emitter.dispose()
  }

  #begin(): void {
    this.#epoch = crypto.randomUUID()
    this.#log = new EventLog()
    this.#state = EMPTY_CHAT
    this.#take({ type: 'mode', mode: initialMode() })
  }

  async #openSession(resume?: string): Promise<Session> {
    const kode = await this.kode()
    const opened = await kode.openSession(resume === undefined ? { mode: this.#state.mode } : { resume })
    if (!opened.ok) throw new Error(opened.error.message)
    this.#session = opened.value
    this.#session.subscribe(event => this.#take(event))
    this.#take(kode.sessionEvent(this.#session))
    for (const text of kode.warnings) this.#take({ type: 'notice', level: 'warning', text })
    return this.#session
  }

  #take(event: KodeEvent): void {
    this.#log.add(event)
    this.#state = reduceChat(this.#state, event)
    this.#events.fire(event)
  }
}
