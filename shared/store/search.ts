import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { newId } from '#shared/base/ids'
import type { Message } from '#shared/protocol/messages'
import { Blobs } from './blobs'
import { replaceFile } from './durable-files'
import { ifThere, storeFailure } from './failure'
import { PartBuilder, type PartLayout, PartReader } from './index-part'
import type { JournalRecord } from './journal-record'
import { isObject, parseJson } from './json'
import { Lease } from './lease'
import { type StorePaths, sessionBlobs, sessionJournal } from './paths'
import { generationPath, type RecordWindow, readRecord, recordWindows } from './read-journal'
import { snippetAt, textOfEntry } from './recall'
import { decodeMessage, type StoredMessage } from './stored-message'
import { holdsTerm, indexedText, indexedWordsOf, type Term, termsOf, wordsOf } from './words'

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

/** Told while journals are read into the index: bytes of them, so far and altogether. */
export type IndexProgress = (done: number, total: number) => void

/**
 * Words of all sessions, brought up to date when it is asked. It is made of parts, each with the words of some megabytes of
 * text; the text itself stays in the journals. A part is saved when it is full, so who is interrupted goes on from there.
 * Everything in it can be made again: a part that is damaged, or that holds a word of what was deleted, is thrown away.
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
  async search(
    query: string,
    sessions: ReadonlySet<string>,
    all: Generations,
    limit: number,
    onProgress: IndexProgress = () => undefined,
  ): Promise<SearchHit[]> {
    const terms = termsOf(query)
    if (terms.length === 0) return []
    const lock = await this.#lock()
    try {
      for (;;) {
        // Somebody else is busy with it: what is there has to do.
        const parts = lock ? await this.#update(all, onProgress) : this.#parts()
        const found = this.#searchParts(parts, terms, sessions, all, limit)
        if (found.damaged.length === 0 || !lock) return found.hits
        this.#save(parts.filter(part => !found.damaged.includes(part)))
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
      this.#save(this.#parts().filter(part => part.sessions.every(session => session.id !== id)))
    } finally {
      lock?.release()
    }
  }

  async #update(all: Generations, onProgress: IndexProgress): Promise<Part[]> {
    mkdirSync(this.#paths.index, { recursive: true, mode: 0o700 })
    const parts = this.#parts().filter(part =>
      part.sessions.every(({ id, ranges }) => ranges.every(range => range.generation === all.get(id))),
    )
    let missing = this.#missing(parts, all)
    const total = bytesOf(missing)
    const builder = new PartBuilder()
    while (missing.length > 0) {
      const open = parts.findIndex(part => part.bytes < PART_BYTES)
      const old = open < 0 ? undefined : parts.splice(open, 1)[0]
      builder.clear()
      if (old && !this.#addPart(old, builder)) {
        // It is damaged, so what it held is missing too.
        missing = this.#missing(parts, all)
        continue
      }
      const filled = await this.#fillPart({ ...(old ?? EMPTY_PART), builder }, missing, left => {
        onProgress(Math.max(0, total - left), total)
      })
      if (filled) parts.push(filled)
      else if (old) parts.push(old)
      // Only what is being written right now is missing.
      if (!filled) break
      this.#save(parts)
    }
    return parts
  }

  /** Stretches of journals that no part holds. */
  #missing(parts: readonly Part[], all: Generations): Stretch[] {
    const held = new Map<string, Range[]>()
    for (const { id, ranges } of parts.flatMap(part => part.sessions)) {
      held.set(id, [...(held.get(id) ?? []), ...ranges])
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
      if (size > at) gaps.push({ id, generation, from: at, to: size })
      return gaps
    })
  }

  /** A part with as much of what is missing as fits, which is taken off the list; `undefined` when there was nothing to add. */
  async #fillPart(
    begun: Omit<Part, 'file' | 'layout'> & { builder: PartBuilder },
    missing: Stretch[],
    onLeft: (bytes: number) => void,
  ): Promise<Part | undefined> {
    const ranges = new Map(begun.sessions.map(({ id, ranges }) => [id, ranges]))
    const filling: Filling = { builder: begun.builder, bytes: begun.bytes, newest: begun.newest, ranges }
    let isFilled = false
    let left = bytesOf(missing)
    for (let stretch = missing[0]; stretch && filling.bytes < PART_BYTES; stretch = missing[0]) {
      const file = generationPath(sessionJournal(this.#paths, stretch.id), stretch.generation)
      for (const window of recordWindows(file, stretch.from, stretch.to)) {
        this.#addWindow(stretch, window, filling)
        isFilled = true
        stretch.from = window.to
        left -= window.to - window.from
        onLeft(left)
        // A part takes its time: others have a turn in between.
        await setImmediate()
        if (filling.bytes >= PART_BYTES) break
      }
      if (filling.bytes < PART_BYTES || stretch.from === stretch.to) missing.shift()
    }
    if (!isFilled) return undefined
    const { layout, bytes } = filling.builder.encode()
    const file = `${newId()}${PART_SUFFIX}`
    replaceFile(join(this.#paths.index, file), bytes)
    const sessions = [...ranges].map(([id, ranges]) => ({ id, ranges }))
    return { file, layout, bytes: filling.bytes, newest: filling.newest, sessions }
  }

  #addWindow({ id, generation }: Stretch, { records, from, to }: RecordWindow, filling: Filling): void {
    filling.ranges.set(id, joined([...(filling.ranges.get(id) ?? []), { generation, from, to }]))
    const session = [...filling.ranges.keys()].indexOf(id)
    const blobs = new Blobs(sessionBlobs(this.#paths, id))
    for (const record of records) if (record.kind === 'message') addMessage(filling, session, record, blobs)
  }

  /** The newest part first, until no other can hold a newer message than those found. */
  #searchParts(
    parts: readonly Part[],
    terms: readonly Term[],
    sessions: ReadonlySet<string>,
    all: Generations,
    limit: number,
  ): { hits: SearchHit[]; damaged: Part[] } {
    const hits = new Map<string, SearchHit>()
    const damaged: Part[] = []
    const ordered = [...parts].sort((a, b) => b.newest - a.newest)
    let waiting: Row[] = []
    for (const [index, part] of ordered.entries()) {
      const found = this.#searchPart(part, terms, sessions)
      if (!found) damaged.push(part)
      waiting = [...waiting, ...(found ?? [])].sort((a, b) => b.at - a.at)
      const older = ordered[index + 1]?.newest ?? Number.NEGATIVE_INFINITY
      for (let next = waiting[0]; next && next.at >= older; next = waiting[0]) {
        if (hits.size === limit) return { hits: [...hits.values()], damaged }
        waiting.shift()
        const hit = this.#hit(next, terms, all)
        const key = `${next.id} ${hit?.message_id}`
        if (hit && !hits.has(key)) hits.set(key, hit)
      }
    }
    return { hits: [...hits.values()], damaged }
  }

  /** Messages that hold all words, wherever they stand; `undefined` when the part is lost or damaged. */
  #searchPart(part: Part, terms: readonly Term[], sessions: ReadonlySet<string>): Row[] | undefined {
    if (!part.sessions.some(({ id }) => sessions.has(id))) return []
    return this.#read(part, reader => {
      let isFound: Uint8Array | undefined
      for (const { word, isPrefix } of terms.flatMap(indexedWordsOf)) {
        const before = isFound
        isFound = reader.find(word, isPrefix).map((found, place) => found & (before?.[place] ?? 1))
        if (!isFound.includes(1)) return []
      }
      return reader.places().flatMap((place, number): Row[] => {
        const session = part.sessions[place.session]
        const isWanted = isFound?.[number] === 1 && session && sessions.has(session.id)
        return isWanted ? [{ id: session.id, offset: place.offset, at: place.at }] : []
      })
    })
  }

  /** Whether the part could be read. */
  #addPart(part: Part, builder: PartBuilder): boolean {
    const isAdded = this.#read(part, reader => {
      builder.addPart(reader)
      return true
    })
    return isAdded ?? false
  }

  #read<T>(part: Part, use: (reader: PartReader) => T): T | undefined {
    return ifThere(() => PartReader.use(join(this.#paths.index, part.file), part.layout, use))
  }

  #hit({ id, offset, at }: Row, terms: readonly Term[], all: Generations): SearchHit | undefined {
    const generation = all.get(id)
    if (generation === undefined) return undefined
    const record = readRecord(sessionJournal(this.#paths, id), generation, offset)
    const stored = record && readMessage(record, new Blobs(sessionBlobs(this.#paths, id)))
    if (!stored) return undefined
    const text = textOfEntry(stored)
    const files = (stored.changes ?? []).map(change => change.path)
    const phrases = terms.filter(term => term.words.length > 1)
    if (!phrases.every(term => [text, ...files].some(each => holdsTerm(wordsOf(each), term)))) return undefined
    const place = firstMatch(text, terms)
    return {
      session_id: id,
      message_id: stored.message.id,
      role: stored.message.role,
      at,
      snippet: snippetAt(text, place.index, place.length),
      files,
    }
  }

  #parts(): Part[] {
    const value = parseJson(ifThere(() => readFileSync(this.#manifestFile(), 'utf8')) ?? '')
    return isManifest(value) ? value.parts : []
  }

  /** Publishes the parts, then removes everything else, also what another version of kode made. */
  #save(parts: readonly Part[]): void {
    replaceFile(this.#manifestFile(), Buffer.from(JSON.stringify({ schema: INDEX_SCHEMA, parts })))
    const kept = new Set([this.#manifestFile(), ...parts.map(part => join(this.#paths.index, part.file))])
    for (const path of readdirSync(this.#paths.index).map(name => join(this.#paths.index, name))) {
      if (!kept.has(path)) rmSync(path, { force: true })
    }
  }

  #manifestFile(): string {
    return join(this.#paths.index, 'parts.json')
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

/** Raised when the files mean otherwise than before; those of another schema are made again. */
const INDEX_SCHEMA = 2

const PART_SUFFIX = '.words'

/** Characters of text in one part. While it is filled its words take several times as much memory. */
const PART_BYTES = 2_000_000

/** Of a message beside its text. */
const PLACE_BYTES = 24

/** Of one message; a log of a hundred megabytes is found by its beginning. */
const INDEXED_CHARACTERS = 200_000

interface Part {
  file: string
  layout: PartLayout
  /** Of text. */
  bytes: number
  /** When the latest of its messages was saved. */
  newest: number
  /** What of which journal is in here; a place names its session by the number in this list. */
  sessions: { id: string; ranges: Range[] }[]
}

const EMPTY_PART = { bytes: 0, newest: 0, sessions: [] }

interface Range {
  generation: number
  from: number
  to: number
}

interface Stretch extends Range {
  id: string
}

/** A part while it is made. */
interface Filling extends Pick<Part, 'bytes' | 'newest'> {
  builder: PartBuilder
  ranges: Map<string, Range[]>
}

interface Row {
  id: string
  offset: number
  at: number
}

function addMessage(filling: Filling, session: number, record: JournalRecord, blobs: Blobs): void {
  const stored = readMessage(record, blobs)
  if (!stored) return
  const files = (stored.changes ?? []).map(change => change.path)
  const text = [textOfEntry(stored).slice(0, INDEXED_CHARACTERS), ...files].join('\n')
  filling.builder.add({ session, offset: record.offset, at: stored.at }, indexedText(text))
  filling.bytes += text.length + PLACE_BYTES
  filling.newest = Math.max(filling.newest, stored.at)
}

function bytesOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from, 0)
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

/** Where the first word that was looked for stands in a text. */
function firstMatch(text: string, terms: readonly Term[]): { index: number; length: number } {
  const word = terms[0]?.words[0] ?? ''
  const found = new RegExp(word, 'iu').exec(text)
  return { index: found?.index ?? 0, length: found ? word.length : 0 }
}

function isManifest(value: unknown): value is { schema: number; parts: Part[] } {
  return isObject(value) && value.schema === INDEX_SCHEMA && Array.isArray(value.parts) && value.parts.every(isPart)
}

function isPart(value: unknown): value is Part {
  return (
    isObject(value) &&
    typeof value.file === 'string' &&
    typeof value.bytes === 'number' &&
    typeof value.newest === 'number' &&
    isObject(value.layout) &&
    Array.isArray(value.sessions)
  )
}
