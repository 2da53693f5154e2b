import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '#shared/base/cancel'
import { newId } from '#shared/base/ids'
import { fail, ok, type Result } from '#shared/base/result'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Message } from '#shared/protocol/messages'
import { Blobs } from './blobs'
import { Catalog } from './catalog'
import { archivedIds, Conversation, SESSION_SCHEMA, type SessionHeader } from './conversation'
import { makeFolder, replaceFile } from './durable-files'
import type { ReadSession } from './export'
import { ifThere, isWritten, type StoreFailure, storeFailure } from './failure'
import { finishInterruptedRewrite, Journal } from './journal'
import { frame, frameAgain, type JournalRecord, scanJournal } from './journal-record'
import { isObject, parseJson } from './json'
import { holderOf, Lease, removeLeases } from './lease'
import { SessionLog, type SessionSummary, summaryOf } from './messages'
import { type StorePaths, sessionBlobs, sessionJournal, sessionLease, storePaths } from './paths'
import { generationPath, generationsOf, type JournalContent, readJournal, readWhole } from './read-journal'
import { type IndexProgress, type SearchHit, SearchIndex } from './search'
import { type ListedSession, SessionList } from './session-list'
import { newerSchema, ownedSession, type SessionProblem, unknownSession } from './session-problem'
import { blobsOf } from './stored-message'

export interface NewSession {
  /** Absolute path. */
  project: string
  agent: string
  provider: string
  model: string
  mode: TrustMode
  /** Given by the user; a new one otherwise. */
  id?: string
  /** Nothing on the disk, ever. */
  isEphemeral?: boolean
  /** Id of the session whose messages it begins with. */
  forkedFrom?: string
  /** Id of the session that it works for. */
  parent?: string
}

export interface OpenedSession {
  log: SessionLog
  /** What a crash had left: calls without a result, results without a call, replies without an end. */
  repaired: { interrupted: number; orphans: number; unfinished: number }
  /** Damage found in the file; told once, since the file is sound afterwards. */
  damage?: { records: number; bytes: number; backup: string }
}

/** A message that was found, and where. */
export interface FoundMessage extends SearchHit {
  project: string
  title: string
}

export interface Purged {
  sessions: number
  messages: number
  bytes_freed: number
  /** Sessions that a living process runs; left alone. */
  skipped: string[]
}

/**
 * Opens the store, making its folder (mode 0700) where it is missing. Cheap: nothing of what it holds is read.
 *
 * @param options.folder such as ~/.config/kode/db
 * @param options.now milliseconds since 1970
 */
export function openStore(options: {
  folder: string
  now: () => number
}): Result<Store, StoreFailure | SessionProblem> {
  const paths = storePaths(options.folder)
  try {
    makeFolder(paths.sessions)
    makeFolder(paths.leases)
    const found = ifThere(() => readFileSync(paths.schema, 'utf8'))
    if (found === undefined) replaceFile(paths.schema, Buffer.from(JSON.stringify({ schema: STORE_SCHEMA })))
    const schema = found === undefined ? STORE_SCHEMA : schemaFrom(found)
    if (schema > STORE_SCHEMA) return fail(newerSchema(`The store ${paths.folder}`, schema))
  } catch (thrown) {
    return fail(storeFailure(thrown, paths.folder))
  }
  return ok(new Store(paths, options.now))
}

/** Raised when the files lie or mean otherwise than before. */
const STORE_SCHEMA = 1

/** Everything kode remembers of its sessions. Any number of processes may use one folder at the same time. */
export class Store {
  readonly paths: StorePaths
  readonly #now: () => number
  readonly #catalog: Catalog
  readonly #list: SessionList
  readonly #index: SearchIndex

  constructor(paths: StorePaths, now: () => number) {
    this.paths = paths
    this.#now = now
    this.#catalog = new Catalog(paths.catalog)
    this.#list = new SessionList(paths, this.#catalog, now)
    this.#index = new SearchIndex(paths)
  }

  /** A new session, run by this process. Nothing is written before its first message. */
  createSession(wanted: NewSession): Result<SessionLog, SessionProblem> {
    const { id = newId(this.#now()), isEphemeral = false, forkedFrom, ...rest } = wanted
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id)) {
      const message = 'A session id consists of letters, digits, - and _, at most 100.'
      return fail({ kind: 'unknown', message })
    }
    if (!isEphemeral && wanted.id !== undefined && generationsOf(sessionJournal(this.paths, id)).length > 0) {
      return fail({ kind: 'exists', message: `Session ${id} exists. Resume it with --resume ${id}.` })
    }
    const created_at = this.#now()
    const header: SessionHeader = { id, ...rest, created_at, ...(forkedFrom && { forked_from: forkedFrom }) }
    return ok(SessionLog.begin(header, isEphemeral ? undefined : this.#disk(), this.#now))
  }

  /**
   * Opens a session for this process to run, by its id or the beginning of it, and mends what a crash left.
   *
   * @param project decides between several that begin so
   */
  async openSession(idOrPrefix: string, project?: string): Promise<Result<OpenedSession, SessionProblem>> {
    const found = this.#list.find(idOrPrefix, project)
    if (!found.ok) return found
    const id = found.value
    const taken = Lease.take(sessionLease(this.paths, id))
    if (taken.kind === 'held') return fail(ownedSession(id, taken.by))
    try {
      const opened = await this.#openOwned(id, taken.lease)
      if (!opened.ok) taken.lease.release()
      return opened
    } catch (thrown) {
      taken.lease.release()
      throw storeFailure(thrown, sessionJournal(this.paths, id))
    }
  }

  /** A new session that begins with all of another's messages; the other one stays as it is. */
  async forkSession(
    idOrPrefix: string,
    wanted: Pick<NewSession, 'project' | 'id' | 'isEphemeral'>,
    before?: string,
  ): Promise<Result<SessionLog, SessionProblem>> {
    const read = this.readSession(idOrPrefix, wanted.project)
    if (!read.ok) return read
    const { header, meta } = read.value
    const cut = read.value.entries.findIndex(entry => entry.message.id === before)
    const entries = cut < 0 ? read.value.entries : read.value.entries.slice(0, cut)
    const { agent, provider, model, mode } = header
    const created = this.createSession({ ...wanted, agent, provider, model, mode, forkedFrom: header.id })
    if (!created.ok) return created
    const log = created.value
    for (const [key, value] of meta) await log.setMeta(key, value)
    for (const { message, fullText, changes } of entries) {
      await log.append(message, { ...(fullText !== undefined && { fullText }), ...(changes && { changes }) })
    }
    // What was put away together with the message it ends before is summed up behind it: here it is said in full.
    const wholeFrom = read.value.entries[cut]?.archivedAt ?? Number.POSITIVE_INFINITY
    const archived = entries.filter(entry => entry.archivedAt !== undefined && entry.archivedAt < wholeFrom)
    if (archived.length > 0) await log.archive(archived.map(entry => entry.message.id))
    await log.repair()
    return created
  }

  /** The session used last in a project. */
  lastSession(project: string): ListedSession | undefined {
    return this.listSessions(project)[0]
  }

  /** Sessions of users, the one used last first; of one project or of all. */
  listSessions(project?: string): ListedSession[] {
    return this.#list.all(project).filter(each => each.parent === undefined)
  }

  /** Sessions of the sub-agents that a session started, the one used last first. */
  listSubSessions(parent: string): ListedSession[] {
    return this.#list.all().filter(each => each.parent === parent)
  }

  /** The full id that an id or its beginning stands for. */
  findSession(idOrPrefix: string, project?: string): Result<string, SessionProblem> {
    return this.#list.find(idOrPrefix, project)
  }

  /** Everything a session's journal says, archived messages too. Does not take the session from who runs it. */
  readSession(idOrPrefix: string, project?: string): Result<ReadSession, SessionProblem> {
    const found = this.#list.find(idOrPrefix, project)
    if (!found.ok) return found
    const content = readJournal(sessionJournal(this.paths, found.value))
    if (!content) return fail(unknownSession(idOrPrefix))
    const schema = schemaOf(content.records)
    if (schema > SESSION_SCHEMA) return fail(newerSchema(`Session ${found.value}`, schema))
    const conversation = Conversation.whole(content.records, this.#blobs(found.value))
    const { unfinished } = conversation
    if (unfinished) conversation.add({ at: conversation.updatedAt, message: unfinished })
    const header = conversation.header ?? this.#list.headerOf(found.value)
    return ok(Object.assign(conversation, { header }))
  }

  /**
   * Messages of any session that hold all words of a query, newest first. Words match from their beginning, quoted ones
   * as they stand; the paths of changed files count as words too. What was said since the last search is indexed first.
   */
  async search(
    query: string,
    options: { project?: string; limit?: number; onProgress?: IndexProgress } = {},
  ): Promise<FoundMessage[]> {
    const { project, limit = 50, onProgress } = options
    const sessions = new Map(this.#list.all(project).map(each => [each.id, each]))
    const ids = new Set(sessions.keys())
    const hits = await this.#index.search(query, ids, this.#list.generations(), limit, onProgress)
    return hits.map(hit => {
      const session = sessions.get(hit.session_id)
      return { ...hit, project: session?.project ?? '', title: session?.title ?? '' }
    })
  }

  /** The messages of a session, then those another process adds to it, as they are saved; until nobody runs it any more. */
  async *followSession(id: string, signal: AbortSignal): AsyncGenerator<Message> {
    const path = sessionJournal(this.paths, id)
    const seen = new Set<string>()
    let generation: number | undefined
    let read = 0
    while (!signal.aborted) {
      // Asked before it is read: what its process saved last is seen all the same.
      const isRunning = holderOf(sessionLease(this.paths, id)) !== undefined
      const newest = this.#list.generations().get(id)
      if (newest === undefined) return
      if (newest !== generation) read = 0
      generation = newest
      const scan = scanJournal(ifThere(() => readWhole(generationPath(path, newest), read)) ?? Buffer.alloc(0))
      read += scan.end
      for (const { message } of Conversation.live(scan.records, this.#blobs(id)).entries) {
        if (!seen.has(message.id)) yield message
        seen.add(message.id)
      }
      if (!isRunning) return
      await sleep(FOLLOW_EVERY_MS, signal)
    }
  }

  /** A session as JSON or Markdown text, or as a standard SQLite file. */
  async exportSession(
    idOrPrefix: string,
    format: 'json' | 'markdown' | 'sqlite',
    project?: string,
  ): Promise<Result<Uint8Array, SessionProblem>> {
    const read = this.readSession(idOrPrefix, project)
    if (!read.ok) return read
    const { exportAsData, exportAsMarkdown, exportAsSqlite } = await import('./export')
    if (format === 'json') return ok(Buffer.from(`${JSON.stringify(exportAsData(read.value), null, 2)}\n`))
    if (format === 'markdown') return ok(Buffer.from(exportAsMarkdown(read.value)))
    return ok(await exportAsSqlite(read.value))
  }

  /** Removes a session with everything about it. */
  async deleteSession(
    idOrPrefix: string,
    project?: string,
  ): Promise<Result<{ id: string; bytes_freed: number }, SessionProblem>> {
    const found = this.#list.find(idOrPrefix, project)
    if (!found.ok) return found
    const id = found.value
    const path = sessionJournal(this.paths, id)
    const taken = Lease.take(sessionLease(this.paths, id))
    if (taken.kind === 'held') return fail(ownedSession(id, taken.by))
    try {
      const children = this.listSubSessions(id)
      const files = generationsOf(path).map(generation => generationPath(path, generation))
      let bytes_freed = this.#blobs(id).keepOnly(new Set()) + (await this.#forgetCopies(id))
      for (const file of files) bytes_freed += statSync(file, { throwIfNoEntry: false })?.size ?? 0
      for (const file of files) rmSync(file, { force: true })
      rmSync(sessionBlobs(this.paths, id), { recursive: true, force: true })
      this.#catalog.remove(new Set([id]))
      for (const child of children) {
        const deleted = await this.deleteSession(child.id)
        if (deleted.ok) bytes_freed += deleted.value.bytes_freed
      }
      return ok({ id, bytes_freed })
    } catch (thrown) {
      throw storeFailure(thrown, path)
    } finally {
      taken.lease.release()
      removeLeases(sessionLease(this.paths, id))
    }
  }

  /**
   * Removes archived messages for good, and gives their bytes back. What is sent to the model stays.
   *
   * @param options.olderThanMs only those archived longer ago
   */
  async purge(options: { olderThanMs?: number; project?: string } = {}): Promise<Purged> {
    const until = this.#now() - (options.olderThanMs ?? 0)
    const purged: Purged = { sessions: 0, messages: 0, bytes_freed: 0, skipped: [] }
    for (const { id } of this.#list.all(options.project).filter(each => each.archived_messages > 0)) {
      const taken = Lease.take(sessionLease(this.paths, id))
      if (taken.kind === 'held') {
        purged.skipped.push(id)
        continue
      }
      try {
        const freed = await this.#purgeSession(id, until)
        if (freed.messages === 0) continue
        purged.sessions++
        purged.messages += freed.messages
        purged.bytes_freed += freed.bytes
      } finally {
        taken.lease.release()
      }
    }
    return purged
  }

  /** Ends this process's use of the store. Sessions are closed by whoever opened them. */
  async close(): Promise<void> {
    await this.#catalog.close()
  }

  async #openOwned(id: string, lease: Lease): Promise<Result<OpenedSession, SessionProblem>> {
    const path = sessionJournal(this.paths, id)
    const content = readJournal(path)
    if (!content) return fail(unknownSession(id))
    const schema = schemaOf(content.records)
    if (schema > SESSION_SCHEMA) return fail(newerSchema(`Session ${id}`, schema))
    finishInterruptedRewrite(path)
    const journal = Journal.open(path, true)
    if (!journal) return fail(unknownSession(id))
    const conversation = Conversation.live(content.records, this.#blobs(id))
    const header = conversation.header ?? this.#list.headerOf(id)
    const damage = this.#mend(id, journal, content, header)
    const log = SessionLog.resume({ header, conversation, disk: this.#disk(), now: this.#now, journal, lease })
    const repaired = await log.repair()
    return ok({ log, repaired, ...(damage && { damage }) })
  }

  /** Cuts off a torn end; replaces a damaged file by what is whole in it, and keeps the old one beside. */
  #mend(id: string, journal: Journal, content: JournalContent, header: SessionHeader): OpenedSession['damage'] {
    if (content.damaged.length === 0) {
      if (content.isTorn) journal.cutAt(content.end)
      return undefined
    }
    makeFolder(this.paths.damaged)
    const backup = join(this.paths.damaged, `${id}.${newId(this.#now())}.log`)
    copyFileSync(journal.file, backup)
    chmodSync(backup, 0o600)
    const hasHeader = content.records.some(record => record.kind === 'session')
    const lost = hasHeader ? [] : [frame('session', id, { schema: SESSION_SCHEMA, ...header })]
    journal.rewrite(records => [...lost, ...records.map(frameAgain)])
    const bytes = content.damaged.reduce((sum, { from, to }) => sum + to - from, 0)
    return { records: content.damaged.length, bytes, backup }
  }

  async #purgeSession(id: string, until: number): Promise<{ messages: number; bytes: number }> {
    const path = sessionJournal(this.paths, id)
    finishInterruptedRewrite(path)
    const content = readJournal(path)
    const journal = Journal.open(path, true)
    if (!content || !journal) return { messages: 0, bytes: 0 }
    try {
      if (schemaOf(content.records) > SESSION_SCHEMA) return { messages: 0, bytes: 0 }
      const archived = archivedIds(content.records)
      const gone = new Set([...archived].filter(([, at]) => at <= until).map(([each]) => each))
      const messages = content.records.filter(record => record.kind === 'message' && gone.has(record.id)).length
      if (messages === 0) return { messages: 0, bytes: 0 }
      journal.rewrite(records => withoutMessages(records, gone))
      const copiesBytes = await this.#forgetCopies(id)
      const kept = readJournal(path)?.records ?? []
      const blobs = this.#blobs(id)
      const freedBytes = blobs.keepOnly(new Set(kept.flatMap(each => blobsOf(JSON.parse(each.body.toString())))))
      const conversation = Conversation.live(kept, blobs)
      this.#catalog.put(summaryOf(conversation, conversation.header ?? this.#list.headerOf(id), journal.size))
      return { messages, bytes: copiesBytes + freedBytes + content.bytes - journal.size }
    } finally {
      await journal.close()
    }
  }

  /**
   * Removes copies of a session's text outside its journal: backups of damaged files, whose bytes are returned, and the words
   * in the search index, which is made again without them.
   */
  async #forgetCopies(id: string): Promise<number> {
    await this.#index.forget(id)
    let freedBytes = 0
    for (const name of ifThere(() => readdirSync(this.paths.damaged)) ?? []) {
      if (!name.startsWith(`${id}.`)) continue
      const path = join(this.paths.damaged, name)
      freedBytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0
      rmSync(path, { force: true })
    }
    return freedBytes
  }

  #disk() {
    return {
      paths: this.paths,
      onSummary: (summary: SessionSummary) => this.#catalog.put(summary),
      onClose: () => void isWritten(this.paths.catalog, () => this.#catalog.compact()),
    }
  }

  #blobs(id: string): Blobs {
    return new Blobs(sessionBlobs(this.paths, id))
  }
}

const FOLLOW_EVERY_MS = 200

/** The records without some messages, and without summaries that are among them. */
function withoutMessages(records: readonly JournalRecord[], gone: ReadonlySet<string>): Buffer[] {
  return records
    .filter(record => !(gone.has(record.id) && (record.kind === 'message' || record.kind === 'draft')))
    .map(record => {
      if (record.kind !== 'archive' || !gone.has(record.id)) return frameAgain(record)
      const value: unknown = JSON.parse(record.body.toString())
      return isObject(value) ? frame('archive', record.id, { ...value, summary: undefined }) : frameAgain(record)
    })
}

function schemaOf(records: readonly JournalRecord[]): number {
  const first = records.find(record => record.kind === 'session')
  return first ? schemaFrom(first.body.toString()) : SESSION_SCHEMA
}

function schemaFrom(json: string): number {
  const value = parseJson(json)
  return isObject(value) && typeof value.schema === 'number' ? value.schema : 0
}
