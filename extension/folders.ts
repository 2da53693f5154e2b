import { isAbsolute, relative, sep } from 'node:path'
import * as vscode from 'vscode'

/** Which folder of the window the conversation works in. A window of many folders remembers the choice. */
export class ConversationFolder {
  readonly #memento: vscode.Memento

  constructor(memento: vscode.Memento) {
    this.#memento = memento
  }

  /** The chosen one, or the first. */
  get current(): vscode.WorkspaceFolder | undefined {
    const folders = vscode.workspace.workspaceFolders ?? []
    const chosen = this.#memento.get<string>(KEY)
    return folders.find(folder => folder.uri.toString() === chosen) ?? folders[0]
  }

  /** Lets the user choose. @returns whether it is another one now */
  async choose(): Promise<boolean> {
    const placeHolder = vscode.l10n.t('Folder that the next conversation works in')
    const chosen = await vscode.window.showWorkspaceFolderPick({ placeHolder })
    if (!chosen || chosen.uri.toString() === this.current?.uri.toString()) return false
    await this.#memento.update(KEY, chosen.uri.toString())
    return true
  }
}

const KEY = 'kode.folder'

/** A file or folder of the project as it stands after `@`; undefined for what is elsewhere. */
function mentionOf(folder: vscode.WorkspaceFolder | undefined, uri: vscode.Uri): string | undefined {
  const path = folder && uri.scheme === folder.uri.scheme ? pathIn(folder, uri) : ''
  return path === '' || isAbsolute(path) ? undefined : path
}

/** What can be mentioned of these, each once. */
export function mentionsOf(folder: Pick<ConversationFolder, 'current'>, uris: readonly vscode.Uri[]): string[] {
  const paths = uris.map(uri => mentionOf(folder.current, uri)).filter(path => path !== undefined)
  return [...new Set(paths)]
}

/** A file that the core names. */
export function uriIn(folder: vscode.WorkspaceFolder, path: string): vscode.Uri {
  return isAbsolute(path) ? folder.uri.with({ path }) : vscode.Uri.joinPath(folder.uri, path)
}

/** A file as the core names it: relative to the conversation's folder, or absolute when it is elsewhere. */
export function pathIn(folder: vscode.WorkspaceFolder | undefined, uri: vscode.Uri): string {
  const path = folder ? relative(folder.uri.fsPath, uri.fsPath) : uri.fsPath
  return path.startsWith('..') || isAbsolute(path) ? uri.fsPath : path.replaceAll(sep, '/')
}
