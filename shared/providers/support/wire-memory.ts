import type { Message } from '#shared/protocol/messages'
import type { OptionalPart } from './optional-parts'

/**
 * What messages became on the wire, as JSON. Messages never change, so that a long conversation need not be written anew
 * for every request.
 */
export class WireMemory {
  #known = new WeakMap<Message, readonly string[]>()
  #partsLeftOut = 0

  /**
   * A message on the wire without the parts that are left out; parts are only ever added to these.
   *
   * @param translate makes what the message becomes: one object or several
   * @returns JSON of each
   */
  of(message: Message, leftOut: ReadonlySet<OptionalPart>, translate: () => readonly object[]): readonly string[] {
    if (leftOut.size !== this.#partsLeftOut) {
      this.#known = new WeakMap()
      this.#partsLeftOut = leftOut.size
    }
    const known = this.#known.get(message)
    if (known !== undefined) return known
    const written = translate().map(each => JSON.stringify(each))
    this.#known.set(message, written)
    return written
  }
}

/** JSON of an object with one more field behind all others: a list of what is JSON already. */
export function jsonWithList(head: object, field: string, items: readonly string[]): string {
  return `${JSON.stringify(head).slice(0, -1)},"${field}":[${items.join(',')}]}`
}

/** The SDKs send a text as it is where it is said to be JSON already. */
export const JSON_BODY = { 'content-type': 'application/json' }
