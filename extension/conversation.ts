import * as vscode from 'vscode'
import { messageOf } from '#shared/base/message-of'
import type { Kode, Session, SessionOptions } from '#shared/kode'
import type { ApprovalRequest, TrustMode } from '#shared/protocol/approvals'
import { type ChatState, EMPTY_CHAT } from '#shared/protocol/chat-state'
import type { ChatEvent, RecalledTurn, ToolResultEvent } from '#shared/protocol/events'
import { foldChat } from '#shared/protocol/fold-chat'
import type { Message, UserPart } from '#shared/protocol/messages'
import type { PanelFacts } from '#shared/protocol/requests'
import { Evidence } from './evidence'
import { type ConversationFolder, pathIn, uriIn } from './folders'
import { historyEvents, resumedEvent } from './history'
import { chosenModel, initialMode } from './host/settings'
import { callToKeep, recalledCall } from './kept-calls'
import { recalledTurn, turnToKeep } from './kept-turns'
import { bytesOnDisk } from './landing'
import type { LastConversation } from './last-conversation'

/** Of a prompt that stands for its conversation. */
const TITLE_CHARACTERS = 60

/** Makes kode for a folder; loaded on the first prompt, since it pulls in the whole core. */
export type OpenKode = (root: string) => Promise<Kode>

/** The conversation in the chat view: kode is made on the first prompt, the session stays open until a new one begins. */
export class Conversation implements vscode.Disposable {
  readonly #openKode: OpenKode
  readonly #folder: ConversationFolder
  readonly #last: LastConversation
  readonly #events = new vscode.EventEmitter<ChatEvent>()
  readonly #resets = new vscode.EventEmitter<void>()
  readonly #factChanges = new vscode.EventEmitter<void>()
  readonly onEvent = this.#events.event
  readonly onReset = this.#resets.event
  readonly onFacts = this.#factChanges.event
  /** By folder: what waits in another folder than the conversation's still has to be judged and landed. */
  readonly #kodes = new Map<string, Promise<Kode>>()
  #session: Session | undefined
  /** What the next prompt goes on with, where the session was closed for other settings. */
  #resumeId: string | undefined
  #isOutdated = false
  #state: ChatState = EMPTY_CHAT
  #evidence: Evidence
  /** Of turns that have ended, by their ids. */
  readonly #lastMessages = new Map<string, string>()
  readonly #watching: vscode.Disposable[] = []
  #epoch = crypto.randomUUID()
  #facts: PanelFacts

  constructor(
    openKode: OpenKode,
    folder: ConversationFolder,
    last: LastConversation,
    facts: Omit<PanelFacts, 'model'>,
  ) {
    this.#last = last
    this.#openKode = openKode
    this.#folder = folder
    this.#facts = { ...facts, model: '' }
    this.#evidence = this.#newEvidence()
    this.#begin()
  }

  get epoch(): string {
    return this.#epoch
  }

  get state(): ChatState {
    return this.#state
  }

  get facts(): PanelFacts {
    return this.#facts
  }

  /** The chosen one, before the conversation has begun too. */
  get model(): string {
    return this.#facts.model || this.#state.model
  }

  changeFacts(facts: Partial<PanelFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
    this.#factChanges.fire()
  }

  /** Starts a turn, or steers the running one. Rejects with a message for the user when kode cannot start. */
  async prompt(parts: UserPart[], lane: 'next' | 'later', maxTurns?: number): Promise<void> {
    const session = await this.session()
    const [first] = parts
    if (first?.type === 'text') {
      void (await this.kode()).sessions.rememberInput(first.text)
      void this.#last.note({
        id: session.id,
        title: first.text.trim().split('\n', 1)[0]?.slice(0, TITLE_CHARACTERS) ?? '',
      })
    }
    // The end of the turn is an event; only a bug makes this reject.
    session.prompt(parts, lane, maxTurns).catch((bug: unknown) => {
      this.#take({ type: 'notice', level: 'error', text: messageOf(bug) })
    })
  }

  /** What the open session may spend. */
  get spending(): Session['spending'] | undefined {
    return this.#session?.spending
  }

  /** The running session; opened when it is not there yet. */
  async session(): Promise<Session> {
    return this.#session ?? (await this.#openSession())
  }

  /** @returns the waiting messages that are dropped with the turn, as text */
  stop(): string[] {
    return (this.#session?.cancel() ?? []).map(wordsOf)
  }

  /** Drops the waiting messages; the turn goes on. @returns them as text */
  clearQueue(): string[] {
    return (this.#session?.clearQueue() ?? []).map(wordsOf)
  }

  moveQueued(id: string, by: -1 | 1): void {
    this.#session?.moveQueued(id, by)
  }

  /** Takes back a message that was not heard yet. */
  removeQueued(id: string): void {
    this.#session?.removeQueued(id)
  }

  /** What work in the background printed, or said and did, so far; undefined where it is not of this conversation. */
  taskTranscript(id: string): string | undefined {
    const told = this.#session?.taskTranscript(id)
    return told?.ok ? told.value : undefined
  }

  /** Ends work in the background. */
  cancelTask(id: string): void {
    const cancelled = this.#session?.cancelTask(id)
    if (cancelled?.ok === false) throw new Error(vscode.l10n.t('{0} is not one of this conversation.', id))
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
    this.#resumeId = undefined
    this.#begin()
    const last = this.#last.get()
    if (last) this.#facts = { ...this.#facts, last }
    this.#resets.fire()
  }

  /** Shows an earlier conversation and goes on with it. */
  async resume(id: string): Promise<void> {
    const listed = await (await this.kode()).sessions.list()
    const summary = listed.ok ? listed.value.find(each => each.id === id) : undefined
    const messages = await this.#reopen({ resume: id })
    if (summary) this.#take(resumedEvent(messages, summary))
    this.#resets.fire()
  }

  /** Goes on before one of the user's messages, in a copy: the conversation itself stays as it is. */
  async fork(messageId: string): Promise<void> {
    const id = this.#session?.id ?? this.#resumeId
    if (id === undefined) throw new Error(vscode.l10n.t('This conversation has not begun.'))
    await this.#reopen({ resume: id, isFork: true, before: messageId })
    this.#resets.fire()
  }

  /** Goes on with a copy of an earlier conversation. */
  async resumeCopy(id: string): Promise<void> {
    await this.#reopen({ resume: id, isFork: true })
    this.#resets.fire()
  }

  /** @returns all that was said in it */
  async #reopen(options: SessionOptions): Promise<readonly Message[]> {
    await this.#session?.close()
    this.#session = undefined
    this.#resumeId = undefined
    this.#begin()
    const session = await this.#openSession(options)
    const messages = session.allMessages()
    const turns = new Map<string, RecalledTurn>()
    for (const { id } of messages) {
      const turn = recalledTurn(session.noted(endKey(id)))
      if (!turn) continue
      turns.set(id, turn)
      this.#lastMessages.set(turn.turn_id, id)
    }
    this.#state = foldChat(
      this.#state,
      historyEvents(
        messages,
        id => turns.get(id),
        id => recalledCall(session.noted(callKey(id))),
      ),
    )
    for (const turn of turns.values()) this.#evidence.recall(turn)
    return messages
  }

  /** Takes back what one turn changed, and tells which files were kept because somebody else changed them since. */
  async undoTurn(turnId: string): Promise<void> {
    const undone = await (await this.kode()).changes.undo([turnId])
    if (!undone.ok) throw new Error(undone.error.message)
    const { message, kept } = undone.value
    this.#take({ type: 'turn_undone', turn_id: turnId, message, kept })
  }

  /** Something kode tells the user in the conversation, such as the result of a command. */
  tell(level: 'info' | 'warning' | 'error', text: string): void {
    this.#take({ type: 'notice', level, text })
  }

  /** Shows an open question with its current verdict, after the user changed the proposal. */
  askAgain(request: ApprovalRequest): void {
    this.#take({ type: 'approval_requested', request })
  }

  /** The kode of the conversation's folder; made when it is not there yet. Rejects with a message for the user. */
  async kode(): Promise<Kode> {
    const folder = this.#folder.current
    if (!folder) throw new Error(vscode.l10n.t('Open a folder first: kode works on the files of one project.'))
    return this.kodeOf(folder.uri.fsPath)
  }

  /** The kode of one folder. */
  async kodeOf(root: string): Promise<Kode> {
    if (!vscode.workspace.isTrusted) {
      throw new Error(vscode.l10n.t('Trust this workspace first: kode reads, changes and runs its files.'))
    }
    const opening = this.#kodes.get(root) ?? this.#openKode(root)
    this.#kodes.set(root, opening)
    try {
      return await opening
    } catch (error) {
      // The next try reads the settings again.
      this.#kodes.delete(root)
      throw error
    }
  }

  /** The settings changed: the next prompt uses them, in the same conversation. A running turn ends with the old ones. */
  async refresh(): Promise<void> {
    this.#isOutdated = this.#state.isRunning
    if (this.#isOutdated) return
    await this.restart()
    this.changeFacts({ model: chosenModel() })
  }

  /** Closes everything; the next prompt opens it again and goes on with the conversation. */
  async restart(): Promise<void> {
    if (this.#session && this.#session.messages().length > 0) this.#resumeId = this.#session.id
    const kodes = [...this.#kodes.values()]
    this.#kodes.clear()
    await this.#session?.close()
    this.#session = undefined
    for (const kode of kodes) await (await kode.catch(() => undefined))?.close()
  }

  dispose(): void {
    void this.restart()
    for (const each of [this.#events, this.#resets, this.#factChanges, ...this.#watching]) each.dispose()
  }

  #begin(): void {
    this.#epoch = crypto.randomUUID()
    this.#state = EMPTY_CHAT
    this.#facts = { ...this.#facts, model: chosenModel() }
    this.#evidence = this.#newEvidence()
    this.#take({ type: 'mode', mode: initialMode() })
  }

  async #openSession(
    options: SessionOptions = this.#resumeId === undefined ? {} : { resume: this.#resumeId },
  ): Promise<Session> {
    const kode = await this.kode()
    const opened = await kode.openSession({ mode: this.#state.mode, ...options })
    if (!opened.ok) throw new Error(opened.error.message)
    this.#session = opened.value
    this.#resumeId = undefined
    if (this.#facts.model !== '') this.changeFacts({ model: '' })
    this.#session.subscribe(event => {
      this.#evidence.observe(event)
      this.#take(event)
      if (event.type === 'tool_result') this.#keepCall(event)
    })
    this.#watchFiles()
    this.#take(kode.sessionEvent(this.#session))
    for (const text of kode.warnings) this.#take({ type: 'notice', level: 'warning', text })
    return this.#session
  }

  #newEvidence(): Evidence {
    const epoch = this.#epoch
    const read = async (path: string) => {
      const folder = this.#folder.current
      return folder && bytesOnDisk(uriIn(folder, path))
    }
    // What an earlier conversation is told late is not for this one.
    return new Evidence(read, event => epoch === this.#epoch && this.#take(event))
  }

  /** A run proves nothing any more about a file that was changed since, whoever did it. */
  #watchFiles(): void {
    if (this.#watching.length > 0) return
    const watcher = vscode.workspace.createFileSystemWatcher('**/*')
    const tell = (uri: vscode.Uri) => this.#evidence.fileChanged(pathIn(this.#folder.current, uri))
    this.#watching.push(watcher, watcher.onDidChange(tell), watcher.onDidCreate(tell), watcher.onDidDelete(tell))
  }

  /** The end of a turn outlives the window: what it changed and proved is shown again when the conversation is. */
  #keepTurn(turnId: string): void {
    const messageId = this.#lastMessages.get(turnId)
    const item = this.#state.items.findLast(each => each.kind === 'turn-end' && each.turnId === turnId)
    if (messageId && item?.kind === 'turn-end') this.#session?.note(endKey(messageId), turnToKeep(item))
  }

  #keepCall(event: ToolResultEvent): void {
    const kept = callToKeep(event)
    if (kept) this.#session?.note(callKey(event.message.call_id), kept)
  }

  #take(event: ChatEvent): void {
    this.#state = foldChat(this.#state, [event])
    if (event.type === 'turn_started') this.changeFacts({ turnStartedAt: Date.now() })
    this.#events.fire(event)
    if (event.type === 'turn_ended') this.#lastMessages.set(event.turn_id, this.#session?.messages().at(-1)?.id ?? '')
    if (event.type === 'turn_ended' || event.type === 'turn_undone' || event.type === 'evidence') {
      this.#keepTurn(event.turn_id)
    }
    if (event.type === 'turn_ended' && this.#isOutdated) void this.refresh()
  }
}

function wordsOf(parts: readonly UserPart[]): string {
  return parts.map(part => (part.type === 'text' ? part.text : '')).join('\n')
}

/** Where what a call's result said is kept in its session. */
function callKey(callId: string): string {
  return `call/${callId}`
}

/** Where the end of a turn is kept in its session. */
function endKey(messageId: string): string {
  return `end-of/${messageId}`
}
