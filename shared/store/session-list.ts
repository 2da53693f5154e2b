import { readdirSync, statSync } from 'node:fs'
import { fail, ok, type Result } from '#shared/base/result'
import { Blobs } from './blobs'
import type { Catalog } from './catalog'
import { archivedIds, Conversation, type SessionHeader } from './conversation'
import { ifThere, isWritten } from './failure'
import type { JournalRecord } from './journal-record'
import { holderOf, LEASE_NAME } from './lease'
import { type SessionSummary, summaryOf } from './messages'
import { type StorePaths, sessionBlobs, sessionJournal, sessionLease } from './paths'
import { generationPath, generationsOf, readJournal, recordWindows } from './read-journal'
import { type SessionProblem, unknownSession } from './session-problem'

/** A line of the list, and whether a living process runs the session right now. */
export interface ListedSession extends SessionSummary {
  running: boolean
}

/** Which sessions there are: a line for each, from the catalog where that is as new as the session's journal. */
export class SessionList {
  readonly #paths: StorePaths
  readonly #now: () => number
  readonly #catalog: Catalog

  constructor(paths: StorePaths, catalog: Catalog, now: () => number) {
    this.#paths = paths
    this.#catalog = catalog
    this.#now = now
  }

  /** The one used last first, those of sub-agents too; of one project or of all. */
  all(project?: string): ListedSession[] {
    const known = this.#catalog.all()
    const leased = this.#leasedIds()
    return this.#ids()
      .map(id => {
        const running = leased.has(id) && holderOf(sessionLease(this.#paths, id)) !== undefined
        const summary = known.get(id)
        // Who runs it keeps its line up to date; after a crash the end of the journal may be newer.
        const isCurrent = summary && (running || !leased.has(id) || summary.bytes === this.#journalSize(id))
        const line = isCurrent ? summary : this.#summarize(id, summary)
        // A copy of each of ten thousand would take a fifth of the time.
        return line && Object.assign(line, { running })
      })
      .filter(each => each !== undefined)
      .filter(each => project === undefined || each.project === project)
      .sort((a, b) => b.updated_at - a.updated_at || (a.id < b.id ? 1 : -1))
  }

  /** The full id that an id or its beginning stands for. */
  find(idOrPrefix: string, project?: string): Result<string, SessionProblem> {
    const ids = this.#ids()
    if (ids.includes(idOrPrefix)) return ok(idOrPrefix)
    const fitting = idOrPrefix === '' ? [] : ids.filter(id => id.startsWith(idOrPrefix))
    const [only] = fitting
    if (only === undefined) return fail(unknownSession(idOrPrefix))
    if (fitting.length === 1) return ok(only)
    const [here, ...others] = project === undefined ? [] : this.all(project).filter(each => fitting.includes(each.id))
    if (here && others.length === 0) return ok(here.id)
    const message = `${fitting.length} sessions begin with "${idOrPrefix}". Give more of the id.`
    return fail({ kind: 'ambiguous', message, ids: fitting })
  }

  /** The newest generation of each session. */
  generations(): Map<string, number> {
    const newest = new Map<string, number>()
    for (const name of ifThere(() => readdirSync(this.#paths.sessions)) ?? []) {
      // No id holds a dot.
      const [id = '', generation, suffix] = name.split('.')
      if (suffix === 'log') newest.set(id, Math.max(newest.get(id) ?? 0, Number(generation)))
    }
    return newest
  }

  /** What is known of a session whose first record is damaged. */
  headerOf(id: string): SessionHeader {
    const known = this.#catalog.all().get(id)
    if (known) {
      const { project, agent, provider, model, mode, created_at } = known
      return { id, project, agent, provider, model, mode, created_at }
    }
    return { id, project: '', agent: '', provider: '', model: '', mode: 'safe', created_at: this.#now() }
  }

  #ids(): string[] {
    return [...this.generations().keys()]
  }

  #leasedIds(): Set<string> {
    const names = ifThere(() => readdirSync(this.#paths.leases)) ?? []
    return new Set(names.flatMap(name => LEASE_NAME.exec(name)?.[1] ?? []))
  }

  #journalSize(id: string): number | undefined {
    const path = sessionJournal(this.#paths, id)
    const stat = statSync(generationPath(path, 1), { throwIfNoEntry: false })
    if (stat) return stat.size
    const generation = generationsOf(path).at(-1)
    return generation === undefined
      ? undefined
      : statSync(generationPath(path, generation), { throwIfNoEntry: false })?.size
  }

  #summarize(id: string, known: SessionSummary | undefined): SessionSummary | undefined {
    const path = sessionJournal(this.#paths, id)
    const generations = generationsOf(path)
    const [generation] = generations
    if (generation === undefined) return undefined
    const records = () => recordsIn(generationPath(path, generation))
    // What a crash left of a rewrite is only sorted out by who reads it whole.
    const conversation =
      generations.length > 1
        ? Conversation.live(readJournal(path)?.records ?? [], new Blobs(sessionBlobs(this.#paths, id)))
        : Conversation.outline(records(), archivedIds(records()), new Blobs(sessionBlobs(this.#paths, id)))
    const bytes = this.#journalSize(id) ?? 0
    const summary = summaryOf(conversation, conversation.header ?? known ?? this.headerOf(id), bytes)
    // On a disk that takes nothing it is read again next time.
    isWritten(this.#paths.catalog, () => this.#catalog.put(summary))
    return summary
  }
}

function* recordsIn(file: string): Generator<JournalRecord, void> {
  for (const { records } of recordWindows(file, 0, Number.POSITIVE_INFINITY)) yield* records
}
