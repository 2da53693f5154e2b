import { newId } from '#shared/base/ids'
import { Journal } from './journal'
import { frame, frameAgain } from './journal-record'
import { isObject, parseJson } from './json'
import type { StorePaths } from './paths'
import { readJournal } from './read-journal'

/** What the user typed at the prompt, for the arrow keys and the search in it. Shared by all processes. */
export class InputHistory {
  readonly #path: string
  #journal: Journal | undefined

  constructor(paths: StorePaths) {
    this.#path = paths.history
  }

  /** Remembers a prompt. Throws `StoreFailure`. */
  add(project: string, text: string, now: number): void {
    this.#journal ??= Journal.openShared(this.#path)
    this.#journal.write(frame('input', newId(now), { project, text, at: now }))
    if (this.#journal.size < LARGE_BYTES) return
    this.#journal.rewrite(records => {
      let keptBytes = 0
      const tooOld = records.findLastIndex(record => {
        keptBytes += record.body.length
        return keptBytes > LARGE_BYTES / 2
      })
      return records.slice(tooOld + 1).map(frameAgain)
    })
  }

  /** The newest first, each text once; of one project or of all. */
  list(options: { project?: string; limit?: number } = {}): string[] {
    const texts = new Set<string>()
    const records = readJournal(this.#path)?.records ?? []
    for (const record of records.reverse()) {
      const value = parseJson(record.body.toString())
      if (!isObject(value) || typeof value.text !== 'string') continue
      if (options.project === undefined || options.project === value.project) texts.add(value.text)
      if (texts.size === (options.limit ?? LISTED)) break
    }
    return [...texts]
  }

  /** Forgets everything. */
  clear(): void {
    this.#journal ??= Journal.openShared(this.#path)
    this.#journal.rewrite(() => [])
  }

  async close(): Promise<void> {
    await this.#journal?.close()
    this.#journal = undefined
  }
}

const LISTED = 1000

/** Cut to the newer half when it has grown so far; a long prompt is about a kilobyte. */
const LARGE_BYTES = 4_000_000
