import { extname } from 'node:path'
import * as vscode from 'vscode'
import type { ChatEvent } from '#shared/protocol/events'
import { uriIn } from './folders'

/**
 * What the model reads is likely to be shown in a diff soon. The first file of a kind that a window opens starts the
 * extension of its language, which takes a second or more, and the first diff of a window starts the worker that compares
 * texts: so both are started, unseen, while the model still thinks.
 */
export class DiffWarmUp {
  readonly #begun = new Set<string>()
  #hasWorker = false

  /** @param folder the one that the conversation works in */
  observe(event: ChatEvent, folder: vscode.WorkspaceFolder | undefined): void {
    if (event.type !== 'tool_started' || event.call.name !== 'Read' || !folder) return
    const kind = extname(event.title)
    if (this.#begun.has(kind)) return
    this.#begun.add(kind)
    // A file that is no text, or not there, needs neither.
    this.#warmUp(uriIn(folder, event.title)).catch(() => undefined)
  }

  async #warmUp(uri: vscode.Uri): Promise<void> {
    await vscode.workspace.openTextDocument(uri)
    if (this.#hasWorker) return
    this.#hasWorker = true
    // Links are looked for by the same worker.
    await vscode.commands.executeCommand('vscode.executeLinkProvider', uri)
  }
}
