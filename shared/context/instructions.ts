import { join } from 'node:path'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'

/** In one folder, only the first of these that is there and not blank counts. */
const PROJECT_FILES = ['MEMORY.md', 'CLAUDE.md', 'AGENTS.md']
const OWN_FILES = ['.kode/MEMORY.md', '.koda/MEMORY.md']
const MAX_FILE_BYTES = 40_000

/**
 * What earlier sessions and the project's owners want every turn to know: the user's own memory first, then
 * `.kode/MEMORY.md`, then the first of MEMORY.md, CLAUDE.md and AGENTS.md. Empty when there is none.
 *
 * @param extra further files named by the project's settings, relative to the root; missing ones are skipped
 */
export async function projectInstructions(
  root: string,
  userMemory: string,
  files: FileSystem,
  extra: readonly string[] = [],
): Promise<string> {
  const [user, own, project, named] = await Promise.all([
    readText(userMemory, files),
    firstText(root, OWN_FILES, files),
    firstText(root, PROJECT_FILES, files),
    Promise.all(
      extra
        .filter(name => !PROJECT_FILES.includes(name))
        .map(async name => frame(name, await readText(join(root, name), files))),
    ),
  ])
  return [frame('the user', user), frame(own.name, own.text), frame(project.name, project.text), ...named]
    .filter(text => text !== '')
    .join('\n\n')
}

function frame(source: string, text: string): string {
  return text === '' ? '' : `<instructions from="${source}">\n${text}\n</instructions>`
}

async function firstText(
  root: string,
  names: readonly string[],
  files: FileSystem,
): Promise<{ name: string; text: string }> {
  const texts = await Promise.all(names.map(name => readText(join(root, name), files)))
  const index = texts.findIndex(text => text !== '')
  return index < 0 ? { name: '', text: '' } : { name: names[index]!, text: texts[index]! }
}

async function readText(path: string, files: FileSystem): Promise<string> {
  const bytes = await files.read(path, MAX_FILE_BYTES * 10)
  if (!bytes.ok) return ''
  return decodeText(bytes.value.subarray(0, MAX_FILE_BYTES))?.text.trim() ?? ''
}
