import type { ChangeSet } from '#shared/edits/change-set'
import type { FileSystem } from '#shared/host/host'

/** Texts by path; null: the file is not there. */
export type ShownTexts = Readonly<Record<string, string | null>>

/** What a change makes of its files, and what they were, for programs that read texts from elsewhere than the disk. */
export function statesOf(changes: ChangeSet): { before: ShownTexts; after: ShownTexts } {
  const before: Record<string, string | null> = {}
  const after: Record<string, string | null> = {}
  for (const file of changes.files) {
    const { path: to, oldPath: from = to } = file
    before[to] ??= null
    before[from] = file.before ?? null
    if (from !== to) after[from] ??= null
    after[to] = file.after ?? null
  }
  return { before, after }
}

/** The same texts by absolute paths. */
export function textsBelow(root: string, texts: ShownTexts): ShownTexts {
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [`${root}/${path}`, text]))
}

/** The files of a project in one of these states; paths are relative to it. */
export class ProjectState {
  readonly texts: ShownTexts
  readonly #root: string
  readonly #files: FileSystem

  constructor(root: string, texts: ShownTexts, files: FileSystem) {
    this.texts = texts
    this.#root = root
    this.#files = files
  }

  async has(path: string): Promise<boolean> {
    const shown = this.texts[path]
    return shown === undefined ? (await this.#files.stat(`${this.#root}/${path}`)).ok : shown !== null
  }

  /** Where something of the project on the disk really is; undefined: nowhere. */
  async realPath(path: string): Promise<string | undefined> {
    const real = await this.#files.realpath(`${this.#root}/${path}`)
    return real.ok ? real.value : undefined
  }

  /** Empty where there is no such file. */
  async read(path: string): Promise<string> {
    const shown = this.texts[path]
    if (shown !== undefined) return shown ?? ''
    const bytes = await this.#files.read(`${this.#root}/${path}`)
    return bytes.ok ? Buffer.from(bytes.value).toString() : ''
  }
}

/** What is said now and was not said before, however often. */
export function newAmong<T>(now: readonly T[], then: readonly T[], keyOf: (said: T) => string): T[] {
  const known = then.map(keyOf)
  return now.filter(said => {
    const at = known.indexOf(keyOf(said))
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

/** The offset of a place in a text; a line from 0, and what stands before the place in it. */
export function offsetIn(text: string, line: number, charactersBefore: (line: string) => number): number {
  const lines = text.split('\n')
  const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0)
  return start + charactersBefore(lines[line] ?? '')
}
