import * as vscode from 'vscode'
import type { Mention } from '#shared/protocol/requests'
import { bestMatches } from './fuzzy'

const SHOWN = 30
/** Enough for any project a menu makes sense in; keeps a huge one from freezing the editor. */
const FILES_AT_MOST = 20_000
const FRESH_FOR_MS = 5_000

/** Files and folders of the workspace that can stand after `@`, as its ignore settings let them be found. */
export class Mentions {
  #paths: string[] = []
  #readAt = 0

  async find(query: string): Promise<Mention[]> {
    if (Date.now() - this.#readAt > FRESH_FOR_MS) {
      this.#paths = await workspacePaths()
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

async function workspacePaths(): Promise<string[]> {
  const folder = vscode.workspace.workspaceFolders?.[0]
  if (!folder) return []
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
