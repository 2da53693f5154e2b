import * as vscode from 'vscode'

const SCHEME = 'kode-text'

/** Long texts of the chat (an output, the transcript) as read-only documents; kept while they are open. */
export class TextDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>()
  readonly #registrations = [
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.workspace.onDidCloseTextDocument(document => this.#texts.delete(document.uri.toString())),
  ]
  #count = 0

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? ''
  }

  /** @param title becomes the tab's name */
  async show(title: string, text: string, language?: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${++this.#count}/${title.replaceAll('/', '∕')}` })
    this.#texts.set(uri.toString(), text)
    const document = await vscode.workspace.openTextDocument(uri)
    if (language) await vscode.languages.setTextDocumentLanguage(document, language)
    await vscode.window.showTextDocument(document, { preview: true })
  }

  dispose(): void {
    vscode.Disposable.from(...this.#registrations).dispose()
  }
}
