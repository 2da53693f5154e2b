import { dirname, join, relative, sep } from 'node:path'
import { cutMiddle } from '#shared/base/cut'
import { repositoryTop } from '#shared/edits/ignore-rules'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'
import { isInside } from '#shared/host/inside'

/** What the project remembers, relative to its root; each counts. MemoryWrite adds to the last of them. */
export const MEMORY_FILES = ['.kode/MEMORY.md', '.koda/MEMORY.md', 'MEMORY.md']
/** What its owners tell every agent; in one folder, only the first that is there and not blank counts. */
const INSTRUCTION_FILES = ['CLAUDE.md', 'AGENTS.md']
const MAX_FILE_BYTES = 40_000
const MAX_FOLDER_CHARS = 8_000
/** A file may import others, and these others. */
const MAX_IMPORT_DEPTH = 5

/** A text that the model is to follow, and the file it is from. */
export interface Instructions {
  /** Relative to the project's folder. */
  name: string
  text: string
}

/**
 * What earlier sessions and the project's owners want every turn to know: the user's own memory first, then the
 * project's, then the instructions of its folder and of those above it in the repository, the nearest first.
 *
 * @param extra further files named by the project's settings, relative to the root; missing ones are skipped
 */
export async function projectInstructions(
  root: string,
  userMemory: string,
  files: FileSystem,
  extra: readonly string[] = [],
): Promise<string> {
  const top = (await repositoryTop(root, files)) ?? root
  const project = { root, top, files }
  const [user, memories, folders, named] = await Promise.all([
    files
      .realpath(userMemory)
      .then(real => (real.ok ? readText(real.value, { root, top: dirname(real.value), files }) : '')),
    Promise.all(MEMORY_FILES.map(name => read(join(root, name), project))),
    Promise.all(foldersUp(root, top).map(folder => firstIn(folder, project))),
    Promise.all(extra.filter(isNotStandard).map(name => read(join(root, name), project))),
  ])
  const found = [{ name: 'the user', text: user }, ...memories, ...folders.flat(), ...named]
  return found
    .filter(({ text }) => text !== '')
    .map(frameInstructions)
    .join('\n\n')
}

/**
 * The instructions of the folders between the project's own, whose are told from the start, and a file.
 *
 * @param file absolute
 * @returns the nearest first
 */
export async function folderInstructions(file: string, root: string, files: FileSystem): Promise<Instructions[]> {
  if (dirname(file) === root || !isInside(file, root)) return []
  const folders = foldersUp(dirname(file), root).slice(0, -1)
  const found = await Promise.all(folders.map(folder => firstIn(folder, { root, top: root, files })))
  return found.flat().map(({ name, text }) => ({ name, text: cutMiddle(text, MAX_FOLDER_CHARS) }))
}

export function frameInstructions({ name, text }: Instructions): string {
  return `<instructions from="${name}">\n${text}\n</instructions>`
}

interface Place {
  root: string
  /** Nothing above it is imported. */
  top: string
  files: FileSystem
}

/** A folder and those above it, up to the last. */
function foldersUp(from: string, last: string): string[] {
  const folders = [from]
  while (folders.at(-1) !== last && dirname(folders.at(-1)!) !== folders.at(-1)) folders.push(dirname(folders.at(-1)!))
  return folders
}

async function firstIn(folder: string, place: Place): Promise<Instructions[]> {
  const texts = await Promise.all(INSTRUCTION_FILES.map(name => read(join(folder, name), place)))
  return texts.filter(({ text }) => text !== '').slice(0, 1)
}

async function read(path: string, place: Place): Promise<Instructions> {
  return { name: relative(place.root, path).split(sep).join('/'), text: await readText(path, place) }
}

/**
 * A text with what it imports in place of the lines `@path` that name it.
 *
 * @returns nothing for what `readWithin` does not give
 */
async function readText(path: string, place: Place, importedBy: readonly string[] = []): Promise<string> {
  const bytes = await readWithin(place.top, path, place.files, MAX_FILE_BYTES * 10)
  const text = (bytes && decodeText(bytes.subarray(0, MAX_FILE_BYTES))?.text.trim()) ?? ''
  if (!text.includes('@') || importedBy.length >= MAX_IMPORT_DEPTH) return text
  const lines = text.split('\n').map(async line => {
    const [, name] = /^\s*(?:[-*] )?@([^\s@]+)\s*$/.exec(line) ?? []
    if (name === undefined) return line
    const imported = join(dirname(path), name)
    const isAgain = [...importedBy, path].includes(imported)
    return (!isAgain && (await readText(imported, place, [...importedBy, path]))) || line
  })
  return (await Promise.all(lines)).join('\n')
}

/**
 * A file of a project that goes to the model unasked: whoever wrote the repository must not send others along.
 *
 * @param maxBytes a larger file is left out
 * @returns undefined for what is missing, too large, or not below the top, be it by a link
 */
export async function readWithin(
  top: string,
  path: string,
  files: FileSystem,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const bytes = await files.read(path, maxBytes)
  if (!bytes.ok) return undefined
  const [realTop, real] = await Promise.all([files.realpath(top), files.realpath(path)])
  return realTop.ok && real.ok && isInside(real.value, realTop.value) ? bytes.value : undefined
}

function isNotStandard(name: string): boolean {
  return !MEMORY_FILES.includes(name) && !INSTRUCTION_FILES.includes(name)
}
