import { cutMiddle } from '#shared/base/cut'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { TrustMode } from '#shared/protocol/approvals'
import type { KodeEvent, TaskView, TurnEnd } from '#shared/protocol/events'
import type { Message, UserPart } from '#shared/protocol/messages'
import { NOTHING_SPENT, type Spent } from '#shared/protocol/run-result'
import type { HistoryEntry } from '#shared/store/conversation'
import { StoreFailure } from '#shared/store/failure'
import type { SessionLog } from '#shared/store/messages'
import type { AgentDesk } from '#shared/tools/agent-desk'
import type { BoardDesk } from '#shared/tools/task-desk'
import type { Spending } from './limits'
import { Steering } from './steering'
import { runTurn, type TurnServices } from './turn'
import { userMessage } from './user-message'

/** The parts a conversation is built from; `kode.ts` makes them. */
export interface SessionParts {
  log: SessionLog
  mode: TrustMode
  /** Whether `auto` may be used, and if not, why. */
  canUseAuto(): Result<void, { message: string }>
  /**
   * Text that belongs to the user's next message: date, git state and other things that change.
   *
   * @param ready when all is there that the turn waits for
   */
  environmentNote(ready: Promise<void>): Promise<string>
  /** What has to be ready before the model is asked for the first time. */
  beforeTurn(emit: (event: KodeEvent) => void): Promise<void>
  /** What the user's words mention, put behind them. */
  withMentions(text: string): Promise<UserPart[]>
  turnServices(session: SessionBinding): TurnServices
  onModeChanged(mode: TrustMode): void
  /** Ends what the session started beside itself. */
  onClose(): Promise<void>
}

/** What the services of a turn need back from their session. */
export interface SessionBinding {
  mode(): TrustMode
  /** Of the running turn; everything it changes is undone together. */
  turnId(): string
  /** The first line of its prompt. */
  turnTitle(): string
  switchToAuto(): Result<void, { message: string }>
  steering: Steering
  emit(event: KodeEvent): void
}

/** One conversation: its messages, mode and running turn. */
export class AgentSession {
  readonly #parts: SessionParts
  readonly #listeners = new Set<(event: KodeEvent) => void>()
  readonly #steering = new Steering(waiting => this.emit({ type: 'steering', waiting }))
  readonly #services: TurnServices
  #mode: TrustMode
  #turn = { id: '', title: '' }
  #spent: Spent = NOTHING_SPENT
  #closing: Promise<void> | undefined
  #running: { controller: AbortController; end: Promise<TurnEnd> } | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#mode = parts.mode
    this.#services = parts.turnServices({
      mode: () => this.#mode,
      turnId: () => this.#turn.id,
      turnTitle: () => this.#turn.title,
      switchToAuto: () => this.setMode('auto'),
      steering: this.#steering,
      emit: event => this.emit(event),
    })
  }

  get id(): string {
    return this.#parts.log.id
  }

  get mode(): TrustMode {
    return this.#mode
  }

  /** By all requests of this process so far. */
  get spent(): Spent {
    return this.#spent
  }

  /** What it may spend, for what is asked beside its turns. */
  get spending(): Spending {
    return this.#services.spending
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  messages(): readonly Message[] {
    return this.#parts.log.messages()
  }

  /** All messages, also those that compaction put away, as they were sent to the model. */
  allMessages(): readonly Message[] {
    const { log } = this.#parts
    if (log.summary().archived_messages === 0) return log.messages()
    return log.history().map(entry => entry.message)
  }

  /** All messages, also those that compaction put away, outputs in their full length. */
  history(): HistoryEntry[] {
    return this.#parts.log.history()
  }

  /** Who can be asked for it. */
  get agents(): AgentDesk {
    return this.#services.calls.context.session.agents
  }

  /** What the conversation started beside itself. */
  tasks(): readonly TaskView[] {
    return this.#services.tasks.list()
  }

  /** What a task printed, or said and did, so far. */
  taskTranscript(id: string): ReturnType<BoardDesk['transcript']> {
    return this.#services.tasks.transcript(id)
  }

  /** Ends a task by its id; fine when it has ended already. */
  cancelTask(id: string): ReturnType<BoardDesk['cancel']> {
    return this.#services.tasks.cancel(id)
  }

  subscribe(listener: (event: KodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(event: KodeEvent): void {
    if (event.type === 'usage') this.#spent = { usage: event.usage, costUsd: event.cost_usd ?? null }
    for (const listener of this.#listeners) listener(event)
  }

  /** Keeps something with the session for the surface, such as how a turn ended. Any JSON value; the latest counts. */
  note(key: string, value: unknown): void {
    this.#parts.log.noteMeta(`surface/${key}`, value)
  }

  /** What was noted under a key, now or by an earlier process. */
  noted(key: string): unknown {
    return this.#parts.log.meta(`surface/${key}`)
  }

  /**
   * Starts a turn, or steers the running one; resolves with the end of the turn that hears it.
   *
   * @param maxTurns requests to the model that a turn which it starts may make, instead of what the settings say
   */
  async prompt(parts: UserPart[], lane: 'next' | 'later' = 'next', maxTurns?: number): Promise<TurnEnd> {
    const running = this.#running
    if (running) {
      const mayMention = parts[0]?.type === 'text' && /@|^\//.test(parts[0].text)
      const said = mayMention ? await this.#withMentions(parts) : parts
      // The turn may have ended while files were read.
      if (this.#running !== running) return this.prompt(parts, lane, maxTurns)
      this.#steering.add(said, lane)
      return running.end
    }
    this.#services.spending.beginPrompt()
    return this.#start(parts, maxTurns)
  }

  /** Has the model mend what it just did; what that takes counts for the limits of the prompt before. */
  async goOn(parts: UserPart[]): Promise<TurnEnd> {
    return this.#running ? this.prompt(parts) : this.#start(parts)
  }

  #start(parts: UserPart[], maxTurns?: number): Promise<TurnEnd> {
    const controller = new AbortController()
    const end = this.#runTurns(parts, controller.signal, maxTurns).finally(() => {
      this.#running = undefined
    })
    this.#running = { controller, end }
    return end
  }

  /** Puts older messages away now; false when there is too little, or a turn is running. */
  async compact(signal: AbortSignal): Promise<boolean> {
    return this.#running === undefined && this.#services.makeRoom(signal)
  }

  /** A title by the model; undefined when none came, or a turn is running. */
  async suggestTitle(signal: AbortSignal): Promise<string | undefined> {
    return this.#running ? undefined : this.#services.suggestTitle(signal)
  }

  /** What stands for the conversation in lists, instead of its first prompt. */
  setTitle(title: string): Promise<void> {
    return this.#parts.log.setMeta('title', title)
  }

  /** Only the user's own words, which come first, can mention something; what was piped or pasted cannot. */
  async #withMentions([words, ...rest]: readonly UserPart[]): Promise<UserPart[]> {
    if (words?.type !== 'text') return words ? [words, ...rest] : []
    return [...(await this.#parts.withMentions(words.text)), ...rest.map(cutPart)]
  }

  /** Ends the running turn; what waits in the queue is dropped with it and returned. */
  cancel(): UserPart[][] {
    const waiting = this.#steering.clear()
    this.#running?.controller.abort()
    return waiting
  }

  /** Takes a waiting prompt out of the queue. */
  removeQueued(id: string): void {
    this.#steering.remove(id)
  }

  /** Lets a waiting prompt change places with its neighbour in its lane. */
  moveQueued(id: string, by: -1 | 1): void {
    this.#steering.move(id, by)
  }

  /** Empties the queue without ending the turn; what was dropped is returned. */
  clearQueue(): UserPart[][] {
    return this.#steering.clear()
  }

  setMode(mode: TrustMode): Result<void, { message: string }> {
    if (mode === this.#mode) return ok(undefined)
    const allowed = mode === 'auto' ? this.#parts.canUseAuto() : ok(undefined)
    if (!allowed.ok) return fail(allowed.error)
    this.#mode = mode
    this.#parts.onModeChanged(mode)
    this.emit({ type: 'mode', mode })
    return ok(undefined)
  }

  /** Safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.cancel()
    await this.#running?.end
    await this.#parts.onClose()
    await this.#parts.log.close()
  }

  /** One turn, and then one for all that waited in the "later" lane. */
  async #runTurns(first: UserPart[], signal: AbortSignal, maxTurns: number | undefined): Promise<TurnEnd> {
    let parts = first
    while (true) {
      const end = await this.#runOne(parts, signal, parts === first ? maxTurns : undefined)
      const later = [...this.#steering.take('next'), ...this.#steering.take('later')]
      if (later.length === 0 || end.reason === 'cancelled') return end
      parts = later.flat()
      this.#services.spending.beginPrompt()
    }
  }

  async #runOne(parts: UserPart[], signal: AbortSignal, maxTurns: number | undefined): Promise<TurnEnd> {
    const turnId = newId()
    this.#turn = { id: turnId, title: titleOf(parts) }
    this.emit({ type: 'turn_started', turn_id: turnId })
    const ready = this.#parts.beforeTurn(event => this.emit(event))
    const [note, said] = await Promise.all([this.#parts.environmentNote(ready), this.#withMentions(parts), ready])
    // It becomes part of this message for good: a text that changed later would spoil the cached prefix.
    const withNote: UserPart[] = note === '' ? said : [...said, { type: 'text', text: note }]
    const limits = { ...this.#services.limits, ...(maxTurns !== undefined && { maxTurns }) }
    const services = { ...this.#services, limits }
    const end = await runTurn(services, userMessage(withNote, 'typed'), signal).catch(unsavedEnd)
    await this.#services.afterTurn()
    this.emit({ type: 'turn_ended', turn_id: turnId, end })
    return end
  }
}

/** Of what comes beside the words, such as stdin; more would not fit into any usual window beside the work. */
const MAX_PART_CHARS = 200_000

/** What was not saved must not be acted upon, so the turn ends there. */
function unsavedEnd(thrown: unknown): TurnEnd {
  if (thrown instanceof StoreFailure) return { reason: 'store_failed', message: thrown.message }
  throw thrown
}

function cutPart(part: UserPart): UserPart {
  return part.type === 'text' ? { ...part, text: cutMiddle(part.text, MAX_PART_CHARS) } : part
}

function titleOf(parts: readonly UserPart[]): string {
  const text = parts.find(part => part.type === 'text')?.text ?? ''
  return text.trim().split('\n', 1)[0]!.slice(0, 80)
}
