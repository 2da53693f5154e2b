import * as v from 'valibot'
import type { FileSystem } from '#shared/host/host'
import { recalledReport } from './kept-calls'
import type { Proposal, Proposals } from './proposals'

const side = v.object({ sha256: v.string(), size: v.number() })

const proposal = v.object({
  id: v.string(),
  root: v.string(),
  title: v.string(),
  landedIn: v.optional(v.array(v.string())),
  gates: v.optional(v.unknown()),
  files: v.array(
    v.object({
      path: v.string(),
      before: v.optional(v.string()),
      proposed: v.optional(v.string()),
      after: v.optional(v.string()),
      decision: v.picklist(['open', 'accepted', 'rejected']),
      acceptedHunks: v.array(v.string()),
      binary: v.exactOptional(v.object({ before: v.exactOptional(side), after: v.exactOptional(side) })),
    }),
  ),
})

/** Keeps what waits for review in the workspace's storage, so that it outlives the window and a crash. */
export class PendingStore {
  readonly #folder: string
  readonly #files: FileSystem
  /** States that wait to be written, by proposal; a newer one takes the place of an older. Undefined: to be removed. */
  readonly #waiting = new Map<string, string | undefined>()
  #writing: Promise<void> | undefined

  /** @param folder absolute */
  constructor(folder: string, files: FileSystem) {
    this.#folder = folder
    this.#files = files
  }

  /** What an earlier run of the editor left behind, oldest first. */
  async load(): Promise<Proposal[]> {
    const entries = await this.#files.list(this.#folder)
    if (!entries.ok) return []
    const names = entries.value.map(entry => entry.name).filter(name => name.endsWith('.json'))
    const loaded = await Promise.all(names.sort().map(name => this.#read(name)))
    return loaded.filter(each => each !== undefined)
  }

  /** Follows the proposals from now on. */
  follow(proposals: Proposals): () => void {
    return proposals.onChange(({ kind, proposal }) => {
      const text =
        kind === 'removed'
          ? undefined
          : JSON.stringify(proposal, (_, value) => (value instanceof Set ? [...value] : value))
      this.#waiting.set(proposal.id, text)
      this.#writing ??= this.#writeAll()
    })
  }

  /** Resolves once everything so far is on the disk. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** One write after the other. */
  async #writeAll(): Promise<void> {
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const [id, text] = next
      this.#waiting.delete(id)
      await this.#write(id, text)
    }
    this.#writing = undefined
  }

  async #write(id: string, text: string | undefined): Promise<void> {
    const path = `${this.#folder}/${id}.json`
    if (text === undefined) await this.#files.remove(path)
    else await this.#files.replace(path, new TextEncoder().encode(text))
  }

  async #read(name: string): Promise<Proposal | undefined> {
    const bytes = await this.#files.read(`${this.#folder}/${name}`)
    if (!bytes.ok) return undefined
    const parsed = v.safeParse(proposal, parseJson(new TextDecoder().decode(bytes.value)))
    if (!parsed.success) return undefined
    const files = parsed.output.files.map(file => ({
      path: file.path,
      before: file.before,
      proposed: file.proposed,
      after: file.after,
      decision: file.decision,
      acceptedHunks: new Set(file.acceptedHunks),
      ...(file.binary && { binary: file.binary }),
    }))
    const { id, root, title, landedIn } = parsed.output
    // What waits is judged anew: the project may have changed. What landed was judged when it did.
    const gates = landedIn ? recalledReport(parsed.output.gates) : undefined
    return { id, root, title, gates, ...(landedIn && { landedIn }), files }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
