import { Journal } from './journal'
import { frame, frameAgain, type JournalRecord } from './journal-record'
import { isObject } from './json'
import type { SessionSummary } from './messages'
import { generationsOf, readJournal } from './read-journal'

/**
 * One line per session, so that a list of thousands needs one file. Only a shortcut: a session missing here is read from
 * its own journal, and one that is here without a journal is gone.
 */
export class Catalog {
  readonly #path: string
  #journal: Journal | undefined

  constructor(path: string) {
    this.#path = path
  }

  put(summary: SessionSummary): void {
    this.#open().write(frame('summary', summary.id, summary))
  }

  /** The newest line of each session, by id. */
  all(): Map<string, SessionSummary> {
    const records = newest(readJournal(this.#path)?.records ?? []).values()
    // One text is parsed in half the time of ten thousand.
    const bodies = Buffer.concat([...records].flatMap(record => [COMMA, record.body]))
    const values: unknown[] = JSON.parse(`[${bodies.toString('utf8', COMMA.length)}]`)
    return new Map(values.filter(isSummary).map(summary => [summary.id, summary]))
  }

  /** Frees every line about sessions that are gone. */
  remove(ids: ReadonlySet<string>): void {
    if (generationsOf(this.#path).length === 0) return
    this.#open().rewrite(records =>
      [...newest(records)].filter(([id]) => !ids.has(id)).map(([, each]) => frameAgain(each)),
    )
  }

  /** Drops outdated lines when they are most of a large file. */
  compact(): void {
    const journal = this.#open()
    if (journal.size < LARGE_BYTES) return
    const records = readJournal(this.#path)?.records ?? []
    if (newest(records).size * 2 < records.length) this.remove(new Set())
  }

  async close(): Promise<void> {
    await this.#journal?.close()
    this.#journal = undefined
  }

  #open(): Journal {
    this.#journal ??= Journal.openShared(this.#path)
    return this.#journal
  }
}

const LARGE_BYTES = 4_000_000

const COMMA = Buffer.from(',')

function newest(records: readonly JournalRecord[]): Map<string, JournalRecord> {
  return new Map(records.filter(record => record.kind === 'summary').map(record => [record.id, record]))
}

function isSummary(value: unknown): value is SessionSummary {
  if (!isObject(value) || !isObject(value.usage)) return false
  return TEXTS.every(name => typeof value[name] === 'string') && NUMBERS.every(name => typeof value[name] === 'number')
}

const TEXTS = ['id', 'project', 'agent', 'provider', 'model', 'mode', 'title']
const NUMBERS = ['created_at', 'updated_at', 'messages', 'archived_messages', 'archived_bytes', 'bytes']
