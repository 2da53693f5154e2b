import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bestMatches } from '#shared/commands/support/fuzzy'

/** What may stand for the last word of a line. */
export interface Candidate {
  text: string
  summary?: string
}

/** Folders nobody mentions. */
const PASSED_OVER = new Set(['node_modules', 'target', '__pycache__'])
/** Enough for any project; a huge one must not hold up the line. */
const MOST_FILES = 20_000
const SHOWN_MATCHES = 10

/** A slash command at the beginning of a line, or a path after `@`. */
export class Completion {
  readonly #root: string
  readonly #commands: readonly { name: string; summary: string }[]

  /** @param commands without the slash */
  constructor(root: string, commands: readonly { name: string; summary: string }[]) {
    this.#root = root
    this.#commands = commands
  }

  of(line: string): Candidate[] {
    const word = line.slice(line.lastIndexOf(' ') + 1)
    if (word.startsWith('/') && word === line) {
      return this.#commands
        .map(({ name, summary }) => ({ text: `/${name} `, summary }))
        .filter(({ text }) => text.startsWith(word))
    }
    return word.startsWith('@') ? this.#paths(word.slice(1)) : []
  }

  /** What begins as it was typed, in the folder that it names; else what is like it, anywhere. */
  #paths(typed: string): Candidate[] {
    const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
    const begun = pathsIn(this.#root, folder).filter(path => path.startsWith(typed))
    const found = begun.length > 0 ? begun.sort() : bestMatches(typed, allPaths(this.#root), SHOWN_MATCHES)
    return found.map(path => ({ text: `@${path}${path.endsWith('/') ? '' : ' '}` }))
  }
}

/** Folders end in `/`. */
function pathsIn(root: string, folder: string): string[] {
  return entriesOf(join(root, folder))
    .filter(entry => !PASSED_OVER.has(entry.name) && entry.name !== '.git')
    .map(entry => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
}

function allPaths(root: string): string[] {
  const found: string[] = []
  const waiting = ['']
  for (let folder = waiting.shift(); folder !== undefined && found.length < MOST_FILES; folder = waiting.shift()) {
    const visible = pathsIn(root, folder).filter(path => !path.slice(folder?.length).startsWith('.'))
    found.push(...visible)
    waiting.push(...visible.filter(path => path.endsWith('/')))
  }
  return found
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // What was typed is no folder, or none that may be read: nothing to offer.
    return []
  }
}
