import { closeSync, constants, existsSync, lstatSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** Linux lets a path begin at an open folder; elsewhere each step is only looked at, before and after. */
const DESCRIPTORS = '/proc/self/fd'
const canBeginAtDescriptor = process.platform === 'linux' && existsSync(DESCRIPTORS)

/**
 * Hands `use` a path to the last of `names`, with every folder before it held open and none of them a link.
 *
 * @param names steps down from `root`; the last one may be anything or nothing. Empty: the root itself
 * @throws ELOOP or ENOTDIR where a step is a link
 */
export async function withFolderHeld<T>(
  root: string,
  names: readonly string[],
  use: (heldPath: string) => T | Promise<T>,
): Promise<T> {
  if (!canBeginAtDescriptor) return withFoldersChecked(root, names, use)
  const folder = openFolder(root, names.slice(0, -1))
  try {
    return await use(`${DESCRIPTORS}/${folder}/${names.at(-1) ?? '.'}`)
  } finally {
    closeSync(folder)
  }
}

const FOLDER_ONLY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

function openFolder(root: string, names: readonly string[]): number {
  let folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY)
  for (const name of names) {
    const parent = folder
    try {
      folder = openSync(`${DESCRIPTORS}/${parent}/${name}`, FOLDER_ONLY)
    } finally {
      closeSync(parent)
    }
  }
  return folder
}

async function withFoldersChecked<T>(
  root: string,
  names: readonly string[],
  use: (path: string) => T | Promise<T>,
): Promise<T> {
  const folders = names.slice(0, -1).map((_, index) => join(root, ...names.slice(0, index + 1)))
  const before = folders.map(identityOf)
  const result = await use(join(root, ...names))
  for (const [index, folder] of folders.entries()) {
    if (identityOf(folder) !== before[index]) throw Object.assign(new Error(`${folder} was swapped`), { code: 'ELOOP' })
  }
  return result
}

function identityOf(folder: string): string {
  const stat = lstatSync(folder)
  if (!stat.isDirectory()) throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' })
  return `${stat.dev}:${stat.ino}`
}
