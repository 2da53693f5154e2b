import { extname } from 'node:path'
import * as vscode from 'vscode'
import type { ChatEvent } from '#shared/protocol/events'
import { uriIn } from './folders'

/**
 * What the model reads is likely to be shown in a diff soon. The first file of a kind that a window opens starts the
 * extension of its language, which takes a second or more: so it is opened, unseen, while the model still thinks.
 */
export class LanguageWarmUp {
  readonly #begun = new Set<string>()

  /** @param folder the one that the conversation works in */
  observe(event: ChatEvent, folder: vscode.WorkspaceFolder | undefined): void {
    if (event.type !== 'tool_started' || event.call.name !== 'Read' || !folder) return
    const kind = extname(event.title)
    if (this.#begun.has(kind)) return
    this.#begun.add(kind)
    // A file that is no text, or not there, needs no language.
    vscode.workspace.openTextDocument(uriIn(folder, event.title)).then(undefined, () => undefined)
  }
}
