import { messageOf } from '#shared/base/message-of'
import { fail, ok, type Result } from '#shared/base/result'
import type { KodePaths } from '#shared/config/paths'
import type { TrustMode } from '#shared/protocol/approvals'
import { EXIT, type Failure } from '#shared/protocol/exit-codes'
import { StoreFailure } from '#shared/store/failure'
import type { InputHistory } from '#shared/store/history'
import type { SessionLog } from '#shared/store/messages'
import type { ListedSession } from '#shared/store/session-list'
import type { FoundMessage, OpenedSession, Store } from '#shared/store/sessions'
import type { OpenModel } from './open-model'

/** Which conversation to open; a new one when nothing is said. */
export interface WantedSession {
  /** Id or unique prefix of an earlier session. */
  resume?: string
  /** Goes on with the last session of this project. */
  continueLast?: boolean
  /** For a new session, instead of one of our own making. */
  id?: string
  /** Leaves nothing on the disk. */
  isEphemeral?: boolean
  /** With `resume` or `continueLast`: goes on in a copy; the session itself stays as it is. */
  isFork?: boolean
  /** With `isFork`: the copy ends before the message with this id. */
  before?: string
}

/** What a new conversation is noted with. */
export interface SessionStart {
  agent: string
  provider: string
  model: string
  mode: TrustMode
}

/** The session that a sub-agent's conversation is kept in. */
export interface WantedLog {
  /** Of the caller. */
  parent: string
  /** An earlier one of the same caller. */
  resume?: string
  agent: string
  model: OpenModel
  mode: TrustMode
}

/** The conversations and prompts kept of one project; the store is opened at first use. */
export class ProjectSessions {
  readonly #root: string
  readonly #paths: KodePaths
  readonly #now: () => number
  readonly #log: (text: string) => void
  /** Ids of sessions that leave nothing on the disk. */
  readonly #ephemeral = new Set<string>()
  #store: Store | undefined
  #history: InputHistory | undefined

  /** @param log takes what goes wrong and stops nothing */
  constructor(root: string, paths: KodePaths, now: () => number, log: (text: string) => void) {
    this.#root = root
    this.#paths = paths
    this.#now = now
    this.#log = log
  }

  async open(wanted: WantedSession, start: SessionStart): Promise<Result<OpenedLog, Failure>> {
    try {
      const store = await this.#open()
      return store.ok ? await this.#openIn(store.value, wanted, start) : store
    } catch (thrown) {
      if (thrown instanceof StoreFailure) return fail({ message: thrown.message, exitCode: thrown.exitCode })
      throw thrown
    }
  }

  /** A new conversation of a sub-agent, or an earlier one that its caller goes on with. An error is for the model. */
  async openSub({ parent, resume, agent, model, mode }: WantedLog): Promise<Result<SessionLog, string>> {
    const store = await this.#open()
    if (!store.ok) return fail(store.error.message)
    if (resume === undefined) {
      const { model: name, providerName: provider } = model
      const isEphemeral = this.#ephemeral.has(parent)
      const created = this.#create(store.value, { agent, provider, model: name, mode }, { parent, isEphemeral })
      return created.ok ? created : fail(created.error.message)
    }
    const found = store.value.listSubSessions(parent).find(each => each.id.startsWith(resume))
    if (!found) return fail(`you started no agent with the session_id "${resume}"`)
    if (found.agent !== agent) return fail(`session ${resume} is one of "${found.agent}", not of "${agent}"`)
    const resumed = await store.value.openSession(found.id)
    return resumed.ok ? ok(resumed.value.log) : fail(resumed.error.message)
  }

  /** Newest first. */
  async list(): Promise<Result<ListedSession[], Failure>> {
    const store = await this.#open()
    return store.ok ? ok(store.value.listSessions(this.#root)) : store
  }

  /** Messages that hold all words of a query, newest first. */
  async search(query: string): Promise<Result<FoundMessage[], Failure>> {
    const store = await this.#open()
    return store.ok ? ok(await store.value.search(query, { project: this.#root })) : store
  }

  /** Gives a conversation that no other process runs another title. */
  async rename(id: string, title: string): Promise<Result<void, Failure>> {
    const store = await this.#open()
    if (!store.ok) return store
    const opened = await store.value.openSession(id, this.#root)
    if (!opened.ok) return fail({ message: opened.error.message, exitCode: EXIT.failed })
    await opened.value.log.setMeta('title', title)
    await opened.value.log.close()
    return ok(undefined)
  }

  /** For good; refused while a process runs it. */
  async delete(id: string): Promise<Result<void, Failure>> {
    const store = await this.#open()
    if (!store.ok) return store
    const deleted = await store.value.deleteSession(id)
    return deleted.ok ? ok(undefined) : fail({ message: deleted.error.message, exitCode: EXIT.failed })
  }

  /** What was typed at prompts of this project, the newest first. */
  async inputs(): Promise<string[]> {
    return (await this.#openHistory()).list({ project: this.#root })
  }

  /** Keeps a prompt for the history; a history that cannot be written is no reason to stop. */
  async rememberInput(text: string): Promise<void> {
    const history = await this.#openHistory()
    try {
      history.add(this.#root, text, this.#now())
    } catch (error) {
      this.#log(`input history: ${messageOf(error)}`)
    }
  }

  async close(): Promise<void> {
    await this.#store?.close()
    await this.#history?.close()
  }

  async #openIn(store: Store, wanted: WantedSession, start: SessionStart): Promise<Result<OpenedLog, Failure>> {
    const { id, isEphemeral = false } = wanted
    const last = wanted.continueLast ? store.lastSession(this.#root)?.id : undefined
    const earlier = wanted.resume ?? last
    if (earlier === undefined) {
      const created = this.#create(store, start, { isEphemeral, ...(id && { id }) })
      return created.ok ? ok({ log: created.value }) : fail({ message: created.error.message, exitCode: EXIT.usage })
    }
    if (wanted.isFork) {
      const place = { project: this.#root, isEphemeral, ...(id && { id }) }
      const forked = await store.forkSession(earlier, place, wanted.before)
      return forked.ok ? ok({ log: forked.value }) : fail({ message: forked.error.message, exitCode: EXIT.usage })
    }
    const resumed = await store.openSession(earlier, this.#root)
    return resumed.ok ? resumed : fail({ message: resumed.error.message, exitCode: EXIT.usage })
  }

  #create(store: Store, start: SessionStart, place: { id?: string; parent?: string; isEphemeral: boolean }) {
    const created = store.createSession({ project: this.#root, ...start, ...place })
    if (created.ok && place.isEphemeral) this.#ephemeral.add(created.value.id)
    return created
  }

  async #open(): Promise<Result<Store, Failure>> {
    if (this.#store) return ok(this.#store)
    const { openStore } = await import('#shared/store/sessions')
    const store = openStore({ folder: this.#paths.db, now: this.#now })
    if (!store.ok) return fail({ message: store.error.message, exitCode: EXIT.usage })
    this.#store = store.value
    return store
  }

  async #openHistory(): Promise<InputHistory> {
    if (!this.#history) {
      const [{ InputHistory }, { storePaths }] = await Promise.all([
        import('#shared/store/history'),
        import('#shared/store/paths'),
      ])
      this.#history = new InputHistory(storePaths(this.#paths.db))
    }
    return this.#history
  }
}

type OpenedLog = Pick<OpenedSession, 'log' | 'damage'>
