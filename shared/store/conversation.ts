import type { TrustMode } from '#shared/protocol/approvals'
import type { AssistantMessage, Message, ToolMessage } from '#shared/protocol/messages'
import type { Blobs } from './blobs'
import type { JournalRecord } from './journal-record'
import { isObject } from './json'
import { decodeMessage, type StoredMessage } from './stored-message'
import { addRequest, decodeUsage, type SessionUsage, sumUsage } from './usage'

/** What a session is, fixed when it is created. */
export interface SessionHeader {
  id: string
  /** Absolute path of the project. */
  project: string
  agent: string
  provider: string
  model: string
  mode: TrustMode
  /** Milliseconds since 1970. */
  created_at: number
  forked_from?: string
  /** Id of the session that this one works for: a sub-agent's. */
  parent?: string
}

/** A message with its place in the history. */
export interface HistoryEntry extends StoredMessage {
  /** When compaction put it away; absent while it is sent to the model. */
  archivedAt?: number
}

/** Messages put away, and the summary that stands for them. */
export interface Archiving {
  at: number
  ids: readonly string[]
  summary?: Message | undefined
  before?: string | undefined
}

/** The records of a session's journal. */
export type RecordKind = 'session' | 'message' | 'draft' | 'archive' | 'meta' | 'usage'

/** Raised when an older program could misread what a newer one writes; see migrations.ts. */
export const SESSION_SCHEMA = 1

/** A session's journal, folded: what was said, in order, and what is known beside it. */
export class Conversation {
  header: SessionHeader | undefined
  /** Of the program that wrote the journal. */
  schema = SESSION_SCHEMA
  /** Archived messages too, when they were asked for. */
  entries: HistoryEntry[] = []
  archivedCount = 0
  archivedBytes = 0
  updatedAt = 0
  readonly meta = new Map<string, unknown>()
  readonly usage: SessionUsage = sumUsage([])
  /** Valid records of unknown contents. */
  unreadable = 0
  #isWhole = false
  #isOutline = false
  /** Archived messages that were not read. */
  readonly #putAway = new Set<string>()
  /** Of an outline: messages of which no more is known. */
  readonly #counted = new Set<string>()
  /** Pieces of the last reply, as long as nothing was said after them. */
  #draft: { id: string; text: string } | undefined
  readonly #places = new Map<string, HistoryEntry>()
  /** Messages that are sent, so that a step of a long conversation does not go through all of it; absent until asked for. */
  #sent: Message[] | undefined
  readonly #usageIds = new Set<string>()

  /** What the agent needs: archived messages are counted, but not read, and outputs come as the model saw them. */
  static live(records: readonly JournalRecord[], blobs: Blobs): Conversation {
    const conversation = new Conversation()
    const archived = archivedIds(records)
    for (const record of records) conversation.#readLive(record, archived, blobs)
    return conversation
  }

  /** What the list needs: as `live`, but of all messages only the one that may be its title, so that they cost no memory. */
  static outline(records: Iterable<JournalRecord>, archived: ReadonlyMap<string, number>, blobs: Blobs): Conversation {
    const conversation = new Conversation()
    conversation.#isOutline = true
    for (const record of records) conversation.#readLive(record, archived, blobs)
    return conversation
  }

  #readLive(record: JournalRecord, archived: ReadonlyMap<string, number>, blobs: Blobs): void {
    const isMessage = record.kind === 'message' || record.kind === 'draft'
    if (!isMessage || !archived.has(record.id)) {
      this.read(record, blobs)
    } else if (record.kind === 'message') {
      if (!this.#putAway.has(record.id)) this.archivedCount++
      this.#putAway.add(record.id)
      this.archivedBytes += record.body.length
    }
  }

  /** Everything. */
  static whole(records: readonly JournalRecord[], blobs: Blobs): Conversation {
    const conversation = new Conversation()
    conversation.#isWhole = true
    for (const record of records) conversation.read(record, blobs)
    return conversation
  }

  /** Messages that are sent to the model, in order. */
  messages(): Message[] {
    return this.#live().slice()
  }

  /** How many messages are sent to the model. */
  liveCount(): number {
    return this.#counted.size + this.#live().length
  }

  #live(): Message[] {
    this.#sent ??= this.entries.filter(entry => entry.archivedAt === undefined).map(entry => entry.message)
    return this.#sent
  }

  /** The last reply, when its end never came: what was said of it. Its calls never ran. */
  get unfinished(): AssistantMessage | undefined {
    if (!this.#draft || this.#draft.text.trim() === '') return undefined
    const { id, text } = this.#draft
    return { role: 'assistant', id, parts: [{ type: 'text', text }], model: this.header?.model ?? '', stop: 'cut' }
  }

  add(entry: HistoryEntry): void {
    this.updatedAt = Math.max(this.updatedAt, entry.at)
    // A reply that was asked for again has its pieces before it.
    this.#draft = undefined
    const known = this.#places.get(entry.message.id)
    if (known) {
      Object.assign(known, entry)
      this.#sent = undefined
      return
    }
    this.#places.set(entry.message.id, entry)
    const behind = entry.after === undefined ? undefined : this.#places.get(entry.after)
    if (behind) {
      this.entries.splice(this.entries.indexOf(behind) + 1, 0, entry)
      this.#sent = undefined
    } else {
      this.entries.push(entry)
      this.#sent?.push(entry.message)
    }
  }

  /** Puts messages away; a summary is inserted before a message that stays, or at the end. */
  archive({ at, ids, summary, before }: Archiving): void {
    this.#sent = undefined
    const wanted = new Set(ids)
    for (const entry of this.entries) {
      if (!wanted.has(entry.message.id) || entry.archivedAt !== undefined) continue
      entry.archivedAt = at
      this.archivedCount++
      this.archivedBytes += Buffer.byteLength(JSON.stringify(entry.message))
    }
    this.updatedAt = Math.max(this.updatedAt, at)
    if (!summary || this.#places.has(summary.id)) return
    const next = this.entries.findIndex(entry => entry.message.id === before)
    const entry: HistoryEntry = { at, message: summary }
    this.entries.splice(next < 0 ? this.entries.length : next, 0, entry)
    this.#places.set(summary.id, entry)
  }

  /** Forgets what was archived, to give its memory back. */
  dropArchived(): void {
    for (const entry of this.entries) if (entry.archivedAt !== undefined) this.#places.delete(entry.message.id)
    this.entries = this.entries.filter(entry => entry.archivedAt === undefined)
  }

  /** Takes one more record of the journal. */
  read(record: JournalRecord, blobs: Blobs): void {
    const value: unknown = JSON.parse(record.body.toString())
    const isRead = isObject(value) && this.#readValue(record.kind, record.id, value, blobs)
    if (!isRead && record.kind !== 'rewritten') this.unreadable++
  }

  #readValue(kind: string, id: string, value: Record<string, unknown>, blobs: Blobs): boolean {
    if (kind === 'session') {
      this.schema = typeof value.schema === 'number' ? value.schema : 0
      this.header = decodeHeader(value) ?? this.header
      return this.header !== undefined
    }
    if (kind === 'draft' && typeof value.at === 'number' && typeof value.text === 'string') {
      const before = this.#draft?.id === id ? this.#draft.text : ''
      this.#draft = { id, text: before + value.text }
      return true
    }
    if (kind === 'message') {
      if (this.#isOutline && !this.#mayBeTitle(value)) return this.#count(id, value.at)
      const stored = decodeMessage(this.#isOutline ? withoutImages(value) : value, blobs, this.#isWhole)
      if (stored) this.add(stored)
      return stored !== undefined
    }
    if (kind === 'archive' && typeof value.at === 'number' && isTexts(value.ids)) {
      const summary =
        value.summary === undefined ? undefined : decodeMessage({ at: value.at, message: value.summary }, blobs, false)
      const before = typeof value.before === 'string' ? value.before : undefined
      this.archive({ at: value.at, ids: value.ids, summary: summary?.message, before })
      return true
    }
    if (kind === 'meta' && typeof value.key === 'string') {
      this.meta.set(value.key, value.value)
      return true
    }
    if (kind === 'usage') {
      const usage = decodeUsage(value)
      if (usage && !this.#usageIds.has(id)) addRequest(this.usage, usage)
      this.#usageIds.add(id)
      return usage !== undefined
    }
    return false
  }

  /** Only the first prompt may. */
  #mayBeTitle({ message }: Record<string, unknown>): boolean {
    const isTyped = (each: unknown) => isObject(each) && each.origin === 'typed'
    return isTyped(message) && !this.entries.some(entry => isTyped(entry.message))
  }

  #count(id: string, at: unknown): boolean {
    if (typeof at !== 'number') return false
    this.updatedAt = Math.max(this.updatedAt, at)
    if (!this.#places.has(id)) this.#counted.add(id)
    return true
  }
}

/** A stored prompt without its images, which nobody has to read. */
function withoutImages(value: Record<string, unknown>): Record<string, unknown> {
  const { at, message } = value
  if (!isObject(message) || !Array.isArray(message.parts)) return value
  const parts = message.parts.filter(part => isObject(part) && part.type === 'text')
  return { at, message: { ...message, parts } }
}

/** Ids that the records put away. */
export function archivedIds(records: Iterable<JournalRecord>): Map<string, number> {
  const ids = new Map<string, number>()
  for (const record of records) {
    if (record.kind !== 'archive') continue
    const value: unknown = JSON.parse(record.body.toString())
    if (!isObject(value) || !isTexts(value.ids) || typeof value.at !== 'number') continue
    for (const id of value.ids) if (!ids.has(id)) ids.set(id, value.at)
  }
  return ids
}

/** What has to be added so that every call has exactly one result, and every result a call. */
export interface Repair {
  /** Results for calls that a crash left without one, each to stand behind a message. */
  missing: { after: string; message: ToolMessage }[]
  /** Results whose call is lost. */
  orphans: string[]
}

/** Finds calls without results and results without calls among the messages that are sent. */
export function planRepair(messages: readonly Message[]): Repair {
  const repair: Repair = { missing: [], orphans: [] }
  let open = new Map<string, string>()
  let last = ''
  const close = () => {
    for (const [callId, name] of open) {
      const id = `${last}-interrupted-${callId}`
      repair.missing.push({
        after: last,
        message: { role: 'tool', id, call_id: callId, name, text: INTERRUPTED, status: 'interrupted' },
      })
      last = id
    }
    open = new Map()
  }
  for (const message of messages) {
    if (message.role === 'assistant') {
      close()
      for (const part of message.parts) if (part.type === 'tool_call') open.set(part.id, part.name)
      last = message.id
    } else if (message.role === 'tool') {
      if (open.delete(message.call_id)) last = message.id
      else repair.orphans.push(message.id)
    }
  }
  close()
  return repair
}

const INTERRUPTED =
  'Interrupted: kode was stopped before this call returned. It may have run in part. Look at the present state before you repeat it.'

function decodeHeader(value: Record<string, unknown>): SessionHeader | undefined {
  const { id, project, agent, provider, model, mode, created_at, forked_from, parent } = value
  if (typeof id !== 'string' || typeof project !== 'string' || typeof agent !== 'string') return undefined
  if (typeof provider !== 'string' || typeof model !== 'string' || typeof created_at !== 'number') return undefined
  if (mode !== 'plan' && mode !== 'safe' && mode !== 'auto') return undefined
  return {
    id,
    project,
    agent,
    provider,
    model,
    mode,
    created_at,
    ...(typeof forked_from === 'string' && { forked_from }),
    ...(typeof parent === 'string' && { parent }),
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}
