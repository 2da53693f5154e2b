import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Folders nobody mentions. */
const HIDDEN = new Set(['.git', 'node_modules'])

/**
 * What may stand for the last word of a line: a slash command at its beginning, a path after `@`.
 *
 * @param commands without the slash
 */
export function completions(line: string, root: string, commands: readonly string[]): string[] {
  const word = line.slice(line.lastIndexOf(' ') + 1)
  if (word.startsWith('/') && word === line) {
    return commands.map(name => `/${name} `).filter(name => name.startsWith(word))
  }
  return word.startsWith('@') ? paths(word.slice(1), root) : []
}

function paths(typed: string, root: string): string[] {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1)
  return entriesOf(join(root, folder))
    .filter(entry => !HIDDEN.has(entry.name) && `${folder}${entry.name}`.startsWith(typed))
    .map(entry => `@${folder}${entry.name}${entry.isDirectory() ? '/' : ' '}`)
    .sort()
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // What was typed is no folder, or none that may be read: nothing to offer.
    return []
  }
}
