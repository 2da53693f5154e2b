/**
 * What the model SDKs use of `Headers`, in place of Node's own in their files (scripts/sdk-parts.mjs): that brings the whole
 * built-in fetch with it, 17 ms before the first request could leave.
 */
export class Headers {
  /** Values by lower-case name; several of one name are joined, as HTTP allows. */
  readonly #values: Map<string, string>

  constructor(given: Iterable<readonly [string, string]> | Record<string, string> = []) {
    this.#values = new Map()
    const pairs = Symbol.iterator in given ? given : Object.entries(given)
    for (const [name, value] of pairs) this.append(name, value)
  }

  append(name: string, value: string): void {
    const before = this.get(name)
    this.set(name, before === null ? value : `${before}, ${value}`)
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value.trim())
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase())
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries()
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }
}
