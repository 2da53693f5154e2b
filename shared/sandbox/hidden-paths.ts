import { join } from 'node:path'

/** In kode's own folder: sessions, keys and tokens. */
const HIDDEN_FOLDERS = ['db', 'logs', 'quarantine']
const HIDDEN_FILES = ['mcp.json', 'keys.json', 'auth.json']
/** Where the reference keeps its keys, in clear. */
const HIDDEN_IN_HOME = ['.config/koda/db']

/**
 * What a model sees neither with a command nor with a tool, whether it is there or not.
 *
 * @param stateFolder kode's own
 */
export function hiddenPaths(stateFolder: string, home: string): { folders: string[]; files: string[] } {
  return {
    folders: [...HIDDEN_FOLDERS.map(name => join(stateFolder, name)), ...HIDDEN_IN_HOME.map(name => join(home, name))],
    files: HIDDEN_FILES.map(name => join(stateFolder, name)),
  }
}

/** Folders and files alike. */
export function allHidden(stateFolder: string, home: string): string[] {
  const { folders, files } = hiddenPaths(stateFolder, home)
  return [...folders, ...files]
}
