import { extname } from 'node:path'
import * as vscode from 'vscode'
import type { ChatEvent } from '#shared/protocol/events'

/**
 * What the model reads is likely to be shown in a diff soon. The first file of a kind that a window opens starts the
 * extension of its language, which takes a second or more: so it is opened, unseen, while the model still thinks.
 */
export class LanguageWarmUp {
  readonly #begun = new Set<string>()

  /** @param root the folder that the conversation works in */
  observe(event: ChatEvent, root: vscode.Uri | undefined): void {
    if (event.type !== 'tool_started' || event.call.name !== 'Read' || !root) return
    const kind = extname(event.title)
    if (this.#begun.has(kind)) return
    this.#begun.add(kind)
    // A file that is no text, or not there, needs no language.
    vscode.workspace.openTextDocument(vscode.Uri.joinPath(root, event.title)).then(undefined, () => undefined)
  }
}
