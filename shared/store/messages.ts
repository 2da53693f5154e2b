import { newId } from '#shared/base/ids'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Message, UserMessage } from '#shared/protocol/messages'
import { Blobs } from './blobs'
import {
  Conversation,
  type HistoryEntry,
  planRepair,
  type RecordKind,
  SESSION_SCHEMA,
  type SessionHeader,
} from './conversation'
import { isWritten, StoreFailure, storeFailure } from './failure'
import { Journal } from './journal'
import { frame } from './journal-record'
import { Lease } from './lease'
import { type StorePaths, sessionBlobs, sessionJournal, sessionLease } from './paths'
import { readJournal } from './read-journal'
import { encodeMessage, type MessageDetails } from './stored-message'
import { addRequest, type RequestUsage, type SessionUsage, type UsageTotal } from './usage'

/** One line of the list of sessions. */
export interface SessionSummary extends SessionHeader {
  /** Set by the model or the user; until then the beginning of the first prompt. */
  title: string
  updated_at: number
  /** Sent to the model; archived ones are counted apart. */
  messages: number
  archived_messages: number
  archived_bytes: number
  usage: UsageTotal
  /** Size of the journal when this was written. */
  bytes: number
}

/** Where a session is kept; absent for one that leaves nothing on the disk. */
export interface SessionDisk {
  paths: StorePaths
  /** Told when a line of the list changed. */
  onSummary(summary: SessionSummary): void
  onClose(): void
}

/**
 * One session, run by this process: its messages in order, and what is known beside them. The journal and the lease are
 * made with the first record, so a session that was never used leaves nothing behind.
 */
export class SessionLog {
  readonly header: SessionHeader
  readonly #conversation: Conversation
  readonly #disk: SessionDisk | undefined
  readonly #blobs: Blobs
  readonly #now: () => number
  #journal: Journal | undefined
  #lease: Lease | undefined
  /** Of a reply, not written yet. */
  #piece: { id: string; text: string } | undefined
  #pieceTimer: NodeJS.Timeout | undefined
  /** Its line in the list is as new as its journal. */
  #isListed = true

  private constructor(parts: LogParts) {
    this.header = parts.header
    this.#conversation = parts.conversation
    this.#disk = parts.disk
    this.#now = parts.now
    this.#blobs = new Blobs(parts.disk ? sessionBlobs(parts.disk.paths, parts.header.id) : '')
    this.#journal = parts.journal
    this.#lease = parts.lease
  }

  /** A new session. Nothing is written yet. Without a disk it stays in memory for good. */
  static begin(header: SessionHeader, disk: SessionDisk | undefined, now: () => number): SessionLog {
    const conversation = new Conversation()
    conversation.header = header
    conversation.updatedAt = header.created_at
    return new SessionLog({ header, conversation, disk, now })
  }

  /** A session whose journal was read and whose lease this process holds. */
  static resume(parts: Required<LogParts>): SessionLog {
    return new SessionLog(parts)
  }

  get id(): string {
    return this.header.id
  }

  /** What is sent to the model, in order; the same objects as were appended. */
  messages(): Message[] {
    return this.#conversation.messages()
  }

  /**
   * Adds a message, or replaces the one of the same id. Resolves when it is on the disk.
   * Throws `StoreFailure`; the message is then not part of the session, and may be appended again.
   */
  async append(message: Message, details: MessageDetails = {}): Promise<void> {
    const { fullText, ...small } = details
    const kept = { at: this.#now(), message, ...small }
    const stored = fullText === undefined ? kept : { ...kept, fullText }
    this.#write('message', message.id, this.#disk ? encodeMessage(stored, this.#blobs) : stored)
    this.#dropPiece()
    this.#conversation.add(this.#disk ? kept : stored)
    this.#announce()
    await this.#journal?.sync()
  }

  /**
   * Takes the next piece of a reply that is still coming, so that its text outlives a crash: written a moment later, and not
   * synced, so a power cut may take it. The finished message, appended with the same id, replaces all pieces.
   */
  draft(messageId: string, text: string): void {
    if (!this.#disk) return
    if (this.#piece?.id === messageId) this.#piece.text += text
    else this.#piece = { id: messageId, text }
    this.#pieceTimer ??= setTimeout(() => this.#writePiece(), WRITE_PIECES_EVERY_MS).unref()
  }

  #writePiece(): void {
    const piece = this.#piece
    this.#dropPiece()
    if (!piece) return
    // That the disk takes nothing is said by the finished message.
    isWritten(this.id, () => this.#write('draft', piece.id, { at: this.#now(), text: piece.text }))
  }

  #dropPiece(): void {
    clearTimeout(this.#pieceTimer)
    this.#pieceTimer = undefined
    this.#piece = undefined
  }

  /** Puts messages away for compaction. They stay searchable until they are purged. */
  async archive(ids: readonly string[], summary?: UserMessage): Promise<void> {
    const at = this.#now()
    const wanted = new Set(ids)
    const live = this.messages()
    const first = live.findIndex(message => wanted.has(message.id))
    const before = first < 0 ? undefined : live.slice(first).find(message => !wanted.has(message.id))?.id
    // The first prompt, which stands for a title, may be among them.
    if (summary && this.meta('title') === undefined) await this.setMeta('title', this.summary().title)
    this.#write('archive', summary?.id ?? newId(at), { at, ids, summary, before })
    this.#conversation.archive({ at, ids, summary, before })
    if (this.#disk) this.#conversation.dropArchived()
    this.#announce()
    await this.#journal?.sync()
  }

  /** Remembers something of the session: its title, mode, todo list, owned files. Any JSON value. */
  async setMeta(key: string, value: unknown): Promise<void> {
    this.#conversation.meta.set(key, value)
    // An unused session has nothing to be remembered for; the first message brings what was set before it.
    if (this.#disk && !this.#journal) return
    this.#write('meta', '-', { key, value })
    if (key === 'title' || key === 'mode' || key === 'model') this.#announce()
    await this.#journal?.sync()
  }

  /** As `setMeta`, for who does not wait; where the disk takes nothing, the next message says so. */
  noteMeta(key: string, value: unknown): void {
    this.setMeta(key, value).catch((thrown: unknown) => storeFailure(thrown, this.id))
  }

  meta(key: string): unknown {
    return this.#conversation.meta.get(key)
  }

  /** Adds what a request took. Synced with the next message. */
  addUsage(request: RequestUsage): void {
    this.#write('usage', newId(this.#now()), request)
    addRequest(this.#conversation.usage, request)
  }

  usage(): SessionUsage {
    return this.#conversation.usage
  }

  /** All messages, archived ones too. */
  history(): HistoryEntry[] {
    if (!this.#disk || !this.#journal) return this.#conversation.entries
    const content = readJournal(sessionJournal(this.#disk.paths, this.id), this.#journal.generation)
    return content ? Conversation.whole(content.records, this.#blobs).entries : []
  }

  /** The session's line in the list. */
  summary(): SessionSummary {
    return summaryOf(this.#conversation, this.header, this.#journal?.size ?? 0)
  }

  /**
   * Gives every call that a crash left without a result an `interrupted` one, puts results without a call away, and ends
   * replies that were cut. Returns how many of each.
   */
  async repair(): Promise<{ interrupted: number; orphans: number; unfinished: number }> {
    const unfinished = this.#conversation.unfinished
    if (unfinished) await this.append(unfinished)
    const { missing, orphans } = planRepair(this.messages())
    for (const { after, message } of missing) {
      const stored = { at: this.#now(), message, after }
      this.#write('message', message.id, this.#disk ? encodeMessage(stored, this.#blobs) : stored)
      this.#conversation.add(stored)
    }
    if (orphans.length > 0) await this.archive(orphans)
    else await this.#journal?.sync()
    return { interrupted: missing.length, orphans: orphans.length, unfinished: unfinished ? 1 : 0 }
  }

  /** Ends this process's hold on the session. */
  async close(): Promise<void> {
    if (this.#journal) {
      this.#writePiece()
      this.#announce()
      this.#disk?.onClose()
    }
    // Who added what cannot be saved was told.
    await this.#journal?.close().catch((thrown: unknown) => storeFailure(thrown, this.id))
    if (this.#isListed) this.#lease?.release()
    else this.#lease?.abandon()
  }

  #write(kind: RecordKind, id: string, value: unknown): void {
    if (!this.#disk) return
    const record = frame(kind, id, value)
    if (this.#journal) this.#journal.write(record)
    else this.#begin(this.#disk, record)
  }

  #begin(disk: SessionDisk, first: Buffer): void {
    const taken = Lease.take(sessionLease(disk.paths, this.id))
    if (taken.kind === 'held') {
      throw new StoreFailure('exists', disk.paths.sessions, `Session ${this.id} is in use by process ${taken.by.pid}.`)
    }
    try {
      const header = frame('session', this.id, { schema: SESSION_SCHEMA, ...this.header })
      const meta = [...this.#conversation.meta].map(([key, value]) => frame('meta', '-', { key, value }))
      const path = sessionJournal(disk.paths, this.id)
      this.#journal = Journal.create(path, true, Buffer.concat([header, ...meta, first]))
      this.#lease = taken.lease
    } catch (thrown) {
      taken.lease.release()
      throw thrown
    }
  }

  #announce(): void {
    const disk = this.#journal && this.#disk
    if (disk) this.#isListed = isWritten(this.id, () => disk.onSummary(this.summary()))
  }
}

interface LogParts {
  header: SessionHeader
  conversation: Conversation
  disk: SessionDisk | undefined
  now: () => number
  journal?: Journal
  lease?: Lease
}

/** A conversation as one line of the list. */
export function summaryOf(conversation: Conversation, header: SessionHeader, bytes: number): SessionSummary {
  const { meta, entries, usage } = conversation
  return {
    ...header,
    model: textOr(meta.get('model'), header.model),
    mode: modeOr(meta.get('mode'), header.mode),
    title: textOr(meta.get('title'), titleFrom(entries)),
    updated_at: conversation.updatedAt,
    messages: conversation.liveCount(),
    archived_messages: conversation.archivedCount,
    archived_bytes: conversation.archivedBytes,
    usage: usage.total,
    bytes,
  }
}

/** So much of a reply a crash may take. */
const WRITE_PIECES_EVERY_MS = 200

/** Characters of the first prompt that stand for a title. */
const TITLE_LENGTH = 80

function titleFrom(entries: readonly HistoryEntry[]): string {
  for (const { message, archivedAt } of entries) {
    if (archivedAt !== undefined || message.role !== 'user' || message.origin !== 'typed') continue
    // The user's own words come first; what stands behind them is context.
    const words = message.parts.find(part => part.type === 'text')
    // Asked for with every message, so a long prompt is not read to its end.
    const text = words?.text.trimStart().slice(0, 10 * TITLE_LENGTH) ?? ''
    return [...text.replace(/\s+/g, ' ').trim()].slice(0, TITLE_LENGTH).join('')
  }
  return ''
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

function modeOr(value: unknown, otherwise: TrustMode): TrustMode {
  return value === 'plan' || value === 'safe' || value === 'auto' ? value : otherwise
}
