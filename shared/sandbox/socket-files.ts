import { readdirSync, realpathSync } from 'node:fs'
import { readText } from './read-text'

/** The socket files at which somebody may listen, as far as they can be known; links resolved. */
export function socketFiles(): string[] {
  // Also of those whose network the kernel does not tell us of.
  const atRoot = readdirSync('/', { withFileTypes: true }).filter(entry => entry.isSocket())
  const all = [...socketFilesIn(readText('/proc/net/unix')), ...atRoot.map(entry => `/${entry.name}`)]
  return [...new Set(all.flatMap(realPath))]
}

/** Those in the kernel's table, /proc/net/unix. A name that is no path needs no file; a file that is gone is still named. */
export function socketFilesIn(table: string): string[] {
  return [...table.matchAll(/^[0-9a-f]+: (?:\S+ +){5}\d+ (\/.*)$/gim)].map(([, path = '']) => path)
}

function realPath(path: string): string[] {
  try {
    return [realpathSync(path)]
  } catch {
    return [] // gone, or out of reach for us, and so for a browser
  }
}
