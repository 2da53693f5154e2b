import { newId } from '#shared/base/ids'
import type { QueuedPrompt } from '#shared/protocol/events'
import type { UserPart } from '#shared/protocol/messages'

interface Waiting {
  id: string
  parts: UserPart[]
  lane: QueuedPrompt['lane']
}

/** What the user typed while a turn runs, in two lanes: heard before the next request, or as a turn of its own. */
export class Steering {
  #waiting: Waiting[] = []
  readonly #onChange: (waiting: QueuedPrompt[]) => void

  constructor(onChange: (waiting: QueuedPrompt[]) => void) {
    this.#onChange = onChange
  }

  add(parts: UserPart[], lane: QueuedPrompt['lane']): void {
    this.#set([...this.#waiting, { id: newId(), parts, lane }])
  }

  /** Takes everything out of a lane. */
  take(lane: QueuedPrompt['lane']): UserPart[][] {
    const taken = this.#waiting.filter(entry => entry.lane === lane)
    if (taken.length > 0) this.#set(this.#waiting.filter(entry => entry.lane !== lane))
    return taken.map(entry => entry.parts)
  }

  remove(id: string): void {
    this.#set(this.#waiting.filter(entry => entry.id !== id))
  }

  /** Swaps an entry with the one before (-1) or after (1) it in its lane; at the end of the lane nothing happens. */
  move(id: string, by: -1 | 1): void {
    const from = this.#waiting.findIndex(entry => entry.id === id)
    const entry = this.#waiting[from]
    if (!entry) return
    const inLane = (each: Waiting, index: number) => each.lane === entry.lane && (index - from) * by > 0
    const to = by < 0 ? this.#waiting.findLastIndex(inLane) : this.#waiting.findIndex(inLane)
    const other = this.#waiting[to]
    if (other) this.#set(this.#waiting.with(from, other).with(to, entry))
  }

  /** Empties both lanes; what was there is returned so that a surface can offer it again. */
  clear(): UserPart[][] {
    const all = this.#waiting.map(entry => entry.parts)
    if (all.length > 0) this.#set([])
    return all
  }

  #set(waiting: Waiting[]): void {
    this.#waiting = waiting
    this.#onChange(waiting.map(({ id, parts, lane }) => ({ id, lane, text: textOf(parts) })))
  }
}

function textOf(parts: readonly UserPart[]): string {
  return parts.map(part => (part.type === 'text' ? part.text : '[image]')).join(' ')
}
