import type { ProposedFile } from './proposals'

export const SIDES = ['before', 'after'] as const

/** One side of a diff. */
export type Side = (typeof SIDES)[number]

/** What the editor was given last of proposed files; a new version makes it read again, and only then may there be one. */
export class GivenFiles {
  readonly #given = new Map<string, { content: string; version: number }>()

  /** @returns the sides whose content, a text or the hash of bytes, is another one than the editor knows */
  noteFile(id: string, file: ProposedFile): Side[] {
    return SIDES.filter(side => this.note(id, file.path, side, file.binary?.[side]?.sha256 ?? file[side] ?? ''))
  }

  /** @returns whether it is another content than the editor knows */
  note(id: string, path: string, side: Side, content: string): boolean {
    const key = keyOf(id, path, side)
    const known = this.#given.get(key)
    if (known?.content === content) return false
    this.#given.set(key, { content, version: (known?.version ?? Date.now()) + 1 })
    return true
  }

  /** There is nothing to read any more. */
  forget(id: string, { path }: ProposedFile): void {
    for (const side of SIDES) this.#given.delete(keyOf(id, path, side))
  }

  /** Milliseconds since 1970, as for a file; 0 for what was never given. */
  versionOf(id: string, path: string, side: Side): number {
    return this.#given.get(keyOf(id, path, side))?.version ?? 0
  }
}

function keyOf(id: string, path: string, side: Side): string {
  return `${side} ${id} ${path}`
}
