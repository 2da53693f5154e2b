import * as vscode from 'vscode'
import { bestMatches } from '#shared/commands/support/fuzzy'
import type { Mention } from '#shared/protocol/requests'
import type { ConversationFolder } from './folders'

const SHOWN = 30
/** Enough for any project a menu makes sense in; keeps a huge one from freezing the editor. */
const FILES_AT_MOST = 20_000
const FRESH_FOR_MS = 5_000

/** Files and folders of the conversation's folder that can stand after `@`, as its ignore settings let them be found. */
export class Mentions {
  readonly #folder: ConversationFolder
  #paths: string[] = []
  #readOf: vscode.WorkspaceFolder | undefined
  #readAt = 0

  constructor(folder: ConversationFolder) {
    this.#folder = folder
  }

  async find(query: string): Promise<Mention[]> {
    const folder = this.#folder.current
    if (folder !== this.#readOf || Date.now() - this.#readAt > FRESH_FOR_MS) {
      this.#paths = folder ? await pathsOf(folder) : []
      this.#readOf = folder
      this.#readAt = Date.now()
    }
    return bestMatches(query, this.#paths, SHOWN).map(path => {
      const isFolder = path.endsWith('/')
      const bare = isFolder ? path.slice(0, -1) : path
      const cut = bare.lastIndexOf('/')
      return { text: path, detail: bare.slice(0, Math.max(0, cut)), kind: isFolder ? 'folder' : 'file' }
    })
  }
}

async function pathsOf(folder: vscode.WorkspaceFolder): Promise<string[]> {
  const hidden = '**/{.git,node_modules,target,__pycache__,dist}/**'
  const files = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, '**/*'), hidden, FILES_AT_MOST)
  const paths = files.map(uri => vscode.workspace.asRelativePath(uri, false))
  const folders = new Set(
    paths.flatMap(path => {
      const parts = path.split('/').slice(0, -1)
      return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
    }),
  )
  return [...paths, ...folders]
}
