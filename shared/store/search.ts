import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Database } from 'sql.js'
import { newId } from '#shared/base/ids'
import type { Message } from '#shared/protocol/messages'
import { Blobs } from './blobs'
import { withDatabase } from './database'
import { ifThere, storeFailure } from './failure'
import { generationPath, type JournalRecord, readRecord, readWhole, replaceFile, scanJournal } from './journal'
import { isObject, parseJson } from './json'
import { Lease } from './lease'
import { INDEX_STEPS } from './migrations'
import { type StorePaths, sessionBlobs, sessionJournal } from './paths'
import { snippetAt, textOfEntry } from './recall'
import { decodeMessage, type StoredMessage } from './stored-message'

/** A message that says what was looked for. */
export interface SearchHit {
  session_id: string
  message_id: string
  role: Message['role']
  /** Milliseconds since 1970. */
  at: number
  snippet: string
  /** Files its call touched. */
  files: string[]
}

/** The newest generation of each session's journal. */
export type Generations = ReadonlyMap<string, number>

/**
 * Full text over all sessions, brought up to date when it is asked. It is made of parts, each a SQLite file with the words of
 * some megabytes of text, so that a search holds one of them at a time. Everything in it can be made again from the
 * journals: a part that is damaged, or that holds a word of what was deleted, is thrown away.
 */
export class SearchIndex {
  readonly #paths: StorePaths

  constructor(paths: StorePaths) {
    this.#paths = paths
  }

  /**
   * Messages that hold all words of the query, newest first. Words match from their beginning; `"several words"` match
   * as they stand.
   *
   * @param sessions where to look
   * @param all every session there is: the index holds no other
   */
  async search(query: string, sessions: ReadonlySet<string>, all: Generations, limit: number): Promise<SearchHit[]> {
    const match = matchFor(query)
    if (match === '') return []
    const lock = await this.#lock()
    try {
      for (;;) {
        // Somebody else is busy with it: what is there has to do.
        const manifest = lock ? await this.#update(all) : this.#manifest()
        const hits: SearchHit[] = []
        const damaged: Part[] = []
        for (const part of manifest.parts) {
          const found = await this.#searchPart(part, match, sessions, all, limit)
          if (found) hits.push(...found)
          else damaged.push(part)
        }
        if (damaged.length > 0 && lock) {
          this.#save(manifest.parts.filter(part => !damaged.includes(part)))
          continue
        }
        const once = new Map(hits.map(hit => [`${hit.session_id} ${hit.message_id}`, hit]))
        return [...once.values()].sort((a, b) => b.at - a.at).slice(0, limit)
      }
    } finally {
      lock?.release()
    }
  }

  /** Removes every word of a session. */
  async forget(id: string): Promise<void> {
    if (!ifThere(() => statSync(this.#paths.index))) return
    const lock = await this.#lock()
    try {
      const manifest = this.#manifest()
      this.#save(manifest.parts.filter(part => !(id in part.sessions)))
    } finally {
      lock?.release()
    }
  }

  async #update(all: Generations): Promise<Manifest> {
    mkdirSync(this.#paths.index, { recursive: true, mode: 0o700 })
    const parts = this.#manifest().parts.filter(part =>
      Object.entries(part.sessions).every(([id, ranges]) => ranges.every(range => range.generation === all.get(id))),
    )
    let missing = this.#missing(parts, all)
    while (missing.length > 0) {
      const open = parts.findIndex(part => part.bytes < PART_BYTES)
      const part = open < 0 ? { file: '', crc32: 0, bytes: 0, sessions: {} } : parts.splice(open, 1)[0]
      if (!part) break
      const filled = await this.#fillPart(part, missing)
      if (!filled) {
        // Only what is being written right now is missing.
        if (part.file !== '') parts.push(part)
        break
      }
      parts.push(filled)
      this.#save(parts)
      missing = this.#missing(parts, all)
    }
    return { parts }
  }

  /** Stretches of journals that no part holds. */
  #missing(parts: readonly Part[], all: Generations): Stretch[] {
    const held = new Map<string, Range[]>()
    for (const part of parts) {
      for (const [id, ranges] of Object.entries(part.sessions)) held.set(id, [...(held.get(id) ?? []), ...ranges])
    }
    return [...all].flatMap(([id, generation]) => {
      const file = generationPath(sessionJournal(this.#paths, id), generation)
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
      const ranges = (held.get(id) ?? []).sort((a, b) => a.from - b.from)
      const gaps: Stretch[] = []
      let at = 0
      for (const { from, to } of ranges) {
        if (from > at) gaps.push({ id, generation, from: at, to: from })
        at = Math.max(at, to)
      }
      // What is being written right now is not all there yet.
      if (size > at) gaps.push({ id, generation, from: at, to: size })
      return gaps
    })
  }

  async #fillPart(part: Part, missing: readonly Stretch[]): Promise<Part | undefined> {
    const old = this.#readPart(part)
    const filled: Part = { file: `${newId()}.sqlite`, crc32: 0, bytes: 0, sessions: {} }
    if (old) {
      filled.bytes = part.bytes
      filled.sessions = structuredClone(part.sessions)
    }
    let isFilled = false
    const bytes = await withDatabase(INDEX_STEPS, old, database => {
      database.run('BEGIN')
      for (const stretch of missing) {
        if (filled.bytes >= PART_BYTES) break
        if (this.#addStretch(database, stretch, filled)) isFilled = true
      }
      database.run('COMMIT')
      return isFilled ? database.export() : undefined
    })
    if (!bytes) return undefined
    filled.crc32 = crc32(bytes)
    replaceFile(join(this.#paths.index, filled.file), bytes)
    return filled
  }

  /** Returns whether there was anything to add. */
  #addStretch(database: Database, { id, generation, from, to }: Stretch, part: Part): boolean {
    const file = generationPath(sessionJournal(this.#paths, id), generation)
    const blobs = new Blobs(sessionBlobs(this.#paths, id))
    let at = from
    let step = WINDOW_BYTES
    while (at < to && part.bytes < PART_BYTES) {
      const end = Math.min(to, at + step)
      const scan = scanJournal(ifThere(() => readWhole(file, at, end)) ?? Buffer.alloc(0))
      if (scan.records.length === 0) {
        if (end === to) break
        // One record longer than the window.
        step *= 2
        continue
      }
      for (const record of scan.records) {
        if (record.kind === 'message') part.bytes += addMessage(database, id, at, record, blobs)
      }
      at += scan.end
      step = WINDOW_BYTES
    }
    if (at > from) part.sessions[id] = joined([...(part.sessions[id] ?? []), { generation, from, to: at }])
    return at > from
  }

  /** `undefined` when the part is lost or damaged. */
  #readPart(part: Part): Buffer | undefined {
    if (part.file === '') return undefined
    const bytes = ifThere(() => readFileSync(join(this.#paths.index, part.file)))
    return bytes && crc32(bytes) === part.crc32 ? bytes : undefined
  }

  /** `undefined` when the part is lost or damaged. */
  async #searchPart(
    part: Part,
    match: string,
    sessions: ReadonlySet<string>,
    all: Generations,
    limit: number,
  ): Promise<SearchHit[] | undefined> {
    if (!Object.keys(part.sessions).some(id => sessions.has(id))) return []
    const bytes = this.#readPart(part)
    if (!bytes) return undefined
    const rows = await withDatabase(INDEX_STEPS, bytes, database => {
      const found: Row[] = []
      const statement = database.prepare(FIND)
      statement.bind([match])
      while (found.length < limit && statement.step()) {
        const [id, offset, at] = statement.get()
        if (typeof id === 'string' && sessions.has(id)) found.push({ id, offset: Number(offset), at: Number(at) })
      }
      statement.free()
      return found
    })
    return rows.flatMap(row => this.#hit(row, match, all) ?? [])
  }

  #hit({ id, offset, at }: Row, match: string, all: Generations): SearchHit | undefined {
    const generation = all.get(id)
    if (generation === undefined) return undefined
    const record = readRecord(sessionJournal(this.#paths, id), generation, offset)
    const stored = record && readMessage(record, new Blobs(sessionBlobs(this.#paths, id)))
    if (!stored) return undefined
    const text = textOfEntry(stored)
    const place = firstMatch(text, match)
    return {
      session_id: id,
      message_id: stored.message.id,
      role: stored.message.role,
      at,
      snippet: snippetAt(text, place.index, place.length),
      files: (stored.changes ?? []).map(change => change.path),
    }
  }

  #manifest(): Manifest {
    const value = parseJson(ifThere(() => readFileSync(this.#manifestFile(), 'utf8')) ?? '')
    return isManifest(value) ? { parts: value.parts } : { parts: [] }
  }

  /** Publishes the parts, then removes the files of all others. */
  #save(parts: readonly Part[]): void {
    replaceFile(this.#manifestFile(), Buffer.from(JSON.stringify({ schema: INDEX_STEPS.length, parts })))
    const kept = new Set(parts.map(part => part.file))
    for (const name of readdirSync(this.#paths.index)) {
      if (name.endsWith('.sqlite') && !kept.has(name)) rmSync(join(this.#paths.index, name), { force: true })
    }
  }

  /** Of its own for each schema: an older and a newer kode on one machine each keep theirs. */
  #manifestFile(): string {
    return join(this.#paths.index, `parts-${INDEX_STEPS.length}.json`)
  }

  async #lock(): Promise<Lease | undefined> {
    for (const until = Date.now() + LOCK_WAIT_MS; ; ) {
      try {
        const taken = Lease.take(join(this.#paths.leases, LOCK_NAME))
        if (taken.kind === 'taken') return taken.lease
      } catch (thrown) {
        // On a read-only disk what is there has to do.
        const failure = storeFailure(thrown, this.#paths.leases)
        if (failure.kind === 'read-only' || failure.kind === 'denied') return undefined
        throw failure
      }
      if (Date.now() > until) return undefined
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

/** No session id begins with a dot. */
const LOCK_NAME = '.index'
const LOCK_WAIT_MS = 5000

/** Text in one part. A search holds one at a time: about three times as much memory. */
const PART_BYTES = 8_000_000

/** Read at a time. */
const WINDOW_BYTES = 4_000_000

/** Of one message; a log of a hundred megabytes is found by its beginning. */
const INDEXED_CHARACTERS = 200_000

const FIND = `SELECT places.session_id, places.offset, places.at FROM words JOIN places ON places.rowid = words.docid
  WHERE words MATCH ? ORDER BY places.at DESC`

interface Manifest {
  parts: Part[]
}

interface Part {
  file: string
  crc32: number
  /** Of text. */
  bytes: number
  /** By session id: what of its journal is in here. */
  sessions: Record<string, Range[]>
}

interface Range {
  generation: number
  from: number
  to: number
}

interface Stretch extends Range {
  id: string
}

interface Row {
  id: string
  offset: number
  at: number
}

function addMessage(database: Database, id: string, base: number, record: JournalRecord, blobs: Blobs): number {
  const stored = readMessage(record, blobs)
  if (!stored) return 0
  const text = spaced(textOfEntry(stored).slice(0, INDEXED_CHARACTERS))
  const files = (stored.changes ?? []).map(change => change.path).join('\n')
  database.run('INSERT INTO places (session_id, offset, at) VALUES (?, ?, ?)', [id, base + record.offset, stored.at])
  database.run('INSERT INTO words (docid, text, files) VALUES (last_insert_rowid(), ?, ?)', [text, files])
  return text.length + files.length
}

function readMessage(record: JournalRecord, blobs: Blobs): StoredMessage | undefined {
  return decodeMessage(parseJson(record.body.toString()), blobs, true)
}

/** Ranges in order, those that touch made one. */
function joined(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => a.from - b.from)
  const kept: Range[] = []
  for (const range of sorted) {
    const last = kept.at(-1)
    if (last && last.to >= range.from) last.to = Math.max(last.to, range.to)
    else kept.push({ ...range })
  }
  return kept
}

/** Scripts written without blanks: each character counts as a word, and a query for several is one for the phrase. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g

function spaced(text: string): string {
  return text.replace(UNSPACED, ' $& ')
}

/** The words of a query, in the language of FTS4: all of them, each from its beginning, quoted ones as they stand. */
function matchFor(query: string): string {
  return [...query.matchAll(/"([^"]+)"|([^\s"]+)/g)]
    .map(
      ([, phrase, word]) =>
        spaced(phrase ?? word ?? '')
          .replace(/[^\p{L}\p{N}\p{M}\s]/gu, ' ')
          .trim()
          .replace(/\s+/g, ' ') + (phrase ? '' : '*'),
    )
    .filter(term => /[\p{L}\p{N}]/u.test(term))
    .map(term => `"${term}"`)
    .join(' ')
}

/** Where the first word that was looked for stands in a text. */
function firstMatch(text: string, match: string): { index: number; length: number } {
  const [word = ''] = /[\p{L}\p{N}\p{M}]+/u.exec(match) ?? []
  const found = new RegExp(word, 'iu').exec(text)
  return { index: found?.index ?? 0, length: found ? word.length : 0 }
}

function isManifest(value: unknown): value is { schema: number; parts: Part[] } {
  return (
    isObject(value) && value.schema === INDEX_STEPS.length && Array.isArray(value.parts) && value.parts.every(isPart)
  )
}

function isPart(value: unknown): value is Part {
  return (
    isObject(value) &&
    typeof value.file === 'string' &&
    typeof value.crc32 === 'number' &&
    typeof value.bytes === 'number' &&
    isObject(value.sessions)
  )
}
