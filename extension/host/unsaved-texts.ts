import * as vscode from 'vscode'

/**
 * Which open documents hold text that is not on the disk. `isDirty` alone tells it wrongly for a while: a save that ends
 * while somebody types makes it false, though what was typed meanwhile is not saved.
 */
export class UnsavedTexts implements vscode.Disposable {
  readonly #typedInto = new WeakSet<vscode.TextDocument>()
  readonly #registrations = [
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.isDirty) this.#typedInto.add(document)
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
      vscode.workspace.fs.readFile(document.uri),
      vscode.workspace.encode(document.getText(), { encoding: document.encoding }),
    ])
    if (Buffer.compare(bytes, text) === 0 && !document.isDirty) this.#typedInto.delete(document)
  }
}
