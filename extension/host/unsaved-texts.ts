import * as vscode from 'vscode'
import { bytesOnDisk } from '../landing'

/**
 * Which open documents hold text that is not on the disk. `isDirty` alone tells it wrongly for a while: a save that ends
 * while somebody types makes it false, though what was typed meanwhile is not saved.
 */
export class UnsavedTexts implements vscode.Disposable {
  readonly #typedInto = new WeakSet<vscode.TextDocument>()
  readonly #registrations = [
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document.isDirty) this.#typedInto.add(document)
      // It was reverted, or read again from the disk. A save changes no text: what it tells may come too early.
      else if (contentChanges.length > 0) this.#typedInto.delete(document)
    }),
    vscode.workspace.onDidSaveTextDocument(document => void this.#noteSaved(document)),
  ]

  has(document: vscode.TextDocument): boolean {
    return document.isDirty || this.#typedInto.has(document)
  }

  dispose(): void {
    vscode.Disposable.from(...this.#registrations).dispose()
  }

  async #noteSaved(document: vscode.TextDocument): Promise<void> {
    if (!this.#typedInto.has(document) || document.uri.scheme !== 'file') return
    const [bytes, text] = await Promise.all([
      bytesOnDisk(document.uri),
      vscode.workspace.encode(document.getText(), { encoding: document.encoding }),
    ])
    if (bytes && Buffer.compare(bytes, text) === 0 && !document.isDirty) this.#typedInto.delete(document)
  }
}
